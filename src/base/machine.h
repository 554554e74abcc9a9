// What this process may use of the machine: CPUs by affinity, CPU time and memory by control group
// (v2 and v1, every level from the process's own group to the root: the smallest limit holds).
// Loops, pools and budgets are sized by it, so that a container gets what it was promised and no
// more. Read once at start. Thread-safe (no state).
//
//   const Machine machine = detect_machine();
//   options.loops = machine.cpus();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway {

struct Machine {
  uint32_t cpus_usable = 1;       // by the affinity mask
  double cpu_quota = 0;           // CPUs' worth of time by control group; 0: no quota
  uint64_t memory_bytes_max = 0;  // the smaller of physical memory and control group limits

  /// How many threads can compute at once: the quota rounded up, at most cpus_usable, at least 1.
  uint32_t cpus() const;
  /// "4 CPUs usable (affinity), quota 2.50 CPUs, memory 2048 MiB".
  std::string to_string() const;
};

/// `root` is where proc/ and sys/ are found; tests pass a folder of their own.
Machine detect_machine(const std::string& root = "");

/// CPUs' worth of time in cgroup v2's cpu.max ("max 100000", "250000 100000").
std::optional<double> parse_cpu_max(std::string_view text);
/// Bytes in memory.max or memory.limit_in_bytes; none for "max" and v1's "unlimited" huge number.
std::optional<uint64_t> parse_memory_max(std::string_view text);
/// The group's path in /proc/self/cgroup for a v1 controller ("cpu", "memory"), or v2 with "".
std::optional<std::string> parse_cgroup_path(std::string_view text, std::string_view controller);

}  // namespace slipway
