// Each case in a process of its own, whose end is looked at.
#include "platform/abnormal_end.hpp"
#include "platform/watchdog.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <thread>

namespace lrfind::platform {
namespace {

struct End {
  int status = -1;  // 1000 and the signal, where one ended it
  std::string said;
};

class Child {
 public:
  explicit Child(const std::function<void()>& work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::bad_alloc();
    process_ = fork();
    if (process_ == 0) {
      answer_on(ends[1]);
      work();
      _exit(0);
    }
    close(ends[1]);
    from_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { close(from_); }

  End end() const {
    End result;
    std::array<char, 1000> buffer{};
    for (ssize_t got = 0; (got = read(from_, buffer.data(), buffer.size())) > 0;) {
      result.said.append(buffer.data(), static_cast<std::size_t>(got));
    }
    int status = 0;
    waitpid(process_, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    return result;
  }

 private:
  pid_t process_ = -1;
  int from_ = -1;
};

// As the launcher and lrfind_main() do it.
End ended(const std::function<void()>& work) {
  return Child([&] {
           answer_signals(hold_signals());
           refuse_exit();
           work();
         })
      .end();
}

TEST(AbnormalEnd, SignalsThatEndAProgramEndItWithStatus130AndTheirName) {
  for (const int signal : ending_signals) {
    const End end = ended([signal] { raise(signal); });
    EXPECT_EQ(end.status, 130) << signal;
    EXPECT_EQ(end.said, "\nlrfind: interrupted by SIG" + std::string(sigabbrev_np(signal)) + "\n");
  }
}

TEST(AbnormalEnd, WhatTheParentIgnoresStaysIgnored) {
  const Child ignoring([] {
    std::signal(SIGHUP, SIG_IGN);
    answer_signals(hold_signals());
    raise(SIGHUP);
  });
  EXPECT_EQ(ignoring.end().status, 0);
}

TEST(AbnormalEnd, SignalsOfBeforeAreAnsweredLater) {
  const Child child([] {
    const sigset_t mask = hold_signals();
    raise(SIGTERM);
    answer_signals(mask);
  });
  EXPECT_EQ(child.end().status, 130);
}

TEST(AbnormalEnd, BrokenPipesAndFullFilesEndNothing) {
  EXPECT_EQ(ended([] {
              raise(SIGPIPE);
              raise(SIGXFSZ);
            }).status,
            0);
}

TEST(AbnormalEnd, FaultsUncaughtExceptionsAndLibrariesThatExitEndWithStatus5AndASentence) {
#ifndef __SANITIZE_ADDRESS__
  const End fault = ended([] { raise(SIGSEGV); });
  EXPECT_EQ(fault.status, 5);
  EXPECT_NE(fault.said.find("a library failed (SIGSEGV)"), std::string::npos) << fault.said;
#endif
  EXPECT_EQ(ended([] { std::abort(); }).status, 5);
  const End exception = ended([] { std::thread([] { throw std::bad_alloc(); }).join(); });
  EXPECT_EQ(exception.status, 5);
  EXPECT_NE(exception.said.find("out of memory"), std::string::npos) << exception.said;
  EXPECT_EQ(exception.said.find("terminate called"), std::string::npos) << exception.said;
  const End library = ended([] { std::exit(1); });
  EXPECT_EQ(library.status, 5);
  EXPECT_NE(library.said.find("a library ended the run"), std::string::npos) << library.said;
}

TEST(AbnormalEnd, TheProgramsOwnExitKeepsItsStatus) {
  EXPECT_EQ(ended([] {
              expect_exit();
              std::exit(4);
            }).status,
            4);
}

// All at once: each takes as long as the watchdog needs to be sure.
TEST(Watchdog, EndsWorkThatWaitsForItselfAndNoOther) {
  using std::chrono::seconds;
  using std::chrono::steady_clock;
  const Child waits([] {
    Watchdog watchdog;
    const Watchdog::Guard guard(&watchdog);
    pause();
  });
  const Child waits_unguarded([] {
    const Watchdog watchdog;
    std::this_thread::sleep_for(seconds(9));
    _exit(0);
  });
  const Child computes([] {
    Watchdog watchdog;
    const Watchdog::Guard guard(&watchdog);
    for (const auto end = steady_clock::now() + seconds(9); steady_clock::now() < end;) {
    }
    _exit(0);
  });
  const Child goes_on([] {  // a step after another, none of them long
    Watchdog watchdog;
    for (int step = 0; step < 18; ++step) {
      const Watchdog::Guard guard(&watchdog);
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    _exit(0);
  });
  const auto start = steady_clock::now();
  const End end = waits.end();
  EXPECT_EQ(end.status, 5);
  EXPECT_NE(end.said.find("waits for a thread that did not start"), std::string::npos) << end.said;
  EXPECT_LT(steady_clock::now() - start, seconds(10));
  EXPECT_EQ(waits_unguarded.end().status, 0);
  EXPECT_EQ(computes.end().status, 0);
  EXPECT_EQ(goes_on.end().status, 0);
}

}  // namespace
}  // namespace lrfind::platform
