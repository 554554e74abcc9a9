#include "cli/torchserve_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/internal/foreign_flags.h"
#include "cli/properties.h"

namespace slipway::cli {
namespace {

constexpr std::string_view kDialect = "torchserve";
constexpr std::string_view kManagement = "torchserve-management";
constexpr std::string_view kMetrics = "torchserve-metrics";
constexpr std::string_view kKeyFile = "key_file.json";
constexpr uint64_t kFileBytesMax = 1 << 20;

struct Flag {
  std::string_view name;
  FlagTakes takes;
  bool is_ignored = false;
};

constexpr Flag kFlags[] = {
    {"start", FlagTakes::kNothing},
    {"foreground", FlagTakes::kNothing},
    {"stop", FlagTakes::kNothing},
    {"ncs", FlagTakes::kNothing},
    {"no-config-snapshots", FlagTakes::kNothing},
    {"models", FlagTakes::kValues},
    {"ts-config", FlagTakes::kValue},
    {"disable-token-auth", FlagTakes::kNothing},
    {"dt", FlagTakes::kNothing},
    {"enable-model-api", FlagTakes::kNothing},
    {"workflow-store", FlagTakes::kValue, true},
    {"log-config", FlagTakes::kValue, true},
    {"cpp-log-config", FlagTakes::kValue, true},
    {"plugins-path", FlagTakes::kValue, true},
    {"ppath", FlagTakes::kValue, true},
};

/// What config.properties may hold that says something here.
constexpr std::string_view kKnownKeys[] = {
    "inference_address",
    "management_address",
    "metrics_address",
    "grpc_inference_address",
    "grpc_management_address",
    "grpc_inference_port",
    "grpc_management_port",
    "load_models",
    "model_store",
    "default_response_timeout",
    "allowed_urls",
    "disable_token_authorization",
    "enable_model_api",
    "token_expiration_min",
    "max_request_size",
    "job_queue_size",
    "cors_allowed_origin",
    "certificate_file",
    "private_key_file",
    "enable_metrics_api",
};
/// What it asks for is so anyway, or is only told to clients.
constexpr std::string_view kSilentKeys[] = {"enable_envvars_config",
                                            "metrics_mode",
                                            "disable_system_metrics",
                                            "async_logging",
                                            "prefer_direct_buffer",
                                            "number_of_gpu",
                                            "version",
                                            "cors_allowed_methods",
                                            "cors_allowed_headers"};

bool is_true(std::string_view text) {
  constexpr std::string_view kTrue = "true";
  return text.size() == kTrue.size() &&
         std::ranges::equal(text, kTrue, [](char a, char b) { return (a | 0x20) == b; });
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

bool is_local_host(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

/// Where one of the interfaces listens.
struct Place {
  std::string address;  // HOST:PORT or unix:PATH
  bool is_local = false;
  bool has_tls = false;
};

Result<Place> parse_place(std::string_view key, std::string_view text, std::string_view port) {
  Place place;
  if (text.starts_with("unix:/")) return Place{std::string(text), true, false};
  const bool is_tls = text.starts_with("https://");
  if (!is_tls && !text.starts_with("http://")) {
    return invalid_argument(fmt::format(
        "{}: expected http://HOST:PORT, https://HOST:PORT or unix:PATH, got \"{}\"", key, text));
  }
  text.remove_prefix(is_tls ? 8 : 7);
  while (text.ends_with('/')) text.remove_suffix(1);
  const size_t bracket = text.rfind(']');
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = text.substr(0, colon);
  if (host.empty()) return invalid_argument(fmt::format("{}: there is no host", key));
  if (colon != std::string_view::npos) port = text.substr(colon + 1);
  const std::string_view bound = host == "localhost" ? "127.0.0.1" : host;
  return Place{fmt::format("{}:{}", bound, port), is_local_host(host), is_tls};
}

/// "https://host/path/.*" -> "https://host/path/": what --allow-url takes. None if the expression
/// is more than a beginning.
std::optional<std::string> prefix_of(std::string_view expression) {
  if (!expression.ends_with(".*")) return std::nullopt;
  expression.remove_suffix(2);
  std::string prefix;
  for (size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\' && i + 1 < expression.size()) {
      if (std::isalnum(static_cast<unsigned char>(expression[i + 1])) != 0) return std::nullopt;
      prefix.push_back(expression[++i]);
    } else if (std::string_view("[](){}*+?^$|").find(expression[i]) != std::string_view::npos) {
      return std::nullopt;
    } else {
      prefix.push_back(expression[i]);  // a dot is meant as one
    }
  }
  const size_t host = prefix.find("://");
  const bool has_place = host != std::string::npos && prefix.size() > host + 3;
  return has_place ? std::optional(prefix) : std::nullopt;
}

class Translation {
 public:
  explicit Translation(std::string compat) : compat_(std::move(compat)) {}

  Status take(const Flag& flag, const std::vector<std::string>& values) {
    is_used_ = true;
    if (flag.is_ignored) {
      log_warning("--{} means nothing to Slipway and is passed over", flag.name);
    } else if (flag.name == "stop") {
      return invalid_argument("--stop: end the server with a signal (SIGTERM)");
    } else if (flag.name == "models") {
      models_ = values;
    } else if (flag.name == "ts-config") {
      config_file_ = values[0];
    } else if (flag.name == "disable-token-auth" || flag.name == "dt") {
      set("disable_token_authorization", "true");
    } else if (flag.name == "enable-model-api") {
      set("enable_model_api", "true");
    }
    return {};
  }

  bool is_used() const { return is_used_; }

  /// Slipway's own arguments for all that was taken. `given`: the others, which come first.
  Result<std::vector<std::string>> finish(std::vector<std::string> given) {
    TRY_STATUS(read_config());
    store_ = value_of(given, "model-store").value_or(property("model_store"));
    if (!store_.empty() && !value_of(given, "model-store")) add("model-store", store_);
    TRY_STATUS(place_listeners(given));
    TRY_STATUS(name_models());
    allow_urls();
    if (!is_true(property("disable_token_authorization")) && !value_of(given, "token-file")) {
      add("token-file", std::string(kKeyFile));
    }
    TRY_STATUS(number("token_expiration_min", "token-expiry", 60, "s"));
    if (!is_true(property("enable_model_api"))) out_.emplace_back("--no-model-api");
    TRY_STATUS(number("default_response_timeout", "queue-timeout", 1, "s"));
    TRY_STATUS(number("max_request_size", "max-body", 1, ""));
    TRY_STATUS(number("job_queue_size", "queue-max", 1, ""));
    if (!property("cors_allowed_origin").empty()) {
      add("cors-origin", property("cors_allowed_origin"));
    }
    std::erase_if(given, [](const std::string& text) { return text.starts_with("--compat="); });
    const auto compat = std::ranges::find(given, "--compat");
    if (compat != given.end()) given.erase(compat, std::min(compat + 2, given.end()));
    given.insert(given.end(), std::make_move_iterator(out_.begin()),
                 std::make_move_iterator(out_.end()));
    return given;
  }

 private:
  void add(std::string_view flag, std::string_view value) {
    out_.push_back(fmt::format("--{}={}", flag, value));
  }
  void set(std::string_view key, std::string_view value) {
    properties_.emplace(key, value);  // the command line comes first
  }
  std::string property(std::string_view key, std::string_view otherwise = {}) const {
    const auto found = properties_.find(key);
    return found == properties_.end() ? std::string(otherwise) : found->second;
  }

  Status read_config() {
    const char* const variable = std::getenv("TS_CONFIG_FILE");
    if (config_file_.empty() && variable != nullptr) config_file_ = variable;
    if (config_file_.empty()) return {};
    Limits limits;
    limits.file_bytes_max = kFileBytesMax;
    const std::string text = TRY(read_file(config_file_, limits));
    for (const auto& [key, value] : parse_properties(text)) {
      if (std::ranges::find(kKnownKeys, key) != std::end(kKnownKeys)) {
        set(key, value);
      } else if (key == "keystore" || key == "enable_grpc_ssl") {
        if (value == "false") continue;
        return invalid_argument(
            fmt::format("{}: {} is not taken; give certificate_file and private_key_file, in PEM, "
                        "and https:// addresses",
                        config_file_, key));
      } else if (std::ranges::find(kSilentKeys, key) == std::end(kSilentKeys)) {
        log_warning("{}: {} means nothing to Slipway and is passed over", config_file_, key);
      }
    }
    return {};
  }

  /// Interfaces with the same address share a listener.
  Status place_listeners(const std::vector<std::string>& given) {
    struct Interface {
      std::string_view key;
      std::string_view address;
      std::string_view port_key;
      std::string_view port;
      std::string_view dialect;
    };
    constexpr Interface kInterfaces[] = {
        {"inference_address", "http://127.0.0.1:8080", "", "8080", kDialect},
        {"management_address", "http://127.0.0.1:8081", "", "8081", kManagement},
        {"metrics_address", "http://127.0.0.1:8082", "", "8082", kMetrics},
        {"grpc_inference_address", "127.0.0.1", "grpc_inference_port", "7070", kDialect},
        {"grpc_management_address", "127.0.0.1", "grpc_management_port", "7071", kManagement},
    };
    struct Listener {
      Place place;
      std::vector<std::string_view> dialects;
    };
    std::vector<Listener> listeners;
    bool needs_certificate = false;
    for (const Interface& one : kInterfaces) {
      if (one.dialect == kMetrics && property("enable_metrics_api") == "false") continue;
      std::string text = property(one.key, one.address);
      if (!one.port_key.empty()) {
        text = fmt::format("http://{}:{}", text, property(one.port_key, one.port));
      }
      const Place place = TRY(parse_place(one.key, text, one.port));
      needs_certificate = needs_certificate || place.has_tls;
      const auto same = std::ranges::find(listeners, place.address,
                                          [](const Listener& each) { return each.place.address; });
      if (same != listeners.end()) {
        same->dialects.push_back(one.dialect);
      } else {
        listeners.push_back({place, {one.dialect}});
      }
    }
    for (const Listener& listener : listeners) add_listener(listener.place, listener.dialects);
    add("compat", all_dialects());
    if (!needs_certificate || value_of(given, "tls-cert")) return {};
    if (property("certificate_file").empty() || property("private_key_file").empty()) {
      return invalid_argument(
          "an address is https://, but certificate_file and private_key_file are not both given");
    }
    add("tls-cert", property("certificate_file"));
    add("tls-key", property("private_key_file"));
    return {};
  }

  void add_listener(const Place& place, const std::vector<std::string_view>& dialects) {
    const bool only_manages =
        std::ranges::all_of(dialects, [](std::string_view name) { return name == kManagement; });
    const std::string tls = place.has_tls ? ",tls" : "";
    // Whoever reaches a local one may change models, as with TorchServe, unless keys are asked for.
    if (only_manages && place.is_local) {
      out_.push_back(fmt::format("--listen={}{},admin", place.address, tls));
      return;
    }
    std::string names;
    for (const std::string_view dialect : dialects) {
      for (const std::string& name : speaks(dialect)) {
        names += (names.empty() ? "" : "+") + name;
      }
    }
    out_.push_back(fmt::format("--listen={}{},compat={}", place.address, tls, names));
  }

  /// On the inference interface also what --compat names beside TorchServe.
  std::vector<std::string> speaks(std::string_view dialect) const {
    if (dialect != kDialect) return {std::string(dialect)};
    std::vector<std::string> names = split(compat_, ',');
    std::erase_if(names,
                  [](const std::string& name) { return name == kManagement || name == kMetrics; });
    return names;
  }

  std::string all_dialects() const {
    std::string all = compat_;
    for (const std::string_view name : {kManagement, kMetrics}) {
      if (!names_dialect(all, name) && !names_dialect(all, "all")) all += fmt::format(",{}", name);
    }
    return all;
  }

  /// Paths, and names for what has none of its own.
  Status name_models() {
    if (models_.empty()) models_ = split(property("load_models"), ',');
    for (const std::string& text : models_) {
      if (text == "none" || text == "N/A") continue;
      const size_t equals = text.find('=');
      const std::string name = equals == std::string::npos ? "" : text.substr(0, equals);
      const std::string file = equals == std::string::npos ? text : text.substr(equals + 1);
      const bool has_place = file.starts_with('/') || file.find("://") != std::string::npos;
      if (!has_place && store_.empty()) {
        return invalid_argument(fmt::format("--models {}: there is no --model-store", text));
      }
      if (text == "all") {
        out_.push_back(store_);
        continue;
      }
      if (file.find("..") != std::string::npos) {
        return invalid_argument(
            fmt::format("--models {}: Relative path is not allowed in url: {}", text, file));
      }
      std::string path = has_place ? file : store_ + "/" + file;
      if (path.starts_with("file://")) path.erase(0, 7);
      // An archive says itself what it is called.
      const bool names_itself = name.empty() || path.ends_with(".mar");
      if (names_itself) {
        out_.push_back(path);
      } else {
        add("model", fmt::format("{}={}", name, path));
      }
    }
    return {};
  }

  void allow_urls() {
    for (const std::string& expression : split(property("allowed_urls"), ',')) {
      if (const auto prefix = prefix_of(expression)) {
        add("allow-url", *prefix);
      } else {
        log_warning(
            "allowed_urls: \"{}\" is no beginning of addresses that ends in .*, and "
            "allows nothing",
            expression);
      }
    }
  }

  Status number(std::string_view key, std::string_view flag, int64_t factor,
                std::string_view unit) {
    const std::string text = property(key);
    if (text.empty()) return {};
    const std::optional<int64_t> value = whole_number(text);
    if (!value || *value <= 0 || *value > 1'000'000'000'000) {
      return invalid_argument(fmt::format("{}: expected a number, got \"{}\"", key, text));
    }
    add(flag, fmt::format("{}{}", *value * factor, unit));
    return {};
  }

  std::string compat_;
  bool is_used_ = false;
  std::vector<std::string> models_;
  std::string config_file_;
  std::string store_;
  std::map<std::string, std::string, std::less<>> properties_;
  std::vector<std::string> out_;
};

}  // namespace

Result<std::vector<std::string>> translate_torchserve_flags(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments[0] != "serve") return arguments;
  const std::string compat = compat_of(arguments);
  if (!names_dialect(compat, kDialect)) return arguments;
  Translation translation(compat);
  const auto take = [&](const Flag& flag, const std::vector<std::string>& values) {
    return translation.take(flag, values);
  };
  std::vector<std::string> given = TRY(take_flags(kFlags, std::move(arguments), take));
  if (!translation.is_used()) return given;
  return translation.finish(std::move(given));
}

}  // namespace slipway::cli
