// Lowering: from the parse tree of a scikit-learn object to nodes of a Graph.
//
// Each estimator class has one function that reads its fitted attributes and adds nodes; a table
// per family lists class name and function (estimator_table.h). Functions report problems by
// returning an error Status: Lowering::lower() catches it, notes a Gap with path, class and offset,
// and goes on with placeholder columns, so that one run finds every gap in a file.
//
//   Result<Step> lower_scaler(Lowering& lowering, pickle::Value self, const Features& input) {
//     ValueId x = TRY(lowering.dense(self, input));
//     ...
//     return transformed(TRY(lowering.add(std::make_unique<ScaleOp>(...), {x})), width);
//   }
//
// Thread rule: single-sequence; lives during one load.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "formats/model_format.h"
#include "formats/pickle/numpy.h"
#include "formats/pickle/tree.h"
#include "graph/graph.h"
#include "graph/ops/basic.h"

namespace slipway::sklearn {

/// One column of some value. For input columns of the model whose type is still open, `value` is
/// kNumbersInput and `open` is true: the first consumer decides between number and text.
struct ColumnRef {
  ValueId value = kNumbersInput;
  uint32_t column = 0;
  bool open = false;
};

/// The columns that flow from one estimator to the next, with names where they are known.
struct Features {
  std::vector<ColumnRef> columns;
  std::vector<std::string> names;  // empty, or one per column
  bool unknown = false;            // behind a gap: width and content are not known

  size_t size() const { return columns.size(); }
  /// Bytes of the longest name.
  size_t longest_name() const;
  /// The name of a column; where there are no names, scikit-learn's stand-in: "x0", "x1", ...
  std::string name(size_t i) const;
  /// All of them.
  std::vector<std::string> all_names() const;
  /// The columns with these indices (each < size()), with their names.
  Features pick(const std::vector<uint32_t>& indices) const;
  /// Appends another's columns; names survive if both have them.
  void append(const Features& other);
};

/// All columns of one value.
Features all_columns(ValueId value, uint32_t width, std::vector<std::string> names = {});

/// What one method of an estimator computes.
struct Method {
  std::string name;  // "predict", "predict_proba", ...
  ValueId value = 0;
  uint32_t width = 1;
  bool is_vector = false;
  DType dtype = DType::kFloat64;
  std::vector<LabelTable> labels;    // for index values
  std::vector<std::string> columns;  // names of the columns, e.g. the classes of predict_proba
};

/// What an estimator offers: methods, and for transformers their output columns.
struct Step {
  std::vector<Method> methods;
  std::optional<Features> transform;
  bool unknown = false;  // behind a gap

  const Method* find(std::string_view name) const;
};

using formats::Gap;

class Lowering {
 public:
  /// For a model of so many input columns; names may be empty. `limits` bounds the memory of all
  /// constants together. `formats`, if not null, reads models of other libraries; it must live as
  /// long as this.
  Lowering(uint32_t columns, std::vector<std::string> names, const Limits& limits = {},
           const formats::FormatSet* formats = nullptr);

  /// Lowers any estimator by its class, below the current path. Never fails: see the head comment.
  Step lower(pickle::Value estimator, const Features& input, std::string_view path_part);
  /// Notes a gap at the current path, below `path_part`; for readers that can go on by themselves.
  void add_gap(pickle::Value where, std::string_view path_part, const Status& why);

  /// The model's one column is the whole row, a dict.
  void set_rows_are_records() { rows_are_records_ = true; }
  /// The model's one column is the whole row, a text.
  void set_rows_are_texts() { rows_are_texts_ = true; }
  /// The model's own input columns, all open.
  Features input() const;

