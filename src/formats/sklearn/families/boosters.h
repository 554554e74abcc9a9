// The models of LightGBM, XGBoost and CatBoost inside pickles: where their bytes lie, which columns
// they take. Each library's estimators have a file of their own beside this one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "formats/model_format.h"
#include "formats/pickle/tree.h"

namespace slipway::sklearn {

/// The model file inside a booster or wrapper, as long as the pickle's tree lives. INVALID_ARGUMENT
/// if there is none.
Result<std::string_view> lightgbm_bytes(pickle::Value self);
Result<std::string_view> xgboost_bytes(pickle::Value self);
Result<std::string_view> catboost_bytes(pickle::Value self);

/// "LightGBM" for a class of the module "lightgbm.sklearn"; empty for what is no booster's.
std::string_view booster_library(std::string_view module);

/// Which of the columns that reach a booster are numbers to it, and which texts.
struct ColumnSplit {
  std::vector<uint32_t> numbers;
  std::vector<uint32_t> texts;
};
/// INVALID_ARGUMENT if it was fitted on another number of columns than `count`.
Result<ColumnSplit> split_columns(const formats::ForeignModel& model, size_t count);

struct BoosterColumns {
  uint32_t count = 0;
  std::vector<std::string> names;  // empty if it was trained on columns without names
};

/// What only a booster's own bytes tell, where a booster is the first to see the columns; nullopt
/// if none is, or if it cannot be read (lowering says why).
std::optional<BoosterColumns> booster_columns(pickle::Value model,
                                              const formats::FormatSet& formats,
                                              const Limits& limits);

}  // namespace slipway::sklearn
