#include "base/cpu_list.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <charconv>

namespace slipway {
namespace {

bool parse_cpu(std::string_view text, uint32_t& cpu) {
  const char* end = text.data() + text.size();
  const auto [place, error] = std::from_chars(text.data(), end, cpu);
  return error == std::errc() && place == end && cpu < CPU_SETSIZE;
}

}  // namespace

Result<std::vector<uint32_t>> parse_cpu_list(std::string_view text) {
  std::vector<uint32_t> cpus;
  if (text.empty()) return cpus;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    const size_t dash = part.find('-');
    uint32_t first = 0;
    uint32_t last = 0;
    if (!parse_cpu(part.substr(0, dash), first) ||
        !parse_cpu(dash == std::string_view::npos ? part : part.substr(dash + 1), last) ||
        first > last) {
      return invalid_argument(
          fmt::format("expected CPUs such as 0, 0-3 or 0,2,8-11, got '{}'", text.substr(0, 64)));
    }
    for (uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    at = end + 1;
  }
  std::ranges::sort(cpus);
  const auto rest = std::ranges::unique(cpus);
  cpus.erase(rest.begin(), rest.end());
  return cpus;
}

Status check_cpus_usable(const std::vector<uint32_t>& cpus) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof(usable), &usable) != 0) return {};
  std::string refused;
  for (const uint32_t cpu : cpus) {
    if (!CPU_ISSET(cpu, &usable)) refused += fmt::format("{}{}", refused.empty() ? "" : ", ", cpu);
  }
  if (refused.empty()) return {};
  return invalid_argument("this process may not use these CPUs: " + refused);
}

bool pin_this_thread(uint32_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0;
}

}  // namespace slipway