  // --- What the functions of estimators call.
  /// The features as one dense float64 matrix. INVALID_ARGUMENT if a column is text, or if their
  /// number is not the estimator's n_features_in_ (where it has one).
  Result<ValueId> dense(pickle::Value self, const Features& features);
  /// The same for some of an estimator's columns: their number is not checked.
  Result<ValueId> dense(const Features& some);
  /// As dense(), but a sparse matrix where the features come from one: for ops that take both.
  Result<ValueId> dense_or_sparse(pickle::Value self, const Features& features);
  Result<ValueId> dense_or_sparse(const Features& some);
  /// dense() behind a check that scikit-learn's own validation makes (RequireFiniteOp).
  Result<ValueId> finite(pickle::Value self, const Features& features,
                         RequireFiniteOp::Options options = {});
  /// finite() for some of the estimator's columns.
  Result<ValueId> finite_part(pickle::Value self, const Features& some,
                              RequireFiniteOp::Options options = {});
  /// dense_or_sparse() behind the same check.
  Result<ValueId> finite_or_sparse(pickle::Value self, const Features& features,
                                   RequireFiniteOp::Options options = {});
  /// The features as one string matrix; open columns become text columns.
  Result<ValueId> strings(const Features& features);
  /// The features as one matrix of cells, numbers beside texts.
  Result<ValueId> cells(const Features& features);
  /// The column of kRecordsInput that the features are: one, of the model's own input. `example` is
  /// a JSON object that it takes.
  Result<uint32_t> record(const Features& features, std::string example);
  /// A JSON value that the model takes in the input column behind `column`, for documents; the
  /// first one given counts. Nothing happens if no single input column is behind it.
  void set_example(const ColumnRef& column, std::string json);
  /// A whole number will do for a text in the input column behind `column`: its digits.
  void accept_integers(const ColumnRef& column);
  /// Says that column `made` of a value is the column `from` with holes filled.
  void set_origin(const ColumnRef& made, const ColumnRef& from);
  /// Adds a node at the current path.
  Result<ValueId> add(std::unique_ptr<const Op> op, std::vector<ValueId> inputs);
  ValueType type(ValueId id) const { return builder_.type(id); }
  /// INVALID_ARGUMENT if n_features_in_ (where the estimator has one) is not the features' number.
  Status check_width(pickle::Value self, const Features& features) const;
  /// True if the column is or may become text (an open column, or one of a string value).
  bool may_be_text(const ColumnRef& column) const;
  /// Reads another library's model ("xgboost") from its bytes. Counts against spend(): a small file
  /// can have thousands of wrappers share one large model. UNIMPLEMENTED if the program has no such
  /// reader.
  Result<std::unique_ptr<const formats::ForeignModel>> parse_foreign(std::string_view format,
                                                                     std::string_view bytes);
  /// Adds another library's model at the current path.
  Result<std::vector<OutputSpec>> add_foreign(const formats::ForeignModel& model,
                                              const formats::ForeignInputs& inputs,
                                              const formats::ForeignOptions& options);
  const std::string& path() const { return path_; }
  /// RESOURCE_EXHAUSTED once the model's estimators have passed on more columns, and made longer
  /// names for them, than a sincere model does. A small file can use one list or name a million
  /// times over: call it before work or memory that only a product of the file's parts bounds.
  Status spend(uint64_t columns, uint64_t name_bytes_each = 0);

  const std::vector<Gap>& gaps() const { return gaps_; }
  /// The graph of the final step; the model's column types as its consumers decided.
  Result<std::shared_ptr<const Graph>> finish(const Step& step) &&;

 private:
  bool is_text(const ColumnRef& column) const;
  Features placeholder(pickle::Value estimator);
  Status check_budget(pickle::Value estimator);
  Status count_nodes(uint64_t nodes, uint64_t bytes);
  Status add_transform_output(const Features& features, Signature& signature);
  Result<std::vector<ColumnPick>> picks(const Features& features, bool text,
                                        std::vector<ValueId>& inputs);

  enum class ColumnUse : uint8_t { kOpen, kNumber, kText, kRecord };
  Status use_column(uint32_t column, ColumnUse wanted, const std::string& name);

  const Limits limits_;
  const formats::FormatSet* formats_;
  GraphBuilder builder_;
  std::vector<std::string> names_;
  std::vector<ColumnUse> uses_;
  std::optional<uint32_t> input_column(const ColumnRef& column) const;

  std::map<uint32_t, std::string> examples_;                        // by input column
  std::set<uint32_t> integer_columns_;                              // see accept_integers()
  std::map<std::pair<ValueId, uint32_t>, uint32_t> input_columns_;  // of columns that were filled
  bool rows_are_records_ = false;
  bool rows_are_texts_ = false;
  std::map<std::pair<ValueId, uint32_t>, ValueId> finite_checks_;  // not to check a value twice
  std::string path_;
  uint32_t depth_ = 0;
  std::map<uint32_t, uint32_t> visits_;  // how often each object of the file was lowered
  std::vector<Gap> gaps_;
  const uint64_t spend_max_;
  uint64_t spent_ = 0;
  uint64_t lowered_ = 0;  // calls of lower()
  uint64_t nodes_ = 0;
  uint64_t constants_bytes_ = 0;
  bool exhausted_ = false;  // a limit was exceeded: what follows is not looked at any more
  const uint64_t constants_bytes_max_;
};

using LowerFunction = Result<Step> (*)(Lowering& lowering, pickle::Value self,
                                       const Features& input);

/// A Step whose transform output is this one value.
Step transformed(ValueId value, uint32_t width, std::vector<std::string> names = {});

}  // namespace slipway::sklearn
