#include "engine/adjusted_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace slipway::engine {
namespace {

constexpr std::string_view kProbabilities = "predict_proba";

/// Replaces the output `classes` by what the probabilities say.
struct Decision {
  uint32_t classes = 0;
  uint32_t probabilities = 0;
  double threshold = 0;
};

class AdjustedModel final : public Executable {
 public:
  AdjustedModel(std::shared_ptr<const Executable> model, Signature signature,
                std::optional<Decision> decision)
      : model_(std::move(model)), signature_(std::move(signature)), decision_(decision) {}

  const Signature& signature() const override { return signature_; }
  std::unique_ptr<Scratch> make_scratch() const override { return model_->make_scratch(); }
  size_t size_bytes() const override {
    return sizeof(*this) + signature_.size_bytes() + model_->size_bytes();
  }
  size_t scratch_bytes() const override { return model_->scratch_bytes(); }

  Status run(const Batch& batch, OutputMask wanted, Scratch& scratch,
             std::vector<OutputBuffer>& outputs) const override {
    if (!decision_ || (wanted >> decision_->classes & 1U) == 0) {
      return model_->run(batch, wanted, scratch, outputs);
    }
    const OutputMask without = wanted & ~(OutputMask{1} << decision_->classes);
    TRY_STATUS(
        model_->run(batch, without | OutputMask{1} << decision_->probabilities, scratch, outputs));
    decide(outputs[decision_->probabilities], outputs[decision_->classes]);
    return {};
  }

 private:
  void decide(const OutputBuffer& probabilities, OutputBuffer& classes) const {
    classes.rows = probabilities.rows;
    classes.width = 1;
    classes.indices.resize(probabilities.rows);
    for (size_t row = 0; row < probabilities.rows; ++row) {
      const double positive = probabilities.numbers[row * probabilities.width + 1];
      classes.indices[row] = positive >= decision_->threshold ? 1 : 0;
    }
  }

  const std::shared_ptr<const Executable> model_;
  const Signature signature_;
  const std::optional<Decision> decision_;
};

/// A classifier's classes: one label for each row.
std::optional<uint32_t> find_classes(const Signature& signature) {
  const auto has_classes = [](const OutputSpec& output) {
    return output.labels.size() == 1 && output.is_vector;
  };
  if (has_classes(signature.outputs[signature.default_output])) return signature.default_output;
  const auto found = std::ranges::find_if(signature.outputs, has_classes);
  if (found == signature.outputs.end()) return std::nullopt;
  return static_cast<uint32_t>(found - signature.outputs.begin());
}

Result<Decision> plan_decision(const Signature& signature, double threshold) {
  if (!(threshold >= 0 && threshold <= 1)) {
    return invalid_argument(
        fmt::format("threshold: expected a probability, from 0 to 1, got {}", threshold));
  }
  const std::optional<uint32_t> classes = find_classes(signature);
  if (!classes) {
    return invalid_argument(
        fmt::format("threshold: the model is no classifier; it gives {}", output_names(signature)));
  }
  const size_t count = signature.outputs[*classes].labels.front().size();
  if (count != 2) {
    return invalid_argument(
        fmt::format("threshold: the model has {} classes; a threshold parts two", count));
  }
  const std::optional<uint32_t> probabilities = signature.find_output(kProbabilities);
  if (!probabilities || signature.outputs[*probabilities].width != 2 ||
      !signature.outputs[*probabilities].labels.empty() ||
      signature.outputs[*probabilities].dtype == DType::kString) {
    return invalid_argument(fmt::format("threshold: the model gives no probabilities; it gives {}",
                                        output_names(signature)));
  }
  return Decision{*classes, *probabilities, threshold};
}

std::string class_text(const LabelTable& table, size_t index) {
  switch (table.dtype) {
    case DType::kString: return table.strings[index];
    case DType::kFloat64: return fmt::format("{}", table.floats[index]);
    default: return fmt::format("{}", table.ints[index]);
  }
}

std::string classes_text(const LabelTable& table) {
  constexpr size_t kShownMax = 20;
  std::string text;
  for (size_t i = 0; i < std::min(table.size(), kShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + class_text(table, i);
  }
  return table.size() > kShownMax ? text + ", ..." : text;
}

Status rename_classes(Signature& signature, const std::vector<std::string>& names) {
  const std::optional<uint32_t> classes = find_classes(signature);
  if (!classes) {
    return invalid_argument(fmt::format("class names: the model is no classifier; it gives {}",
                                        output_names(signature)));
  }
  const LabelTable trained = signature.outputs[*classes].labels.front();
  if (names.size() != trained.size()) {
    return invalid_argument(fmt::format("class names: the model has {} classes ({}), got {} names",
                                        trained.size(), classes_text(trained), names.size()));
  }
  const std::unordered_set<std::string_view> distinct(names.begin(), names.end());
  if (distinct.size() != names.size()) {
    return invalid_argument("class names: two classes have the same name");
  }
  std::vector<std::string> spelled;
  for (size_t i = 0; i < trained.size(); ++i) spelled.push_back(class_text(trained, i));
  LabelTable renamed;
  renamed.dtype = DType::kString;
  renamed.strings = names;
  for (OutputSpec& output : signature.outputs) {
    if (output.labels.size() == 1 && output.labels.front().size() == trained.size()) {
      output.labels.front() = renamed;
      output.dtype = DType::kString;
    }
    const bool named_after = output.columns == spelled;
    if (named_after || (output.name == kProbabilities && output.width == names.size())) {
      output.columns = names;
    }
  }
  return {};
}

}  // namespace

std::string output_names(const Signature& signature) {
  std::string names;
  for (const OutputSpec& output : signature.outputs) {
    names += (names.empty() ? "" : ", ") + output.name;
  }
  return names;
}

Result<std::shared_ptr<const Executable>> adjust_model(std::shared_ptr<const Executable> model,
                                                       const AnswerSettings& settings) {
  if (settings.empty()) return model;
  Signature signature = model->signature();
  std::optional<Decision> decision;
  if (settings.threshold) decision = TRY(plan_decision(signature, *settings.threshold));
  if (!settings.class_names.empty()) TRY_STATUS(rename_classes(signature, settings.class_names));
  if (!settings.default_output.empty()) {
    const std::optional<uint32_t> output = signature.find_output(settings.default_output);
    if (!output) {
      return invalid_argument(fmt::format("outputs: the model has no output \"{}\"; it gives {}",
                                          settings.default_output, output_names(signature)));
    }
    signature.default_output = *output;
  }
  return std::shared_ptr<const Executable>(
      std::make_shared<const AdjustedModel>(std::move(model), std::move(signature), decision));
}

}  // namespace slipway::engine
