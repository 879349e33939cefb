#pragma once

namespace lrfind {

/// Cores that this process may use: its CPU affinity, and the cgroup's CPU quota rounded up. At least 1.
int available_cores();

}  // namespace lrfind
