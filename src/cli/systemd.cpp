#include "cli/systemd.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace slipway::cli {
namespace {

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START
constexpr uint64_t kInheritedMax = 256;

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_this_process(std::string_view pid) {
  return number(pid) == static_cast<uint64_t>(getpid());
}

}  // namespace

std::vector<InheritedSocket> inherited_sockets() {
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  const std::string all_names = take_variable("LISTEN_FDNAMES");
  std::vector<InheritedSocket> sockets;
  if (!is_this_process(pid)) return sockets;
  std::string_view names = all_names;
  const uint64_t size = std::min(number(count).value_or(0), kInheritedMax);
  for (uint64_t i = 0; i < size; i++) {
    const size_t end = names.find(':');
    sockets.push_back({kFirstInherited + static_cast<int>(i), std::string(names.substr(0, end))});
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 1);
  }
  return sockets;
}

ServiceManager::ServiceManager() : socket_path_(take_variable("NOTIFY_SOCKET")) {
  const auto period_us = number(take_variable("WATCHDOG_USEC"));
  const std::string pid = take_variable("WATCHDOG_PID");
  if (!period_us || *period_us == 0 || (!pid.empty() && !is_this_process(pid))) return;
  const uint64_t half_ms = *period_us / 2000;
  constexpr uint64_t kHourMs = 3'600'000;
  watchdog_period_ = std::chrono::milliseconds(std::clamp<uint64_t>(half_ms, 1, kHourMs));
}

void ServiceManager::notify(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t size = socket_path_.size();
  if (size < 2 || size >= sizeof(address.sun_path)) return;
  if (socket_path_[0] != '/' && socket_path_[0] != '@') return;
  std::memcpy(address.sun_path, socket_path_.data(), size);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
  close(fd);
}

void ServiceManager::notify_reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t now_us = int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now_us));
}

}  // namespace slipway::cli
