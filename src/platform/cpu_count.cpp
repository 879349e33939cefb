#include "platform/cpu_count.hpp"

#include <sched.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

namespace lrfind {

namespace {

int cores_by_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());
}

// cgroup v2's cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD". Inside a container the group is the root's.
int cores_by_quota() {
  std::string group;
  std::ifstream membership("/proc/self/cgroup");
  for (std::string line; std::getline(membership, line);) {
    if (line.rfind("0::", 0) == 0) group = line.substr(3);
  }
  double cores = std::numeric_limits<double>::infinity();
  while (true) {
    std::ifstream file("/sys/fs/cgroup" + group + "/cpu.max");
    std::string quota;
    double period = 0;
    if (file >> quota >> period && quota != "max" && period > 0) {
      const double allowed = std::strtod(quota.c_str(), nullptr);
      if (allowed > 0) cores = std::min(cores, allowed / period);
    }
    if (group.empty() || group == "/") break;
    group = group.substr(0, group.rfind('/'));
  }
  return std::isfinite(cores) ? static_cast<int>(std::ceil(cores)) : std::numeric_limits<int>::max();
}

}  // namespace

int available_cores() { return std::max(1, std::min(cores_by_affinity(), cores_by_quota())); }

}  // namespace lrfind
