#include "cli/tf_serving_flags.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text_proto.h"
#include "cli/internal/foreign_flags.h"

namespace slipway::cli {
namespace {

constexpr std::string_view kDialect = "tf-serving";
constexpr std::string_view kAnyHost = "0.0.0.0";  // as tensorflow_model_server listens
constexpr std::string_view kGrpcPort = "8500";
constexpr std::string_view kMetricsPath = "/monitoring/prometheus/metrics";
constexpr uint64_t kFileBytesMax = 1 << 20;

enum class Kind : uint8_t {
  kIgnored,  // means nothing here: a warning
  kSilent,   // what it asks for is so anyway
  kRestPort,
  kSocket,
  kModelName,
  kModelPath,
  kModelConfig,
  kMonitoring,
  kBatching,
  kPoll,
  kLoadThreads,
  kCors,
  kTls,
  kRefused,  // to pass it over would be unsafe
};

struct Flag {
  std::string_view name;
  Kind kind;
  FlagTakes takes = FlagTakes::kValue;
};

constexpr Flag kFlags[] = {
    {"rest_api_port", Kind::kRestPort},
    {"grpc_socket_path", Kind::kSocket},
    {"model_name", Kind::kModelName},
    {"model_base_path", Kind::kModelPath},
    {"model_config_file", Kind::kModelConfig},
    {"monitoring_config_file", Kind::kMonitoring},
    {"batching_parameters_file", Kind::kBatching},
    {"file_system_poll_wait_seconds", Kind::kPoll},
    {"num_load_threads", Kind::kLoadThreads},
    {"rest_api_enable_cors_support", Kind::kCors, FlagTakes::kSwitch},
    {"ssl_config_file", Kind::kTls},
    {"use_alts_credentials", Kind::kRefused, FlagTakes::kSwitch},
    {"enable_batching", Kind::kSilent, FlagTakes::kSwitch},
    {"model_config_file_poll_wait_seconds", Kind::kSilent},
    {"allow_version_labels_for_unavailable_models", Kind::kSilent, FlagTakes::kSwitch},
    {"enable_model_warmup", Kind::kSilent, FlagTakes::kSwitch},
    {"enable_grpc_healthcheck_service", Kind::kSilent, FlagTakes::kSwitch},
    {"rest_api_num_threads", Kind::kIgnored},
    {"rest_api_timeout_in_ms", Kind::kIgnored},
    {"grpc_max_threads", Kind::kIgnored},
    {"grpc_channel_arguments", Kind::kIgnored},
    {"num_unload_threads", Kind::kIgnored},
    {"max_num_load_retries", Kind::kIgnored},
    {"load_retry_interval_micros", Kind::kIgnored},
    {"flush_filesystem_caches", Kind::kIgnored, FlagTakes::kSwitch},
    {"tensorflow_session_parallelism", Kind::kIgnored},
    {"tensorflow_session_config_file", Kind::kIgnored},
    {"tensorflow_intra_op_parallelism", Kind::kIgnored},
    {"tensorflow_inter_op_parallelism", Kind::kIgnored},
    {"platform_config_file", Kind::kIgnored},
    {"per_process_gpu_memory_fraction", Kind::kIgnored},
    {"saved_model_tags", Kind::kIgnored},
    {"num_request_iterations_for_warmup", Kind::kIgnored},
    {"remove_unused_fields_from_bundle_metagraph", Kind::kIgnored, FlagTakes::kSwitch},
    {"prefer_tflite_model", Kind::kIgnored, FlagTakes::kSwitch},
    {"num_tflite_pools", Kind::kIgnored},
    {"num_tflite_interpreters_per_pool", Kind::kIgnored},
    {"enable_signature_method_name_check", Kind::kIgnored, FlagTakes::kSwitch},
    {"xla_cpu_compilation_enabled", Kind::kIgnored, FlagTakes::kSwitch},
    {"xla_gpu_compilation_enabled", Kind::kIgnored, FlagTakes::kSwitch},
    {"enable_profiler", Kind::kIgnored, FlagTakes::kSwitch},
    {"enable_per_model_batching_parameters", Kind::kIgnored, FlagTakes::kSwitch},
    {"thread_pool_factory_config_file", Kind::kIgnored},
    {"mixed_precision", Kind::kIgnored},
    {"skip_initialize_tpu", Kind::kIgnored, FlagTakes::kSwitch},
    {"enable_serialization_as_tensor_content", Kind::kIgnored, FlagTakes::kSwitch},
};

Result<TextField> read_text_file(const std::string& path) {
  Limits limits;
  limits.file_bytes_max = kFileBytesMax;
  const std::string text = TRY(read_file(path, limits));
  return parse_text_proto(path, text);
}

Status wrong(const std::string& path, const TextField& field, std::string_view message) {
  return invalid_argument(fmt::format("{}, line {}: {}", path, field.line, message));
}

/// A file that is in memory alone and ends with the program: keys touch no disk.
Result<std::string> memory_file(const char* name, std::string_view content) {
  const int descriptor = memfd_create(name, MFD_CLOEXEC);
  const ssize_t written = descriptor < 0 ? -1 : ::write(descriptor, content.data(), content.size());
  if (written != static_cast<ssize_t>(content.size())) {
    if (descriptor >= 0) ::close(descriptor);
    return unavailable(fmt::format("no memory for {}", name));
  }
  return fmt::format("/proc/self/fd/{}", descriptor);
}

class Translation {
 public:
  explicit Translation(std::string compat) : compat_(std::move(compat)) {
    std::ranges::replace(compat_, ',', '+');
  }

