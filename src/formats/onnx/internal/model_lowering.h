// ModelLowering: a whole ONNX graph into Slipway's.
//
//   ModelProto --ModelLowering--> Graph, or the gaps that are in the way
//
// Thread rule: single-sequence; lives as long as one file is read.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/internal/call.h"
#include "formats/onnx/internal/model_proto.h"
#include "formats/read_report.h"

namespace slipway::onnx {

class ModelLowering {
 public:
  /// `bytes_max`: what the graph may take. `column_names`: for a model of one input, whose columns
  /// have no names in the file, if they are as many.
  ModelLowering(const ModelProto& model, uint64_t bytes_max,
                std::vector<std::string> column_names = {});

  /// All operators that are not there. A graph with none of these may still fail to be lowered.
  std::vector<formats::Gap> missing_operators() const;
  /// UNIMPLEMENTED is a gap at `place()`.
  Result<std::shared_ptr<const Graph>> run();
  /// What was passed over, for the report.
  const std::vector<std::string>& notes() const { return notes_; }
  /// The node that was being lowered: its path and operator.
  const formats::Gap& place() const { return place_; }

 private:
  /// Names of one graph; those of the graphs around it are further out.
  struct Scope {
    const Scope* outer = nullptr;
    std::map<std::string_view, Value> values;
    std::set<std::string_view> left_out;  // inputs of a function that its caller does not give
    bool is_left_out(std::string_view name) const;
    const Value* find(std::string_view name) const;
  };

  /// What the nodes of the model, or of one of its functions, are read with.
  struct Frame {
    std::map<std::string_view, int64_t> versions;
    std::map<std::string_view, const AttributeProto*> attributes;  // of the function's call
  };

  void find_missing(std::span<const NodeProto> nodes, const std::string& path, const Frame& frame,
                    std::vector<formats::Gap>& gaps,
                    std::vector<const FunctionProto*>& functions) const;
  static int64_t version_of(const Frame& frame, std::string_view domain);
  static const Operator* find_operator(const Frame& frame, const NodeProto& node);
  const FunctionProto* find_function(const NodeProto& node) const;
  static Frame frame_of(const FunctionProto& function);

  Status make_columns();
  /// The names, order and types that Slipway's writer noted.
  void restore_columns();
  /// What is said of columns of texts: whole numbers are taken, times are held.
  void restore_texts();
  bool restore_names(const std::vector<std::string>& names);
  bool restore_order(const std::vector<std::string>& names);
  Status add_column_group(const ValueInfoProto& input);
  Result<Dims> input_dims(const ValueInfoProto& input) const;
  Result<Value> input_value(Lowering& lowering, const ValueInfoProto& input, size_t place);
  Status lower_nodes(Lowering& lowering, std::span<const NodeProto> nodes, Scope& scope,
                     const std::string& path, uint32_t depth);
  /// The node with attributes of its function's call in the place of references; nullopt if it has
  /// none.
  Result<std::optional<NodeProto>> resolved(Lowering& lowering, const NodeProto& node) const;
  Result<Values> lower_function(Lowering& lowering, const FunctionProto& function,
                                const NodeProto& node, const std::vector<const Value*>& inputs,
                                const std::string& path, uint32_t depth);
  Status lower_node(Lowering& lowering, const NodeProto& node, Scope& scope,
                    const std::string& path, uint32_t depth);
  Status add_initializers(Lowering& lowering, const GraphProto& graph, Scope& scope);
  Result<Values> lower_body(Lowering& lowering, const GraphProto& body, const Values& inputs,
                            const Scope& outer, const std::string& path, uint32_t depth);
  Result<OutputSpec> output_spec(Lowering& lowering, const ValueInfoProto& output,
                                 const Value& value) const;

  const ModelProto& model_;
  const uint64_t bytes_max_;
  const std::vector<std::string> column_names_;
  Frame model_frame_;
  const Frame* frame_ = &model_frame_;
  std::map<std::array<std::string_view, 3>, const FunctionProto*> functions_;
  std::map<std::string_view, int64_t> features_;  // that operators behind an input take
  std::vector<const ValueInfoProto*> inputs_;     // those that no initializer gives
  std::vector<Dims> input_dims_;
  std::vector<uint32_t> input_columns_;  // the first column of each
  Signature signature_;
  bool has_batch_ = false;
  uint64_t bodies_ = 0;
  uint64_t nodes_ = 0;
  std::vector<std::string> notes_;
  formats::Gap place_;
};

}  // namespace slipway::onnx
