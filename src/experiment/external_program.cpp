#include "experiment/external_program.hpp"

#include "platform/excerpt.hpp"
#include "report/text.hpp"

#include <lrfind/error.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>

namespace lrfind::experiment {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double time_to_leave = 5;   // s, for a program that is told that it is done
constexpr double time_to_follow = 3;  // s, between the end of a connection and that of its process
// s, for last words to arrive, but not those of others, such as torchrun, on what happened
constexpr double time_to_print = 0.05;
constexpr double longest_wait = 3600;  // s
constexpr const char* before_hello = "before it said hello";
constexpr const char* no_words = "; it printed nothing";
constexpr std::size_t kept_lines = 6, longest_line = 200, longest_printed = 4096;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The command with what it needs to find lrfind.
platform::ProgramToRun to_run(const ExternalSettings& settings, const platform::PrivateSocket& socket,
                              std::uint64_t seed) {
  platform::ProgramToRun program{settings.command, {}, socket.folder()};
  program.environment = {{"LRFIND_SOCKET", socket.path()}, {"LRFIND_SEED", std::to_string(seed)}};
  // What a program prints into a pipe should come when it is printed, and not be lost when it is ended.
  program.environment.emplace_back("PYTHONUNBUFFERED", "1");
  if (settings.threads > 0) program.environment.emplace_back("OMP_NUM_THREADS", std::to_string(settings.threads));
  return program;
}

std::string how(const platform::Ending& ending) {
  const int number = ending.number();
  if (!ending.by_signal()) return "ended with status " + std::to_string(number);
  const char* name = strsignal(number);
  return "was ended by signal " + std::to_string(number) + " (" + (name == nullptr ? "unknown" : name) + ")" +
         (number == SIGKILL ? ", as happens when memory runs out," : "");
}

std::string place(const StepToTake& step) {
  return "step " + std::to_string(step.step) + " (the first is 0) of trial " + std::to_string(step.trial) + ", lr " +
         report::format_rate(step.lr);
}

// What a pipe holds now.
void read_into(LastLines& lines, int pipe) {
  std::array<char, 16384> bytes{};
  while (!lines.ended()) {
    const auto size = read(pipe, bytes.data(), bytes.size());
    if (size < 0) return;
    if (size == 0) lines.end();
    lines.add({bytes.data(), static_cast<std::size_t>(size)});
  }
}

}  // namespace

void LastLines::add(std::string_view bytes) {
  for (const char letter : bytes) {
    if (returned_ && letter != '\n') unfinished_.clear();  // a progress bar begins anew
    returned_ = letter == '\r';
    if (returned_) continue;
    if (letter == '\n' || unfinished_.size() >= longest_printed) finish();
    if (letter != '\n') unfinished_ += letter;
  }
}

void LastLines::finish() {
  if (!unfinished_.empty()) add_line(unfinished_);
  unfinished_.clear();
}

void LastLines::end() {
  finish();
  ended_ = true;
}

void LastLines::add_line(std::string_view line) {
  if (on_line_) on_line_(line);
  if (line.find_first_not_of(" \t") == std::string_view::npos) return;
  if (lines_.size() == kept_lines) lines_.erase(lines_.begin());
  std::string shown = visible(line);
  if (shown.size() > longest_line) shown = shown.substr(0, longest_line) + "...";
  lines_.push_back(shown);
}

std::string LastLines::text() const {
  std::string all;
  for (const auto& line : lines_) all += (all.empty() ? "" : " | ") + line.substr(line.find_first_not_of(' '));
  return all;
}

ExternalProgram::ExternalProgram(const ExternalSettings& settings, std::uint64_t seed, std::stop_token stop,
                                 const OnLine& on_line)
    : settings_(settings),
      stop_(std::move(stop)),
      woken_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      output_(on_line),
      errors_(on_line),
      process_(to_run(settings, socket_, seed)) {
  wake_up_.emplace(stop_, [descriptor = woken_] { eventfd_write(descriptor, 1); });
  doing_ = before_hello;
  const std::string line = next_line(settings_.start_timeout, "--start-timeout");
  try {
    hello_ = parse_hello(line);
  } catch (const Error& error) {
    fail(error.what());
  }
}

ExternalProgram::~ExternalProgram() {
  process_.end();
  if (connection_ >= 0) close(connection_);
  wake_up_.reset();
  close(woken_);
}

Measurement ExternalProgram::step(const StepToTake& step) {
  doing_ = "at " + place(step);
  receive();
  if (!received_.empty()) fail("sent \"" + visible(excerpt(received_)) + "\" " + doing_ + ", before it was asked");
  send(step_message(step));
  const std::string line = next_line(settings_.step_timeout, "--step-timeout");
  try {
    return parse_answer(line, step.step);
  } catch (const Error& error) {
    fail(std::string(error.what()) + " " + doing_);
  }
}

void ExternalProgram::reset(std::uint64_t seed) { send(reset_message(seed)); }