  Status take(const Flag& flag, const std::string& value) {
    is_used_ = true;
    const auto number = whole_number(value);
    const bool is_on = value == "true" || value == "1";
    const bool is_switch = flag.takes == FlagTakes::kSwitch;
    if (is_switch && !is_on && value != "false" && value != "0") {
      return wrong_value(flag, "true or false", value);
    }
    switch (flag.kind) {
      case Kind::kSilent: return {};
      case Kind::kIgnored:
        log_warning("--{} means nothing to Slipway and is passed over", flag.name);
        return {};
      case Kind::kRefused:
        if (is_switch && !is_on) return {};
        return invalid_argument(fmt::format(
            "--{} is not taken; TLS is set by --tls-cert, --tls-key and --tls-client-ca",
            flag.name));
      case Kind::kRestPort:
        if (!number || *number < 0 || *number > 65535) {
          return wrong_value(flag, "a port", value);
        }
        if (*number != 0) rest_port_ = value;
        return {};
      case Kind::kSocket: socket_ = value; return {};
      case Kind::kModelName: name_ = value; return {};
      case Kind::kModelPath: path_ = value; return {};
      case Kind::kModelConfig: config_ = value; return {};
      case Kind::kMonitoring: out_.push_back("--monitoring-config-file=" + value); return {};
      case Kind::kBatching: return take_batching(value);
      case Kind::kTls: return take_tls(value);
      case Kind::kPoll:
        if (!number) return wrong_value(flag, "a number of seconds", value);
        out_.emplace_back(*number > 0 ? "--watch=poll" : "--watch=off");
        if (*number > 0) out_.push_back("--poll-interval=" + value + "s");
        return {};
      case Kind::kLoadThreads:
        if (!number || *number < 0) return wrong_value(flag, "a number", value);
        if (*number > 0) out_.push_back("--load-threads=" + value);
        return {};
      case Kind::kCors:
        if (is_on) out_.emplace_back("--cors-origin=*");
        return {};
    }
    return {};
  }

  /// Slipway's own arguments for all that was taken. `given`: the others, which come first.
  std::vector<std::string> finish(std::vector<std::string> given) {
    if (!is_used_) return given;
    const std::string host = value_of(given, "host").value_or(std::string(kAnyHost));
    if (!value_of(given, "host")) out_.push_back("--host=" + host);
    if (!value_of(given, "port")) out_.push_back(fmt::format("--port={}", kGrpcPort));
    const bool is_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
    if (!rest_port_.empty()) {
      out_.push_back(fmt::format("--listen={}:{},compat={}", is_v6 ? "[" + host + "]" : host,
                                 rest_port_, compat_));
    }
    if (!socket_.empty()) {
      out_.push_back(fmt::format("--listen=unix:{},compat={}", socket_, compat_));
    }
    if (!config_.empty()) {  // then name and path are ignored, as they are there
      out_.push_back("--model-config-file=" + config_);
    } else if (!path_.empty()) {
      out_.push_back("--name=" + (name_.empty() ? "default" : name_));
      out_.push_back(path_);
    }
    given.insert(given.end(), std::make_move_iterator(out_.begin()),
                 std::make_move_iterator(out_.end()));
    return given;
  }

 private:
  static Status wrong_value(const Flag& flag, std::string_view expected, std::string_view value) {
    return invalid_argument(
        fmt::format("--{}: expected {}, got \"{}\"", flag.name, expected, value.substr(0, 64)));
  }

