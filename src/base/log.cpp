#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/json_escape.h"

namespace slipway {
namespace {

std::atomic<bool>& json_flag() {
  static std::atomic<bool> flag{false};
  return flag;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("slipway",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    made->flush_on(spdlog::level::info);
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

}  // namespace

void set_log_level(LogLevel level) { logger().set_level(to_spdlog(level)); }

void set_log_json(bool json) {
  json_flag().store(json);
  logger().set_pattern(json ? R"({"@timestamp":"%Y-%m-%dT%H:%M:%S.%e%z","log.level":"%l",)"
                              R"("event.dataset":"slipway.log","process.pid":%P,"message":%v})"
                            : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

void log_message(LogLevel level, std::string_view message) {
  if (!logger().should_log(to_spdlog(level))) return;
  if (json_flag().load(std::memory_order_relaxed)) {
    std::string quoted;
    append_json_string(quoted, message);
    logger().log(to_spdlog(level), quoted);
    return;
  }
  logger().log(to_spdlog(level), message);
}

}  // namespace slipway
