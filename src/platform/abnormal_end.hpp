// How the process ends when the program itself does not end it: a person's or a system's signal, a fault in a library
// (oneDNN does not look whether its memory is there), an exception that nobody caught, a library that calls exit()
// (OpenMP's, when a thread cannot start). Always with a sentence and a status that scripts know. tests/faults/ measures
// it: before, 30 of 30 such ends were deaths of a signal or status 1.
#pragma once

#include <csignal>

namespace lrfind::platform {

/// Statuses of the contract with scripts (command/exit_status.hpp).
inline constexpr int failed_status = 5;
inline constexpr int interrupted_status = 130;

/// Signals that people and systems send to end a program, or to say that it will be ended soon (batch queues).
inline constexpr int ending_signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,   SIGUSR1,
                                         SIGUSR2, SIGXCPU, SIGALRM, SIGVTALRM, SIGPROF};

/// Holds back the ending signals until answer_signals(); returns the mask as it was.
sigset_t hold_signals();

/// From now on each of the ways above ends the process with a sentence. What the parent has ignored stays ignored, and
/// a handler that is there already (a sanitizer's) stays. Writing to a pipe that nobody reads, or beyond the limit on
/// file sizes, becomes an error of that write. Programs that are started later inherit none of it. `mask` is what
/// hold_signals() returned.
void answer_signals(const sigset_t& mask);

/// Where the sentences go; stderr at first.
void answer_on(int descriptor);
int answered_on();

/// Writes there. May be called in a signal handler.
void say(const char* text);

/// Ends the process at once with this sentence, without destructors. May be called in a signal handler.
[[noreturn]] void end_now(int status, const char* sentence);

/// From now on exit() is a library's doing, until expect_exit().
void refuse_exit();

/// To be called when libraries were loaded: the refusal comes before what they take down at the end.
void go_on_refusing_exit();

/// From now on exit() is the program's own.
void expect_exit();

/// A handler for a signal whose answer is its default or that of answer_signals().
void handle_signal(int signal, void (*handler)(int));

}  // namespace lrfind::platform
