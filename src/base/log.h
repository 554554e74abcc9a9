// The program's own log (stderr): start, stop, loads, warnings. Requests have their own log.
// Ready to use without set-up; what it writes can be changed at any time. Thread-safe.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace slipway {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

enum class LogFormat : uint8_t {
  kText,    // 2026-01-31T12:00:00.000+0000 info ...
  kJson,    // JSON lines (ECS field names)
  kLetter,  // I0131 12:00:00.000000 4711 slipway] ..., as glog and Triton have it
};

struct LogSettings {
  bool info = true;
  bool warning = true;
  bool error = true;
  uint32_t verbose = 0;  // debug messages: those up to this level; there is level 1 alone
  LogFormat format = LogFormat::kText;
};

LogSettings log_settings();
void set_log_settings(const LogSettings& settings);
/// Messages of this level and the more important ones.
void set_log_level(LogLevel level);
void set_log_json(bool json);
/// False where a message of this level would not be written.
bool log_enabled(LogLevel level);
void log_message(LogLevel level, std::string_view message);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace slipway
