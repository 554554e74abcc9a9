#include <fmt/format.h>

#include <algorithm>

#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {
namespace {

constexpr const char* kInputName = "X";

Element element_of(const InputColumn& column) {
  return column.is_text() ? Element::kString : Element::kDouble;
}

}  // namespace

Status Values::declare_inputs() {
  const Signature& signature = graph_.signature();
  if (signature.columns.empty()) return unimplemented("the model takes no columns");
  for (const InputColumn& column : signature.columns) {
    if (column.is_record()) {
      return unimplemented(
          fmt::format("the column {} holds records, which ONNX's tensors cannot", column.name));
    }
  }
  const auto type = signature.uniform_type();
  apart_ = !type.has_value();
  const int64_t width = size_of(signature.columns);
  if (!apart_) {
    if (!model_.reserve(kInputName)) return unimplemented("an output has the name of the input, X");
    const bool text = type == ColumnType::kText;
    model_.add_input(kInputName, text ? Element::kString : Element::kDouble, width);
    set(text ? kStringsInput : kNumbersInput, kInputName);
    return {};
  }
  for (uint32_t i = 0; i < signature.columns.size(); ++i) {
    const InputColumn& column = signature.columns[i];
    if (!column.is_used) continue;
    if (column.name.empty() || !model_.reserve(column.name)) {
      return unimplemented(
          fmt::format("the column name '{}' is empty, or that of another column or output, which "
                      "ONNX does not allow",
                      column.name));
    }
    model_.add_input(column.name, element_of(column), 1);
    inputs_.emplace(i, column.name);
  }
  if (inputs_.empty()) return unimplemented("nothing depends on the input");
  return {};
}

Name Values::zeros() {
  if (!zeros_.empty()) return zeros_;
  const auto number = std::ranges::find_if(inputs_, [&](const auto& entry) {
    return !graph_.signature().columns[entry.first].is_text();
  });
  Name flags;
  if (apart_ && number != inputs_.end()) {
    flags = model_.is_nan(number->second);
  } else if (!apart_ && names_.contains(kNumbersInput)) {
    flags = model_.is_nan(column(kNumbersInput, 0));
  } else {
    const Name text = apart_ ? inputs_.begin()->second : column(kStringsInput, 0);
    const std::vector<std::string> keys = {""};
    const std::vector<int64_t> zero = {0};
    flags = model_.call(
        "LabelEncoder", {text},
        {Attribute::texts("keys_strings", keys), Attribute::integers("values_int64s", zero),
         Attribute::integer("default_int64", 0)},
        "ai.onnx.ml");
  }
  zeros_ = model_.mul(model_.to_number(flags), model_.number(0));
  return zeros_;
}

Name Values::repeated(std::span<const double> row) { return model_.add(zeros(), model_.row(row)); }

/// Columns of the other type, and those that nothing depends on, hold 0 or "".
Name Values::whole_input(ValueId id) {
  const bool text = id == kStringsInput;
  const Signature& signature = graph_.signature();
  std::vector<Name> parts;
  for (uint32_t i = 0; i < signature.columns.size(); ++i) {
    const auto found = inputs_.find(i);
    if (found != inputs_.end() && signature.columns[i].is_text() == text) {
      parts.push_back(found->second);
    } else if (!text) {
      parts.push_back(zeros());
    } else {
      const std::vector<std::string> none = {""};
      const Name empty = model_.texts({1, 1}, none);
      parts.push_back(model_.where(model_.less(zeros(), model_.number(1)), empty, empty));
    }
  }
  return model_.concat(parts);
}

Name Values::matrix(ValueId id) {
  const auto found = names_.find(id);
  if (found != names_.end()) return found->second;
  Name whole = whole_input(id);
  set(id, whole);
  return whole;
}

Name Values::column(ValueId id, uint32_t column) {
  if (is_apart(id) && inputs_.contains(column)) return inputs_.at(column);
  if (!is_apart(id) && graph_.type(id).width == 1) return matrix(id);
  Name& name = columns_[{id, column}];
  if (name.empty()) {
    const int64_t place = column;
    name = model_.gather(matrix(id), std::span(&place, 1));
  }
  return name;
}

Name Values::columns(std::span<const ValueId> inputs, std::span<const ColumnPick> picks) {
  std::vector<Name> parts;
  for (size_t i = 0; i < picks.size();) {
    const ValueId id = inputs[picks[i].input];
    if (is_apart(id)) {
      parts.push_back(column(id, picks[i].column));
      ++i;
      continue;
    }
    std::vector<int64_t> places;
    bool is_all = true;
    for (; i < picks.size() && inputs[picks[i].input] == id; ++i) {
      is_all = is_all && picks[i].column == places.size();
      places.push_back(picks[i].column);
    }
    is_all = is_all && places.size() == graph_.type(id).width;
    parts.push_back(is_all ? matrix(id) : model_.gather(matrix(id), places));
  }
  return model_.concat(parts);
}

}  // namespace slipway::writers::onnx
