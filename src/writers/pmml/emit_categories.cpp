// Categories and missing values. None and NaN are the same: a missing text.
#include <array>
#include <cmath>

#include "graph/ops/encode.h"
#include "graph/ops/float32_scores.h"
#include "graph/ops/impute.h"
#include "writers/pmml/internal/emission.h"

namespace slipway::writers::pmml {
namespace {

/// The value of the first case whose test holds, else `otherwise`, for a cell that may be missing.
Expression by_category(const Expression& x, const Categories& categories,
                       std::span<const double> values, double otherwise) {
  // What holds the same value as `otherwise` needs no case.
  const auto same = [&](double value) {
    return value == otherwise || (std::isnan(value) && std::isnan(otherwise));
  };
  std::vector<std::pair<Expression, double>> cases;
  double missing = otherwise;
  if (categories.is_text) {
    const auto place = categories.nan.has_value() ? categories.nan : categories.none;
    if (place.has_value()) missing = values[*place];
  }
  bool has_nan = false;
  for (size_t i = 0; i < categories.size(); ++i) {
    if (categories.is_text && (categories.none == i || categories.nan == i)) continue;
    if (!categories.is_text && std::isnan(categories.numbers[i])) {
      if (!has_nan) missing = values[i];
      has_nan = true;
      continue;
    }
    if (same(values[i])) continue;
    cases.emplace_back(
        categories.is_text ? text(categories.texts[i]) : number(categories.numbers[i]), values[i]);
  }
  Expression out = number(otherwise);
  for (size_t i = cases.size(); i-- > 0;) {
    out = choose(call("equal", {x, cases[i].first}), number(cases[i].second), out);
  }
  return choose(is_missing(x), number(missing), out);
}

constexpr size_t kCasesMax = 1000;  // nested choices of one field

Status check_cases(const Categories& categories) {
  if (categories.size() <= kCasesMax) return {};
  return unimplemented("a column of more than 1000 categories is not written to PMML");
}

Result<Columns> one_hot(Emission& e) {
  const auto& op = e.op<OneHotOp>();
  Columns out(op.width, number(0));
  for (const OneHotOp::Column& column : op.columns) {
    TRY_STATUS(check_cases(column.categories));
    std::vector<int32_t> targets = column.targets;
    targets.push_back(column.unknown);
    std::vector<bool> done(op.width, false);
    for (const int32_t target : targets) {
      if (target < 0 || done[static_cast<size_t>(target)]) continue;
      done[static_cast<size_t>(target)] = true;
      std::vector<double> values;
      values.reserve(column.targets.size());
      for (const int32_t one : column.targets) values.push_back(one == target ? 1 : 0);
      out[static_cast<size_t>(target)] =
          by_category(e.column(column.categories.from), column.categories, values,
                      column.unknown == target ? 1 : 0);
    }
  }
  return e.keep(std::move(out));
}

Result<Columns> ordinal(Emission& e) {
  Columns out;
  for (const OrdinalOp::Column& column : e.op<OrdinalOp>().columns) {
    TRY_STATUS(check_cases(column.categories));
    out.push_back(by_category(e.column(column.categories.from), column.categories, column.codes,
                              column.unknown.value_or(std::nan(""))));
  }
  return e.keep(std::move(out));
}

/// x, or `yes` where it is missing.
Expression filled(const Expression& x, MissingNumber missing, const Expression& yes,
                  const Expression& no) {
  if (!missing.has_value()) return no;
  if (std::isnan(*missing)) return choose(is_missing(x), yes, no);
  const Expression is = call("equal", {x, number(*missing)});
  return choose(is_missing(x), no == x ? missing_number() : no, choose(is, yes, no));
}

Result<Columns> impute(Emission& e) {
  const auto& op = e.op<ImputeOp>();
  Columns out;
  for (size_t i = 0; i < op.columns.size(); ++i) {
    const Expression& x = e.input()[op.columns[i]];
    out.push_back(filled(x, op.missing, number(op.fills[i]), x));
  }
  return e.keep(std::move(out));
}

Result<Columns> missing_indicator(Emission& e) {
  const auto& op = e.op<MissingIndicatorOp>();
  Columns out;
  for (const uint32_t column : op.columns) {
    out.push_back(filled(e.input()[column], op.missing, number(1), number(0)));
  }
  return e.keep(std::move(out));
}

Expression filled_text(const Expression& x, const MissingText& missing, const Expression& yes,
                       const Expression& no) {
  const bool absent = missing.none || missing.nan;
  Expression out = no;
  if (missing.text.has_value()) out = choose(call("equal", {x, text(*missing.text)}), yes, no);
  if (absent) return choose(is_missing(x), yes, out);
  return missing.text.has_value() && no != x ? choose(is_missing(x), no, out) : out;
}

Result<Columns> impute_strings(Emission& e) {
  const auto& op = e.op<ImputeStringsOp>();
  Columns out;
  for (size_t i = 0; i < op.columns.size(); ++i) {
    const Expression& x = e.input()[op.columns[i]];
    out.push_back(filled_text(x, op.missing, text(op.fills[i]), x));
  }
  return e.keep(std::move(out), FieldType::kString);
}

Result<Columns> missing_strings_indicator(Emission& e) {
  const auto& op = e.op<MissingStringsIndicatorOp>();
  Columns out;
  for (const uint32_t column : op.columns) {
    out.push_back(filled_text(e.input()[column], op.missing, number(1), number(0)));
  }
  return e.keep(std::move(out));
}

Result<Columns> float32_missing(Emission& e) {
  const auto& op = e.op<Float32MissingOp>();
  Columns out;
  for (const Expression& x : e.input()) {
    const Expression narrow = e.fields.define(x, FieldType::kFloat);
    out.push_back(choose(call("equal", {narrow, number(double{op.missing})}), missing_number(), x));
  }
  return e.keep(std::move(out));
}

}  // namespace

std::span<const Emitter> category_emitters() {
  static constexpr std::array kTable = {
      Emitter{"one_hot", one_hot},
      Emitter{"ordinal", ordinal},
      Emitter{"impute", impute},
      Emitter{"impute_strings", impute_strings},
      Emitter{"missing_indicator", missing_indicator},
      Emitter{"missing_strings_indicator", missing_strings_indicator},
      Emitter{"float32_missing", float32_missing},
  };
  return kTable;
}

}  // namespace slipway::writers::pmml
