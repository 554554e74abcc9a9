#include "formats/sklearn/families/boosters.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "formats/sklearn/attributes.h"

namespace slipway::sklearn {
namespace {

struct Library {
  std::string_view module;
  std::string_view format;
  std::string_view name;
  Result<std::string_view> (*bytes)(pickle::Value self);
};

constexpr std::array kLibraries = {
    Library{"lightgbm.", "lightgbm", "LightGBM", lightgbm_bytes},
    Library{"xgboost.", "xgboost", "XGBoost", xgboost_bytes},
    Library{"catboost.", "catboost", "CatBoost", catboost_bytes},
};

std::optional<BoosterColumns> columns_of(std::string_view bytes, const formats::ModelFormat& format,
                                         const Limits& limits) {
  const auto model = format.parse(bytes, limits);
  if (!model.ok()) return std::nullopt;
  BoosterColumns columns;
  columns.count = static_cast<uint32_t>((*model)->columns().size());
  if (!(*model)->columns_named()) return columns;
  columns.names.reserve(columns.count);
  for (const InputColumn& column : (*model)->columns()) columns.names.push_back(column.name);
  return columns;
}

}  // namespace

std::string_view booster_library(std::string_view module) {
  for (const Library& library : kLibraries) {
    if (module.starts_with(library.module)) return library.name;
  }
  return {};
}

std::optional<BoosterColumns> booster_columns(pickle::Value model,
                                              const formats::FormatSet& formats,
                                              const Limits& limits) {
  for (const Library& library : kLibraries) {
    const auto booster = first_of_library(model, library.module);
    const formats::ModelFormat* format = formats.named(library.format);
    if (!booster.has_value() || format == nullptr) continue;
    const Result<std::string_view> bytes = library.bytes(*booster);
    return bytes.ok() ? columns_of(*bytes, *format, limits) : std::nullopt;
  }
  return std::nullopt;
}

Result<ColumnSplit> split_columns(const formats::ForeignModel& model, size_t count) {
  const std::span<const InputColumn> columns = model.columns();
  if (columns.size() != count) {
    return invalid_argument(
        fmt::format("it was fitted on {} columns, but {} reach it", columns.size(), count));
  }
  ColumnSplit split;
  for (uint32_t i = 0; i < columns.size(); ++i) {
    (columns[i].is_text() ? split.texts : split.numbers).push_back(i);
  }
  return split;
}

}  // namespace slipway::sklearn
