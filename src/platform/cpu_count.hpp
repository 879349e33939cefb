// How many cores this process may use, which std::thread::hardware_concurrency() does not tell: in a container it
// counts the machine's. More threads than cores are slow (busy programs on every core made a step up to seven times as
// long, see train/load_engine.cpp). tests/command/cores_test.py limits the program in both ways; what too many threads
// cost here, `lrfind sweep --threads N` shows in the result's timing.train_s.
#pragma once

namespace lrfind {

/// Cores that this process may use: its CPU affinity, and the cgroup's CPU quota rounded up. At least 1.
int available_cores();

}  // namespace lrfind
