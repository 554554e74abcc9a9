#include "protocols/dialects.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/internal/dialect.h"

namespace slipway::protocols {
namespace {

// This order decides who owns a path that several have, unless --compat names another.
constexpr const Dialect* kDialects[] = {
    &kSimpleDialect,
    &kKserveV2Dialect,
    &kTfServingDialect,
    &kKserveV1Dialect,
    &kMlflowDialect,
    &kSeldonDialect,
    &kVertexDialect,
    &kOpenscoringDialect,
    &kSiteDialect,
    &kSageMakerDialect,
    &kAzureMlDialect,
    &kTorchServeDialect,
    &kTorchServeManagementDialect,
    &kTorchServeMetricsDialect,
};

std::string known_names() {
  std::string names;
  for (const std::string_view name : dialect_names()) {
    names += names.empty() ? "" : ", ";
    names += name;
  }
  return names;
}

}  // namespace

std::span<const Dialect* const> all_dialects() { return kDialects; }

const Dialect* find_dialect(std::string_view name) {
  const auto found = std::ranges::find(kDialects, name, &Dialect::name);
  return found == std::end(kDialects) ? nullptr : *found;
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> names;
  for (const Dialect* dialect : kDialects) names.push_back(dialect->name);
  return names;
}

Result<std::vector<std::string>> parse_compat(std::string_view list, char separator) {
  std::vector<std::string> names;
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(separator, at), list.size());
    const std::string_view name = list.substr(at, end - at);
    at = end + 1;
    if (name == "all") {
      for (const std::string_view each : dialect_names()) {
        if (std::ranges::find(names, each) == names.end()) names.emplace_back(each);
      }
    } else if (find_dialect(name) == nullptr) {
      return invalid_argument(
          fmt::format("expected all, or some of {}, got \"{}\"", known_names(), name));
    } else if (std::ranges::find(names, name) != names.end()) {
      return invalid_argument(fmt::format("{} is given twice", name));
    } else {
      names.emplace_back(name);
    }
  }
  return names;
}

std::vector<std::string_view> dialect_services() {
  std::vector<std::string_view> services;
  for (const Dialect* dialect : kDialects) {
    for (const RpcMethod& method : dialect->methods) {
      const std::string_view path = method.path.substr(1);
      const std::string_view service = path.substr(0, path.find('/'));
      if (std::ranges::find(services, service) == services.end()) services.push_back(service);
    }
  }
  return services;
}

}  // namespace slipway::protocols
