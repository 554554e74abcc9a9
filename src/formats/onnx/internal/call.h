// Call: one node of an ONNX graph on its way into Slipway's: its inputs, attributes and version.
//
//   Result<Values> lower_relu(Call& call) {
//     const Value x = TRY(call.input(0));
//     return one(call.lower.unary(UnaryFunction::kRelu, {}, x.type, x));
//   }
//
// Thread rule: single-sequence; lives while its node is lowered.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/internal/lowering.h"
#include "formats/onnx/internal/model_proto.h"

namespace slipway::onnx {

using Values = std::vector<Value>;

class Call;
/// Lowers a graph of a node's attribute: its inputs by position to its outputs.
using LowerBody = std::function<Result<Values>(const GraphProto& body, const Values& inputs)>;

class Call {
 public:
  Call(const NodeProto& node, int64_t version, std::vector<const Value*> inputs, Lowering& lowering,
       LowerBody body)
      : node(node),
        version(version),
        lower(lowering),
        lower_body(std::move(body)),
        inputs_(std::move(inputs)) {}

  const NodeProto& node;
  const int64_t version;  // of the operator set
  Lowering& lower;
  const LowerBody lower_body;

  size_t input_count() const { return inputs_.size(); }
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  /// INVALID_ARGUMENT if it is left out. Indices come as what they stand for.
  Result<Value> input(size_t i) const;
  /// As it is: perhaps an index with its labels.
  const Value* raw_input(size_t i) const { return has_input(i) ? inputs_[i] : nullptr; }
  /// The numbers of a constant input; nullopt if it is left out; NaN for the number of rows.
  Result<std::optional<std::vector<double>>> constant_input(size_t i) const;

  const AttributeProto* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  int64_t integer(std::string_view name, int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string_view text(std::string_view name, std::string_view otherwise) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<double> reals(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  /// The attribute `name`_as_tensor, or `name` itself, as doubles.
  Result<std::vector<double>> numbers(std::string_view name) const;
  Result<std::optional<Value>> tensor(std::string_view name) const;

  /// An axis that may be negative.
  Result<size_t> axis(int64_t value, size_t rank) const;
  /// Axes of an attribute, or of the constant input where the operator has them since some version;
  /// ascending, nullopt if there are none.
  Result<std::optional<std::vector<size_t>>> axes(size_t input_place, size_t rank) const;

 private:
  std::vector<const Value*> inputs_;
};

/// A single output.
Result<Values> one(Result<Value> value);

/// Does for each sample of X what `compute` does for a value of shape [F]: X is [batch, F], or has
/// fixed shape [F] or [M, F], where it is computed sample by sample. Gives as many values as
/// `compute` does, each with the samples' axis before its own.
Result<Values> per_sample(Call& call, const Value& x,
                          const std::function<Result<Values>(ValueId x, uint32_t width)>& compute);

struct Operator {
  std::string_view domain;
  std::string_view name;
  int64_t version_min;
  int64_t version_max;
  Result<Values> (*lower)(Call&);
};

std::span<const Operator> elementwise_operators();
std::span<const Operator> shape_operators();
std::span<const Operator> gather_operators();
std::span<const Operator> reduce_operators();
std::span<const Operator> network_operators();
std::span<const Operator> control_operators();
std::span<const Operator> feature_operators();
std::span<const Operator> label_operators();
std::span<const Operator> linear_operators();
std::span<const Operator> svm_operators();
std::span<const Operator> tree_operators();
std::span<const Operator> text_operators();
std::span<const Operator> einsum_operators();
std::span<const Operator> convolution_operators();
/// Those of ai.slipway.
std::span<const Operator> own_operators();

/// What an ai.onnx.ml model does with its scores at the end.
Result<Value> post_transform(Call& call, const Value& scores);
/// The labels of a classifier, from its two attributes; `count` of them or an error.
Result<std::shared_ptr<const LabelTable>> class_labels(Call& call, std::string_view ints,
                                                       std::string_view strings);
/// The second label where a score is above the threshold (or at it), else the first.
Result<Value> label_above(Call& call, const Value& score, double threshold, bool inclusive,
                          std::shared_ptr<const LabelTable> labels);
/// The label of the largest score, the first of equals: [.., C] to an index of shape [..].
Result<Value> largest_label(Call& call, const Value& scores,
                            std::shared_ptr<const LabelTable> labels);

}  // namespace slipway::onnx
