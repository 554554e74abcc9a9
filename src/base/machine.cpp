#include "base/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <thread>

namespace slipway {
namespace {

// No file that is read here is longer; a longer one is not what it should be.
constexpr size_t kFileBytesMax = 64 * 1024;
// v1 says "unlimited" as the largest multiple of the page size.
constexpr int64_t kUnlimitedBytes = int64_t{1} << 62;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::optional<int64_t> parse_integer(std::string_view text) {
  text = trim(text);
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kFileBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.gcount() <= 0) return std::nullopt;
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// Calls visit("/a/b"), visit("/a"), visit("").
template <typename Visit>
void for_each_level(std::string path, Visit visit) {
  while (!path.empty()) {
    if (path != "/") visit(path);
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  visit(path);
}

template <typename Value>
void take_smaller(std::optional<Value>& smallest, const std::optional<Value>& value) {
  if (value && (!smallest || *value < *smallest)) smallest = value;
}

std::optional<double> quota_v1(const std::string& folder) {
  const auto quota_text = read_small_file(folder + "/cpu.cfs_quota_us");
  const auto period_text = read_small_file(folder + "/cpu.cfs_period_us");
  if (!quota_text || !period_text) return std::nullopt;
  const auto quota = parse_integer(*quota_text);
  const auto period = parse_integer(*period_text);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

struct GroupLimits {
  std::optional<double> cpu_quota;
  std::optional<uint64_t> memory_bytes;
};

GroupLimits read_group_limits(const std::string& root) {
  GroupLimits limits;
  const std::string groups = read_small_file(root + "/proc/self/cgroup").value_or("");
  const std::string base = root + "/sys/fs/cgroup";
  if (const auto path = parse_cgroup_path(groups, "")) {
    for_each_level(*path, [&](const std::string& level) {
      const auto cpu = read_small_file(base + level + "/cpu.max");
      if (cpu) take_smaller(limits.cpu_quota, parse_cpu_max(*cpu));
      const auto memory = read_small_file(base + level + "/memory.max");
      if (memory) take_smaller(limits.memory_bytes, parse_memory_max(*memory));
    });
  }
  if (const auto path = parse_cgroup_path(groups, "cpu")) {
    for_each_level(*path, [&](const std::string& level) {
      take_smaller(limits.cpu_quota, quota_v1(base + "/cpu" + level));
    });
  }
  if (const auto path = parse_cgroup_path(groups, "memory")) {
    for_each_level(*path, [&](const std::string& level) {
      const auto memory = read_small_file(base + "/memory" + level + "/memory.limit_in_bytes");
      if (memory) take_smaller(limits.memory_bytes, parse_memory_max(*memory));
    });
  }
  return limits;
}

uint32_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0) {
    return static_cast<uint32_t>(CPU_COUNT(&set));
  }
  return std::max(1U, std::thread::hardware_concurrency());  // more CPUs than the set can hold
}

}  // namespace

std::optional<double> parse_cpu_max(std::string_view text) {
  text = trim(text);
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto quota = parse_integer(text.substr(0, space));  // none for "max"
  const auto period = parse_integer(text.substr(space + 1));
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<uint64_t> parse_memory_max(std::string_view text) {
  const auto bytes = parse_integer(text);
  if (!bytes || *bytes <= 0 || *bytes >= kUnlimitedBytes) return std::nullopt;
  return static_cast<uint64_t>(*bytes);
}

std::optional<std::string> parse_cgroup_path(std::string_view text, std::string_view controller) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view names = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    // A path with ".." lies outside of what is mounted here.
    if (path.empty() || path.front() != '/' || path.find("/..") != std::string::npos) continue;
    if (names.empty()) {
      if (controller.empty()) return path;
      continue;
    }
    while (!names.empty()) {
      const size_t comma = names.find(',');
      if (names.substr(0, comma) == controller) return path;
      names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    }
  }
  return std::nullopt;
}

uint32_t Machine::cpus() const {
  if (cpu_quota <= 0) return std::max(1U, cpus_usable);
  const double rounded = std::ceil(cpu_quota);
  return rounded >= cpus_usable ? std::max(1U, cpus_usable)
                                : std::max(1U, static_cast<uint32_t>(rounded));
}

std::string Machine::to_string() const {
  const std::string quota =
      cpu_quota > 0 ? fmt::format("quota {:.2f} CPUs", cpu_quota) : std::string("no CPU quota");
  return fmt::format("{} CPUs usable (affinity), {}, memory {} MiB", cpus_usable, quota,
                     memory_bytes_max >> 20);
}

Machine detect_machine(const std::string& root) {
  Machine machine;
  machine.cpus_usable = usable_cpus();
  const GroupLimits limits = read_group_limits(root);
  machine.cpu_quota = limits.cpu_quota.value_or(0);
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && page_bytes > 0) {
    machine.memory_bytes_max = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
  }
  if (limits.memory_bytes) {
    machine.memory_bytes_max = machine.memory_bytes_max == 0
                                   ? *limits.memory_bytes
                                   : std::min(machine.memory_bytes_max, *limits.memory_bytes);
  }
  return machine;
}

}  // namespace slipway