  /// SSLConfig: the texts of key and certificates, of the gRPC listener alone.
  Status take_tls(const std::string& path) {
    const TextField root = TRY(read_text_file(path));
    std::string key;
    std::string certificate;
    std::string client_ca;
    bool verifies = false;
    for (const TextField& field : root.fields) {
      if (field.name == "client_verify") {
        const auto verify = text_bool(field);
        if (!verify) return wrong(path, field, "client_verify: expected true or false");
        verifies = *verify;
        continue;
      }
      std::string* text = field.name == "server_key"    ? &key
                          : field.name == "server_cert" ? &certificate
                          : field.name == "custom_ca"   ? &client_ca
                                                        : nullptr;
      if (text == nullptr || !field.is_quoted || field.value.empty()) {
        return wrong(path, field,
                     "expected the text of a PEM file as server_key, server_cert or custom_ca, or "
                     "client_verify");
      }
      *text = field.value;
    }
    if (key.empty() || certificate.empty()) {
      return invalid_argument(fmt::format("{}: expected server_key and server_cert", path));
    }
    if (verifies && client_ca.empty()) {
      return invalid_argument(fmt::format("{}: client_verify needs custom_ca", path));
    }
    const std::string certificate_file = TRY(memory_file("server_cert", certificate));
    const std::string key_file = TRY(memory_file("server_key", key));
    out_.push_back("--tls-cert=" + certificate_file);
    out_.push_back("--tls-key=" + key_file);
    if (!verifies) return {};
    const std::string ca_file = TRY(memory_file("custom_ca", client_ca));
    out_.push_back("--tls-client-ca=" + ca_file);
    return {};
  }

  /// BatchingParameters: most numbers stand in wrappers, `max_batch_size { value: 128 }`.
  Status take_batching(const std::string& path) {
    const TextField root = TRY(read_text_file(path));
    std::string sizes;
    int64_t rows_max = 0;
    int64_t batches_max = 0;
    for (const TextField& field : root.fields) {
      const TextField* plain = &field;
      if (field.is_message && field.fields.size() == 1 && field.fields[0].name == "value") {
        plain = &field.fields[0];
      }
      if (field.name == "allowed_batch_sizes") {
        const auto size = text_integer(*plain);
        if (!size) return wrong(path, field, "allowed_batch_sizes: expected a number");
        sizes += fmt::format("{}{}", sizes.empty() ? "" : ",", *size);
        continue;
      }
      const bool is_known =
          field.name == "max_batch_size" || field.name == "batch_timeout_micros" ||
          field.name == "max_enqueued_batches" || field.name == "num_batch_threads";
      if (!is_known) {
        log_warning("{}, line {}: {} means nothing to Slipway", path, field.line, field.name);
        continue;
      }
      const auto number = text_integer(*plain);
      if (!number || *number < 0) {
        return wrong(path, field, fmt::format("{}: expected a number", field.name));
      }
      if (field.name == "max_batch_size") rows_max = *number;
      if (field.name == "max_enqueued_batches") batches_max = *number;
      if (field.name == "batch_timeout_micros") {
        out_.push_back(fmt::format("--max-queue-delay={}us", *number));
      }
      if (field.name == "num_batch_threads" && *number > 0) {
        out_.push_back(fmt::format("--pool-threads={}", *number));
      }
    }
    if (rows_max > 0) out_.push_back(fmt::format("--max-batch-size={}", rows_max));
    if (!sizes.empty()) out_.push_back("--preferred-batch-sizes=" + sizes);
    if (batches_max > 0 && batches_max < 1'000'000) {
      const int64_t requests = batches_max * std::clamp<int64_t>(rows_max, 1, 100);
      out_.push_back(fmt::format("--queue-max={}", std::min<int64_t>(requests, 100'000'000)));
    }
    return {};
  }

  std::string compat_;
  bool is_used_ = false;
  std::string rest_port_;
  std::string socket_;
  std::string name_;
  std::string path_;
  std::string config_;
  std::vector<std::string> out_;
};

}  // namespace

Result<std::vector<std::string>> translate_tf_serving_flags(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments[0] != "serve") return arguments;
  const std::string compat = compat_of(arguments);
  if (!names_dialect(compat, kDialect)) return arguments;
  Translation translation(compat);
  const auto take = [&](const Flag& flag, const std::vector<std::string>& values) {
    return translation.take(flag, values[0]);
  };
  std::vector<std::string> given = TRY(take_flags(kFlags, std::move(arguments), take));
  return translation.finish(std::move(given));
}

Result<std::string> read_monitoring_config(const std::string& path) {
  const TextField root = TRY(read_text_file(path));
  bool is_enabled = false;
  std::string page(kMetricsPath);
  for (const TextField& config : root.fields) {
    if (config.name != "prometheus_config" || !config.is_message) {
      return wrong(path, config, fmt::format("expected prometheus_config, got {}", config.name));
    }
    for (const TextField& field : config.fields) {
      if (field.name == "enable") {
        const auto enable = text_bool(field);
        if (!enable) return wrong(path, field, "enable: expected true or false");
        is_enabled = *enable;
      } else if (field.name == "path" && field.is_quoted) {
        page = field.value;
      } else {
        return wrong(path, field, "expected enable: true or path: \"/...\"");
      }
    }
  }
  if (!page.starts_with('/') || page.find_first_of("{}?# ") != std::string::npos) {
    return invalid_argument(fmt::format("{}: the path must begin with /, got {}", path, page));
  }
  return is_enabled ? page : std::string();
}

}  // namespace slipway::cli
