#include "train/distributed/process_group.hpp"

#include "platform/interrupted.hpp"

// LibTorch holds c10d, but its headers need those of Gloo (libgloo-dev).
#if __has_include(<gloo/transport/device.h>) && __has_include(<torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>)
#define USE_C10D
#define USE_C10D_GLOO

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace lrfind::train {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Bytes = std::vector<std::uint8_t>;

constexpr auto beat_every = milliseconds(500);
constexpr auto dead_after = milliseconds(4000);  // without a beat
constexpr auto look_every = milliseconds(5);

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }
std::string key(const char* name, int rank) { return "lrfind/" + std::string(name) + "/" + std::to_string(rank); }

std::string this_host() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

// "1", "1 and 3", "1, 2 and 3"
std::string listed(const std::set<int>& ranks) {
  std::string text;
  std::size_t left = ranks.size();
  for (const int rank : ranks) {
    --left;
    text += std::to_string(rank) + (left > 1 ? ", " : left == 1 ? " and " : "");
  }
  return (ranks.size() == 1 ? "rank " : "ranks ") + text;
}

// The address of this machine that `host` sees.
std::string address_towards(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return "";
  std::string address;
  for (const addrinfo* a = found; a != nullptr && address.empty(); a = a->ai_next) {
    const int socket_of = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_of < 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    char text[NI_MAXHOST] = "";
    if (connect(socket_of, a->ai_addr, a->ai_addrlen) == 0 &&
        getsockname(socket_of, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      address = text;
    }
    close(socket_of);
  }
  freeaddrinfo(found);
  return address;
}

// What a file of another user says does not count.
std::optional<std::uint16_t> port_in_file(const std::string& path) {
  struct stat entry {};
  if (lstat(path.c_str(), &entry) != 0 || !S_ISREG(entry.st_mode) || entry.st_uid != getuid()) return std::nullopt;
  std::ifstream file(path);
  std::uint16_t port = 0;
  if (!(file >> port) || port == 0) return std::nullopt;
  return port;
}

void write_port(const std::string& path, std::uint16_t port) {
  const std::string part = path + "." + std::to_string(getpid());
  {
    std::ofstream file(part, std::ios::trunc);
    file << port << "\n";
    if (!file.flush())
      throw output_error("\"" + path + "\", through which the ranks find each other, cannot be written");
  }
  rename(part.c_str(), path.c_str());
}

// Removes the file when it goes.
class MeetingFile {
 public:
  MeetingFile() = default;
  MeetingFile(const MeetingFile&) = delete;
  MeetingFile& operator=(const MeetingFile&) = delete;
  ~MeetingFile() { remove(); }
  void write(const std::string& path, std::uint16_t port) {
    write_port(path, port);
    path_ = path;
  }
  void remove() {
    if (!path_.empty()) unlink(path_.c_str());
    path_.clear();
  }

 private:
  std::string path_;
};

c10::intrusive_ptr<c10d::TCPStore> open_store(const std::string& host, std::uint16_t port, bool server, int ranks,
                                              milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = server;
  options.numWorkers = ranks;
  options.waitWorkers = false;
  options.timeout = timeout;
  return c10::make_intrusive<c10d::TCPStore>(host, options);
}

// Counts up a key of this rank while the process lives. A connection of its own: a call of the other one may wait.
class Heartbeat {
 public:
  Heartbeat(c10::intrusive_ptr<c10d::TCPStore> store, int rank)
      : store_(std::move(store)),
        key_(key("beat", rank)),
        thread_([this](const std::stop_token& stop) { beat(stop); }) {}

 private:
  void beat(const std::stop_token& stop) {
    try {
      std::unique_lock lock(mutex_);
      while (!stop.stop_requested()) {
        store_->add(key_, 1);
        wake_.wait_for(lock, stop, beat_every, [] { return false; });
      }
    } catch (const std::exception&) {
      // The store has gone with its rank; whoever waits for something finds that out.
    }
  }

  c10::intrusive_ptr<c10d::TCPStore> store_;
  std::string key_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last
};

class GlooGroup : public ProcessGroup {
 public:
  GlooGroup(const Ranks& ranks, milliseconds timeout) : ranks_(ranks), timeout_(timeout) {
    const auto deadline = Clock::now() + timeout;
    meet(deadline);
    const auto hosts = wait_for_all(deadline);
    meeting_file_.remove();
    heartbeat_.emplace(open_store(ranks_.host, ranks_.port, false, ranks_.size, timeout_), ranks_.rank);
    const bool one_machine = std::all_of(hosts.begin(), hosts.end(), [&](const auto& h) { return h == hosts.front(); });
    guarded([&] { connect(one_machine); });
  }
  GlooGroup(const GlooGroup&) = delete;
  GlooGroup& operator=(const GlooGroup&) = delete;
  ~GlooGroup() override {
    heartbeat_.reset();
    gloo_.reset();
  }

  int rank() const override { return ranks_.rank; }
  int size() const override { return ranks_.size; }
  bool speaks() const override { return ranks_.rank == speaker_; }

  std::vector<std::string> exchange(const std::string& mine, Waiting waiting) override {
    return guarded([&] {
      const std::string name = "exchange" + std::to_string(exchanges_++);
      const auto deadline = Clock::now() + timeout_;
      store_->set(key(name.c_str(), rank()), bytes_of(mine));
      std::vector<std::string> all;
      Beats beats(*this);
      for (int other = 0; other < size(); ++other) {
        const auto wanted = key(name.c_str(), other);
        while (!store_->check({wanted})) {
          throw_what_was_left();
          if (beats.dead().contains(other)) throw std::runtime_error("gone");
          if (waiting == Waiting::limited && Clock::now() >= deadline) throw std::runtime_error("time is up");
          std::this_thread::sleep_for(look_every);
        }
        all.push_back(text_of(store_->get(wanted)));
      }
      return all;
    });
  }

  void sum(torch::Tensor& values) override {
    guarded([&] {
      auto on_host = values.to(torch::kCPU);
      std::vector<torch::Tensor> list{on_host};
      require_connection().allreduce(list)->wait();
      if (!values.is_cpu()) values.copy_(on_host);
    });
  }

  void broadcast(const std::vector<torch::Tensor>& tensors) override {
    guarded([&] {
      for (const auto& tensor : tensors) {
        auto on_host = tensor.to(torch::kCPU).contiguous();
        std::vector<torch::Tensor> list{on_host};
        require_connection().broadcast(list)->wait();
        if (!on_host.is_alias_of(tensor)) tensor.copy_(on_host);
      }
    });
  }

  void abandon(ErrorKind kind, const std::string& sentence) noexcept override {
    if (gone_) return;
    try {
      store_->set(key("why", rank()), bytes_of(std::to_string(static_cast<int>(kind)) + sentence));
      store_->set("lrfind/left", bytes_of(std::to_string(rank())));
      gloo_.reset();
    } catch (const std::exception&) {
      return;
    }
    leave();
  }

  void leave() noexcept override {
    if (gone_) return;
    gone_ = true;
    try {
      store_->set(key("bye", rank()), {1});
      if (rank() != 0) return;
      const auto deadline = Clock::now() + std::min(timeout_, milliseconds(20000));
      std::set<int> here;
      for (int other = 1; other < size(); ++other) {
        if (!lost_.contains(other)) here.insert(other);
      }
      Beats beats(*this);
      while (!here.empty() && Clock::now() < deadline) {
        std::erase_if(here, [&](int other) { return store_->check({key("bye", other)}); });
        for (const int dead : beats.dead()) here.erase(dead);
        std::this_thread::sleep_for(look_every);
      }
    } catch (const std::exception&) {
      return;
    }
  }

 private:
  // Watches the beats of all ranks from now on.
  class Beats {
   public:
    explicit Beats(GlooGroup& group) : group_(group), last_(static_cast<std::size_t>(group.size())) {}
    std::set<int> dead() {
      std::set<int> dead;
      const auto now = Clock::now();
      for (int rank = 0; rank < group_.size(); ++rank) {
        auto& [count, since] = last_[static_cast<std::size_t>(rank)];
        const auto beats = group_.store_->add(key("beat", rank), 0);
        if (beats != count || since == Clock::time_point()) {
          count = beats;
          since = now;
        } else if (now - since > dead_after && rank != group_.rank()) {
          dead.insert(rank);
        }
      }
      return dead;
    }

   private:
    GlooGroup& group_;
    std::vector<std::pair<std::int64_t, Clock::time_point>> last_;
  };

  void meet(Clock::time_point deadline) {
    const auto left = [&] { return std::chrono::duration_cast<milliseconds>(deadline - Clock::now()); };
    try {
      if (rank() == 0) {
        store_ = open_store(ranks_.host, ranks_.port, true, size(), timeout_);
        ranks_.port = store_->getPort();
        if (!ranks_.meeting_file.empty()) meeting_file_.write(ranks_.meeting_file, ranks_.port);
        return;
      }
      while (ranks_.port == 0) {
        if (const auto port = port_in_file(ranks_.meeting_file)) ranks_.port = *port;
        if (ranks_.port == 0 && left().count() <= 0) throw std::runtime_error("nobody there");
        if (ranks_.port == 0) std::this_thread::sleep_for(look_every);
      }
      store_ = open_store(ranks_.host, ranks_.port, false, size(), std::max(left(), milliseconds(1)));
      store_->setTimeout(timeout_);
    } catch (const Error&) {
      throw;
    } catch (const std::exception&) {
      const std::string place = ranks_.host + (ranks_.port == 0 ? "" : ":" + std::to_string(ranks_.port));
      if (rank() == 0) {
        throw device_error("rank 0 of " + std::to_string(size()) + " (" + ranks_.launcher + ") cannot listen at " +
                           place + ", where the ranks are to meet; is the port taken, or is this another machine?");
      }
      throw device_error("rank " + std::to_string(rank()) + " of " + std::to_string(size()) + " (" + ranks_.launcher +
                         ") found no rank 0 at " + place + " within " + seconds() +
                         "; see what rank 0 says, or raise --rank-timeout");
    }
  }

  std::string seconds() const { return std::to_string((timeout_.count() + 999) / 1000) + " s"; }

  // Every rank says where it is; returns the names of their machines.
  std::vector<std::string> wait_for_all(Clock::time_point deadline) {
    store_->set(key("hello", rank()), bytes_of(this_host()));
    std::vector<std::string> hosts;
    std::set<int> missing;
    for (int other = 0; other < size(); ++other) missing.insert(other);
    while (true) {
      std::erase_if(missing, [&](int other) { return store_->check({key("hello", other)}); });
      if (missing.empty()) break;
      if (Clock::now() >= deadline) {
        throw device_error(ranks_.launcher + " started " + std::to_string(size()) + " ranks, but " + listed(missing) +
                           " did not come to " + ranks_.host + ":" + std::to_string(ranks_.port) + " within " +
                           seconds() +
                           "; see what they say, raise --rank-timeout, or give --world-size 1 to run alone");
      }
      std::this_thread::sleep_for(look_every);
    }
    for (int other = 0; other < size(); ++other) hosts.push_back(text_of(store_->get(key("hello", other))));
    return hosts;
  }

  void connect(bool one_machine) {
    auto options = c10d::ProcessGroupGloo::Options::create();
    // What is left is for finding out who is missing.
    options->timeout = std::max(timeout_ - 2 * dead_after, timeout_ / 2);
    const char* chosen = std::getenv("GLOO_SOCKET_IFNAME");  // as in PyTorch
    const std::string address = one_machine ? "127.0.0.1" : address_towards(ranks_.host, ranks_.port);
    if (chosen != nullptr) {
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(chosen));
    } else if (!address.empty()) {
      options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    } else {
      options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    }
    gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, rank(), size(), options);
  }

  c10d::ProcessGroupGloo& require_connection() {
    if (!gloo_) throw std::runtime_error("no connection");
    return *gloo_;
  }

  // Throws the reason for which a rank has left, if one has.
  void throw_what_was_left() {
    if (!store_->check({"lrfind/left"})) return;
    const int left = std::stoi(text_of(store_->get("lrfind/left")));
    if (left == rank()) return;
    const auto why = text_of(store_->get(key("why", left)));
    gone_ = false;
    if (why.size() < 2) throw Interrupted();
    throw RankLost(static_cast<ErrorKind>(why[0] - '0'), "rank " + std::to_string(left) + " ended: " + why.substr(1));
  }

  // Runs what needs the others, and finds out what became of them when it fails.
  template <typename Work>
  auto guarded(const Work& work) -> decltype(work()) {
    try {
      return work();
    } catch (const Error&) {
      leave();
      throw;
    } catch (const Interrupted&) {
      leave();
      throw;
    } catch (const std::exception&) {
      say_who_is_lost();
    }
  }

  [[noreturn]] void say_who_is_lost() {
    gloo_.reset();  // whoever waits for this rank is to learn of it, too
    const auto deadline = Clock::now() + dead_after + milliseconds(4000);
    auto& lost = lost_;
    try {
      Beats beats(*this);
      while (lost.empty() && Clock::now() < deadline) {
        throw_what_was_left();
        lost = beats.dead();
        std::this_thread::sleep_for(milliseconds(50));
      }
    } catch (const RankLost&) {
      leave();
      throw;
    } catch (const Interrupted&) {
      leave();
      throw;
    } catch (const std::exception&) {
      lost = {0};  // which holds the store
      gone_ = true;
    }
    while (lost.contains(speaker_)) ++speaker_;
    if (!gone_) leave();
    if (lost.empty()) {
      throw RankLost(ErrorKind::device, "the ranks have waited " + seconds() +
                                            " for each other in vain, though all are alive; raise --rank-timeout if "
                                            "one of them is slow, or look at the network between them");
    }
    throw RankLost(ErrorKind::device,
                   listed(lost) + " of " + std::to_string(size()) + (lost.size() == 1 ? " is" : " are") +
                       " gone (killed, crashed or cut off), so the training ended; see the last lines that " +
                       (lost.size() == 1 ? "it" : "they") + " printed, and memory");
  }

  Ranks ranks_;
  milliseconds timeout_;
  MeetingFile meeting_file_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
  std::optional<Heartbeat> heartbeat_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
  std::uint64_t exchanges_ = 0;
  bool gone_ = false;
  std::set<int> lost_;  // that do not answer
  int speaker_ = 0;
};

}  // namespace

std::shared_ptr<ProcessGroup> ProcessGroup::join(const Ranks& ranks, milliseconds timeout) {
  return std::make_shared<GlooGroup>(ranks, timeout);
}

}  // namespace lrfind::train

#else

namespace lrfind::train {

std::shared_ptr<ProcessGroup> ProcessGroup::join(const Ranks& ranks, std::chrono::milliseconds) {
  throw usage_error(ranks.launcher + " started " + std::to_string(ranks.size) +
                    " ranks, but this lrfind was built without Gloo's headers (libgloo-dev), so they cannot train "
                    "together; build it with them, or give --world-size 1 to run alone");
}

}  // namespace lrfind::train

#endif
