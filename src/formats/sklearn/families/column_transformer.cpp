// ColumnTransformer: transformers over chosen columns, side by side.
#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/column_selection.h"
#include "formats/sklearn/families/composition.h"

namespace slipway::sklearn {
namespace {

constexpr uint64_t kSelectionCost = 8;  // in columns: to read one cell of a selection

/// The column names that it was fitted with, wherever the version kept them; else the input's own.
std::vector<std::string> fitted_names(pickle::Value self, const Features& input) {
  for (const std::string_view attribute :
       {"feature_names_in_", "_feature_names_in", "_df_columns"}) {
    const auto value = self.find_attr(attribute);
    if (!value.has_value() || value->is_none()) continue;
    Result<pickle::Array<pickle::Cell>> cells = pickle::to_cells(*value);
    if (!cells.ok() || cells->values.size() != input.size()) continue;
    std::vector<std::string> names;
    for (pickle::Cell& cell : cells->values) names.push_back(std::move(cell.text));
    return names;
  }
  return input.names;
}

/// What verbose_feature_names_out makes of a name; nullopt: no names are known.
class NameFormat {
 public:
  static Result<NameFormat> of(pickle::Value self) {
    NameFormat made;
    const auto attr = self.find_attr("verbose_feature_names_out");
    if (!attr.has_value() || attr->is_none()) return made;
    if (const auto text = attr->as_string(); text.ok()) {
      made.format_ = std::string(*text);
    } else if (attr->kind() == pickle::Kind::kGlobal || attr->kind() == pickle::Kind::kObject) {
      made.known_ = false;
    } else if (!TRY(attr->as_bool())) {
      made.format_ = "{feature_name}";
    }
    return made;
  }

  Status apply(Lowering& lowering, const std::string& part, Features& features) const {
    if (!known_) {
      features.names.clear();
      return {};
    }
    TRY_STATUS(
        lowering.spend(features.size(), format_.size() + part.size() + features.longest_name()));
    features.names = features.all_names();
    for (std::string& name : features.names) {
      std::string text = format_;
      replace(text, "{transformer_name}", part);
      replace(text, "{feature_name}", name);
      name = std::move(text);
    }
    return {};
  }

 private:
  static void replace(std::string& text, std::string_view what, const std::string& with) {
    if (const size_t place = text.find(what); place != std::string::npos) {
      text.replace(place, what.size(), with);
    }
  }

  std::string format_ = "{transformer_name}__{feature_name}";
  bool known_ = true;
};

/// The columns of a part: what fit() resolved, else the specification as it stands.
Result<std::vector<uint32_t>> part_columns(Lowering& lowering, pickle::Value self,
                                           const NamedPart& part,
                                           const std::vector<std::string>& names, uint32_t width) {
  const auto resolved = self.find_attr("_transformer_to_input_indices");  // since 1.0
  if (resolved.has_value() && resolved->kind() == pickle::Kind::kDict) {
    TRY_STATUS(lowering.spend(resolved->size()));
    if (const auto indices = resolved->find(part.name); indices.has_value()) {
      return resolve_columns(*indices, {}, width);
    }
  }
  if (!part.columns.has_value()) {
    return invalid_argument(fmt::format("transformers_.{}: no columns", part.name));
  }
  TRY_STATUS(lowering.spend(names.size()));
  return resolve_columns(*part.columns, names, width);
}

Result<Step> lower_columns(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(lowering.check_width(self, input));
  Features named = input;
  named.names = fitted_names(self, input);
  const NameFormat format = TRY(NameFormat::of(self));
  const auto width = static_cast<uint32_t>(input.size());
  const size_t longest = named.longest_name();
  Step step;
  Features& output = step.transform.emplace();
  for (const NamedPart& part : TRY(named_parts(self, "transformers_"))) {
    if (is_drop(part.estimator)) continue;
    const std::vector<uint32_t> columns =
        TRY(part_columns(lowering, self, part, named.names, width));
    if (columns.empty()) continue;
    TRY_STATUS(lowering.spend(columns.size() * kSelectionCost, longest));
    Features picked = named.pick(columns);
    if (picked.names.empty()) {
      for (const uint32_t column : columns) picked.names.push_back(named.name(column));
    }
    Features features = TRY(transform_part(lowering, part, picked, "transformers_"));
    features = TRY(weighted(lowering, self, part.name, std::move(features)));
    TRY_STATUS(format.apply(lowering, part.name, features));
    output.append(features);
  }
  step.unknown = output.unknown;
  return step;
}

}  // namespace

std::span<const EstimatorEntry> column_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"ColumnTransformer", lower_columns},
  };
  return kTable;
}

}  // namespace slipway::sklearn
