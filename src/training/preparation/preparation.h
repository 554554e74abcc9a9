// Preparation: how a table's columns become the numbers that learners take. It is fitted on
// training rows, and served with the model: the same nodes compute the features of training rows
// and of requests.
//
//   Frame, rows, plan --Preparation::fit--> Preparation --append(GraphBuilder)--> features
//                                                       --transform(Frame)--> matrix for learners
//
// Numbers and truth values: missing ones are filled, then scaled. Categories: one column of 0 and 1
// for each (OneHotEncoder) or their number (OrdinalEncoder); missing ones are a category of their
// own or the most frequent. Features stand in the order of the table's columns, numbers first.
//
// Thread rule: immutable.
//
//   const Preparation prepared = TRY(Preparation::fit(frame, columns, rows, {}));
//   const ValueId features = TRY(prepared.append(builder, "preparation"));
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/frame.h"
#include "graph/graph.h"

namespace slipway::training {

struct PreparationPlan {
  enum class Fill : uint8_t { kMean, kMedian, kMostFrequent, kConstant, kKeep };
  enum class Scale : uint8_t { kNone, kStandard, kMinMax, kRobust };
  enum class Encode : uint8_t { kOneHot, kOrdinal };

  Fill numbers = Fill::kMedian;  // of missing numbers; kKeep: they stay NaN
  double constant = 0;           // of Fill::kConstant
  bool indicate_missing =
      false;  // a column of 0 and 1 more for each number column with missing ones
  bool fill_categories = false;  // missing ones become the most frequent; else a category
  Scale scale = Scale::kStandard;
  Encode encode = Encode::kOneHot;
  uint32_t category_rows_min = 1;  // rarer ones share one column (min_frequency)
  uint32_t categories_max = 1000;  // of a column, the rarest share one column (max_categories)

  bool operator==(const PreparationPlan&) const = default;
};

class Preparation {
 public:
  /// `columns`: those of the frame that are features, in the model's order. INVALID_ARGUMENT: a
  /// column without any value in `rows`; UNIMPLEMENTED: a column of times or long texts.
  static Result<Preparation> fit(const data::Frame& frame, std::span<const std::string> columns,
                                 std::span<const uint32_t> rows, const PreparationPlan& plan);

  /// Features per row.
  uint32_t width() const { return static_cast<uint32_t>(names_.size()); }
  /// "age", "city=London", "city (rare)", "age (missing)".
  const std::vector<std::string>& names() const { return names_; }
  /// What the model takes: a signature without outputs.
  Signature signature() const;
  /// The nodes; the builder has the signature's columns.
  Result<ValueId> append(GraphBuilder& graph, const std::string& path) const;
  /// rows x width(), row-major, of all rows of the frame: what append()'s nodes compute of them.
  Result<std::vector<double>> transform(const data::Frame& frame) const;

 private:
  struct Number {
    uint32_t column = 0;  // of the model
    double fill = 0;
    double shift = 0;  // scaled: (x - shift) / factor
    double factor = 1;
    bool indicated = false;
  };
  struct Category {
    uint32_t column = 0;
    std::vector<std::string> texts;  // by descending count; those from `frequent` on share a column
    uint32_t frequent = 0;
    bool has_missing = false;    // missing ones have a column of their own
    bool fills_missing = false;  // missing ones are texts[0]
  };

  void fit_number(const data::Column& column, std::span<const uint32_t> rows);
  void fit_category(const data::Column& column, std::span<const uint32_t> rows);
  void name_features();
  Result<ValueId> append_numbers(GraphBuilder& graph, const std::string& path) const;
  Result<ValueId> append_categories(GraphBuilder& graph, const std::string& path) const;

  PreparationPlan plan_;
  std::vector<InputColumn> columns_;
  std::vector<Number> numbers_;
  std::vector<Category> categories_;
  std::vector<std::string> names_;
};

/// "mean", "median", "most_frequent", "constant", "keep"; "none", "standard", "minmax", "robust";
/// "onehot", "ordinal". nullopt: no such word.
std::optional<PreparationPlan::Fill> find_fill(std::string_view word);
std::optional<PreparationPlan::Scale> find_scale(std::string_view word);
std::optional<PreparationPlan::Encode> find_encode(std::string_view word);

}  // namespace slipway::training