void ExternalProgram::finish() {
  done_ = true;
  send(done_message());
  linger(time_to_leave);
  read_output();
  receive();
  if (!received_.empty()) {
    fail("answered more often than it was asked, so that its losses may stand at the wrong rates");
  }
  process_.end();
}

// The next line that the program sends; `timeout` in seconds is what `option` sets.
std::string ExternalProgram::next_line(double timeout, const std::string& option) {
  const auto start = Clock::now();
  while (true) {
    if (const auto end = received_.find('\n'); end <= longest_message) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    if (received_.size() > longest_message) {
      fail("sent a line of more than " + std::to_string(longest_message) + " bytes " + doing_);
    }
    if (stop_.stop_requested()) throw StepInterrupted();
    if (closed_) fail_without_connection();
    if (ending_) {
      take_connection();
      receive();
      if (received_.find('\n') == std::string::npos) fail_without_connection();
      continue;
    }
    const double left = timeout > 0 ? timeout - seconds_since(start) : longest_wait;
    if (left <= 0) fail_in_time(" within " + report::format_number(timeout) + " s (" + option + ")");
    wait(left);
  }
}

// Until there is something to do, which is done.
void ExternalProgram::wait(double seconds) {
  std::array<pollfd, 6> events = {{{closed_ ? -1 : connection_, POLLIN, 0},
                                   {socket_.listener(), POLLIN, 0},
                                   {ending_ ? -1 : process_.events(), POLLIN, 0},
                                   {output_.ended() ? -1 : process_.output(), POLLIN, 0},
                                   {errors_.ended() ? -1 : process_.errors(), POLLIN, 0},
                                   {woken_, POLLIN, 0}}};
  const double milliseconds = std::ceil(std::min(seconds, longest_wait) * 1000);
  if (poll(events.data(), events.size(), static_cast<int>(milliseconds)) <= 0) return;
  if (events[3].revents != 0 || events[4].revents != 0) read_output();
  if (events[1].revents != 0) take_connection();
  if (events[0].revents != 0) receive();
  if (events[2].revents != 0) ending_ = process_.ended();
}

// The same for so long, unless the process ends before.
void ExternalProgram::linger(double seconds) {
  const auto start = Clock::now();
  while (!ending_ && !stop_.stop_requested() && seconds_since(start) < seconds) wait(seconds - seconds_since(start));
}

void ExternalProgram::take_connection() {
  const int connection = socket_.accept();
  if (connection < 0) return;
  if (connection_ < 0) {
    connection_ = connection;
    return;
  }
  close(connection);
  if (done_) return;
  fail("connected twice, the second time " + doing_ +
       "; one process speaks for all, under torchrun that of rank 0, as lrfind_client has it once the process group is "
       "initialised");
}

void ExternalProgram::receive() {
  std::array<char, 16384> bytes{};
  while (connection_ >= 0 && !closed_ && received_.size() <= longest_message) {
    const auto size = recv(connection_, bytes.data(), bytes.size(), 0);
    if (size > 0) {
      received_.append(bytes.data(), static_cast<std::size_t>(size));
      if (static_cast<std::size_t>(size) < bytes.size()) return;
    } else if (size < 0 && errno == EINTR) {
      continue;
    } else {
      closed_ = size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
      return;
    }
  }
}

void ExternalProgram::read_output() {
  read_into(output_, process_.output());
  read_into(errors_, process_.errors());
}

// A program that is gone is noticed when its answer is waited for.
void ExternalProgram::send(const std::string& message) {
  if (connection_ < 0) return;
  [[maybe_unused]] const auto sent = ::send(connection_, message.data(), message.size(), MSG_NOSIGNAL);
}

std::string ExternalProgram::last_words() {
  read_output();
  errors_.finish();
  output_.finish();
  if (const auto text = errors_.text(); !text.empty()) return "; its stderr ended with: " + text;
  if (const auto text = output_.text(); !text.empty()) return "; its stdout ended with: " + text;
  return no_words;
}

void ExternalProgram::fail(const std::string& clause) { throw model_error("the program " + clause + last_words()); }

void ExternalProgram::fail_in_time(const std::string& limit) {
  if (connection_ < 0) {
    fail("did not connect to LRFIND_SOCKET" + limit + "; it is to call lrfind_client, or to use the socket itself");
  }
  fail(doing_ == before_hello ? "connected but did not say hello" + limit : "did not answer" + limit + " " + doing_);
}

// The program has closed its connection, or is gone.
void ExternalProgram::fail_without_connection() {
  linger(time_to_print);
  std::string words = last_words();
  linger(time_to_follow);
  if (words == no_words) words = last_words();
  if (ending_) throw model_error("the program " + how(*ending_) + " " + doing_ + words);
  throw model_error("the program closed its connection " + doing_ + ", before lrfind was done" + words);
}

}  // namespace lrfind::experiment
