#include "formats/xgboost/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/column_limit.h"
#include "formats/xgboost/internal/booster.h"
#include "formats/xgboost/internal/lower.h"

namespace slipway::xgboost {
namespace {

constexpr std::string_view kBinaryMagic = "binf";

/// The first name in an object that may be the whole of a JSON file; empty if it is none.
std::string_view first_json_key(std::string_view start) {
  const auto skip_space = [&] {
    start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  };
  skip_space();
  if (!start.starts_with('{')) return {};
  start.remove_prefix(1);
  skip_space();
  if (!start.starts_with('"')) return {};
  start.remove_prefix(1);
  return start.substr(0, start.find('"'));
}

/// Likewise of UBJSON: "{L", the name's length in 8 bytes, the name.
std::string_view first_ubjson_key(std::string_view start) {
  constexpr size_t kHead = 10;
  if (!start.starts_with("{L") || start.size() < kHead) return {};
  for (size_t i = 2; i + 1 < kHead; ++i) {
    if (start[i] != '\0') return {};
  }
  return start.substr(kHead, static_cast<uint8_t>(start[kHead - 1]));
}

bool is_model_key(std::string_view key) { return key == "learner" || key == "Config"; }

/// What is made of a file may take so much memory, and so much more for each of its bytes.
constexpr uint64_t kMemoryFree = uint64_t{1} << 30;
constexpr uint64_t kMemoryPerByte = 64;

Result<Booster> read_container(std::string_view bytes, Limits limits) {
  limits.memory_bytes_max =
      std::min(limits.memory_bytes_max, kMemoryFree + kMemoryPerByte * bytes.size());
  if (!bytes.starts_with('{')) {
    const size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || bytes[first] != '{') return read_binary(bytes, limits);
  }
  const bool is_ubjson = bytes.starts_with("{L");
  const Document document =
      TRY(is_ubjson ? parse_ubjson(bytes, limits) : parse_json(bytes, limits));
  Booster booster = TRY(read_booster(document));
  booster.container = is_ubjson ? "ubjson" : "json";
  return booster;
}

Result<Booster> read_any(std::string_view bytes, const Limits& limits) {
  Booster booster = TRY(read_container(bytes, limits));
  const size_t most = formats::columns_max(bytes.size());
  if (booster.features <= most) return booster;
  return data_loss(
      fmt::format("a file of {} bytes says that it has {} features: expected at most {}",
                  bytes.size(), booster.features, most));
}

/// Versions whose files the tests read.
bool is_tested(const Booster& booster) {
  static constexpr std::array<std::array<uint32_t, 2>, 4> kTested = {
      {{1, 7}, {2, 1}, {3, 2}, {3, 4}}};
  return std::ranges::any_of(kTested, [&](const auto& version) {
    return booster.version[0] == version[0] && booster.version[1] == version[1];
  });
}

class XgboostModel final : public formats::ForeignModel {
 public:
  explicit XgboostModel(Booster booster)
      : booster_(std::move(booster)), columns_(columns_of(booster_)) {}

  formats::ModelInfo info() const override {
    formats::ModelInfo info;
    info.class_name = booster_.estimator_type.empty()
                          ? "xgboost.core.Booster"
                          : fmt::format("xgboost.sklearn.XGB{}{}",
                                        static_cast<char>(booster_.estimator_type[0] - 'a' + 'A'),
                                        booster_.estimator_type.substr(1));
    info.library = "XGBoost";
    info.container = booster_.container;
    if (booster_.version[0] > 0 || booster_.version[1] > 0) {
      info.library_version =
          fmt::format("{}.{}.{}", booster_.version[0], booster_.version[1], booster_.version[2]);
    }
    if (!is_tested(booster_)) {
      info.warnings.push_back(fmt::format(
          "written by XGBoost {}, which Slipway's tests do not cover; compare some predictions "
          "before "
          "you rely on it",
          info.library_version.empty() ? "of an unknown version" : info.library_version));
    }
    const size_t rounds =
        booster_.iteration_trees.empty() ? 0 : booster_.iteration_trees.size() - 1;
    if (booster_.estimator_type.empty() && booster_.best_iteration.has_value() &&
        *booster_.best_iteration + 1 < rounds) {
      info.warnings.push_back(fmt::format(
          "early stopping found round {} the best of {}; all are used, as Booster.predict does",
          *booster_.best_iteration, rounds));
    }
    return info;
  }
  std::span<const InputColumn> columns() const override { return columns_; }
  bool columns_named() const override { return !booster_.feature_names.empty(); }
  std::optional<uint32_t> best_iteration() const override { return booster_.best_iteration; }
  Result<std::vector<OutputSpec>> lower(GraphBuilder& graph, const formats::ForeignInputs& inputs,
                                        const formats::ForeignOptions& options,
                                        const std::string& path) const override {
    if (!options.is_whole_file || booster_.estimator_type.empty()) {
      return lower_booster(booster_, graph, inputs, options, path);
    }
    // As the class that saved the file answers after load_model().
    formats::ForeignOptions wrapped = options;
    if (booster_.best_iteration.has_value() && booster_.name != "gblinear") {
      wrapped.iterations = *booster_.best_iteration + 1;
    }
    std::vector<OutputSpec> outputs = TRY(lower_booster(booster_, graph, inputs, wrapped, path));
    if (booster_.estimator_type != "classifier") return outputs;
    return as_classifier(booster_, graph, std::move(outputs), path);
  }

 private:
  const Booster booster_;
  const std::vector<InputColumn> columns_;
};

class XgboostFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "xgboost"; }
  std::string_view description() const override {
    return "an XGBoost model (JSON, UBJSON or old binary)";
  }
  bool recognises(std::string_view start) const override {
    return start.starts_with(kBinaryMagic) || is_model_key(first_json_key(start)) ||
           is_model_key(first_ubjson_key(start));
  }
  Result<std::unique_ptr<const formats::ForeignModel>> parse(std::string_view bytes,
                                                             const Limits& limits) const override {
    std::unique_ptr<const formats::ForeignModel> model =
        std::make_unique<XgboostModel>(TRY(read_any(bytes, limits)));
    return model;
  }
};

}  // namespace

std::unique_ptr<const formats::ModelFormat> make_format() {
  return std::make_unique<XgboostFormat>();
}

}  // namespace slipway::xgboost
