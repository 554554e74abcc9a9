#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "base/json_escape.h"

namespace slipway {
namespace {

constexpr size_t kLevels = 4;

/// What is read for each message.
struct State {
  std::array<std::atomic<uint32_t>, kLevels> enabled{0U, 1U, 1U, 1U};  // by LogLevel
  std::atomic<LogFormat> format{LogFormat::kText};
};

State& state() {
  static State instance;
  return instance;
}

const char* pattern_of(LogFormat format) {
  switch (format) {
    case LogFormat::kText: break;
    case LogFormat::kJson:
      return R"({"@timestamp":"%Y-%m-%dT%H:%M:%S.%e%z","log.level":"%l",)"
             R"("event.dataset":"slipway.log","process.pid":%P,"message":%v})";
    case LogFormat::kLetter: return "%L%m%d %H:%M:%S.%f %P slipway] %v";
  }
  return "%Y-%m-%dT%H:%M:%S.%e%z %l %v";
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("slipway",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern(pattern_of(LogFormat::kText));
    made->set_level(spdlog::level::debug);  // log_enabled() chooses
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::atomic<uint32_t>& enabled(LogLevel level) {
  return state().enabled[static_cast<size_t>(level)];
}

void set_format(LogFormat format) {
  if (state().format.exchange(format) != format) logger().set_pattern(pattern_of(format));
}

}  // namespace

LogSettings log_settings() {
  return {.info = enabled(LogLevel::kInfo).load() != 0,
          .warning = enabled(LogLevel::kWarning).load() != 0,
          .error = enabled(LogLevel::kError).load() != 0,
          .verbose = enabled(LogLevel::kDebug).load(),
          .format = state().format.load()};
}

void set_log_settings(const LogSettings& settings) {
  enabled(LogLevel::kDebug).store(settings.verbose);
  enabled(LogLevel::kInfo).store(settings.info ? 1 : 0);
  enabled(LogLevel::kWarning).store(settings.warning ? 1 : 0);
  enabled(LogLevel::kError).store(settings.error ? 1 : 0);
  set_format(settings.format);
}

void set_log_level(LogLevel level) {
  for (size_t i = 0; i < kLevels; ++i) {
    state().enabled[i].store(i >= static_cast<size_t>(level) ? 1 : 0);
  }
}

void set_log_json(bool json) { set_format(json ? LogFormat::kJson : LogFormat::kText); }

bool log_enabled(LogLevel level) { return enabled(level).load(std::memory_order_relaxed) != 0; }

void log_message(LogLevel level, std::string_view message) {
  if (!log_enabled(level)) return;
  if (state().format.load(std::memory_order_relaxed) == LogFormat::kJson) {
    std::string quoted;
    append_json_string(quoted, message);
    logger().log(to_spdlog(level), quoted);
    return;
  }
  logger().log(to_spdlog(level), message);
}

}  // namespace slipway
