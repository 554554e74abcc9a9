#include "formats/lightgbm/format.h"

#include <algorithm>
#include <utility>

#include "formats/lightgbm/model.h"

namespace slipway::lightgbm {
namespace {

bool is_json(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && bytes[first] == '{';
}

class LightGbmFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "lightgbm"; }
  std::string_view description() const override { return "LightGBM (text, JSON)"; }
  bool recognises(std::string_view start) const override {
    if (start.starts_with("tree\n") || start.starts_with("tree\r\n")) return true;
    if (!is_json(start)) return false;
    // Written by Python's json, perhaps with sorted keys: some of these come before the trees.
    const auto holds = [start](std::string_view key) {
      return start.find(key) != std::string_view::npos;
    };
    return holds("\"num_tree_per_iteration\"") ||
           (holds("\"average_output\"") && holds("\"feature_importances\""));
  }
  Result<std::unique_ptr<const formats::ForeignModel>> parse(std::string_view bytes,
                                                             const Limits& limits) const override {
    Booster booster = TRY(is_json(bytes) ? read_json(bytes, limits) : read_text(bytes, limits));
    return std::unique_ptr<const formats::ForeignModel>(
        std::make_unique<LightGbmModel>(std::move(booster)));
  }
};

}  // namespace

std::unique_ptr<const formats::ModelFormat> make_format() {
  return std::make_unique<LightGbmFormat>();
}

}  // namespace slipway::lightgbm
