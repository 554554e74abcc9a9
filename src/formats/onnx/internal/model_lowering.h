// ModelLowering: a whole ONNX graph into Slipway's.
//
//   ModelProto --ModelLowering--> Graph, or the gaps that are in the way
//
// Thread rule: single-sequence; lives as long as one file is read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/internal/call.h"
#include "formats/onnx/internal/model_proto.h"
#include "formats/read_report.h"

namespace slipway::onnx {

class ModelLowering {
 public:
  explicit ModelLowering(const ModelProto& model);

  /// All operators that are not there. A graph with none of these may still fail to be lowered.
  std::vector<formats::Gap> missing_operators() const;
  /// UNIMPLEMENTED is a gap at `place()`.
  Result<std::shared_ptr<const Graph>> run();
  /// The node that was being lowered: its path and operator.
  const formats::Gap& place() const { return place_; }

 private:
  /// Names of one graph; those of the graphs around it are further out.
  struct Scope {
    const Scope* outer = nullptr;
    std::map<std::string_view, Value> values;
    const Value* find(std::string_view name) const;
  };

  void find_missing(const GraphProto& graph, const std::string& path,
                    std::vector<formats::Gap>& gaps) const;
  int64_t version_of(std::string_view domain) const;
  const Operator* find_operator(const NodeProto& node) const;

  Status make_columns();
  Status add_column_group(const ValueInfoProto& input);
  Result<Dims> input_dims(const ValueInfoProto& input) const;
  Result<Value> input_value(Lowering& lowering, const ValueInfoProto& input, size_t place);
  Status lower_nodes(Lowering& lowering, const GraphProto& graph, Scope& scope,
                     const std::string& path, uint32_t depth);
  Status lower_node(Lowering& lowering, const NodeProto& node, Scope& scope,
                    const std::string& path, uint32_t depth);
  Status add_initializers(const GraphProto& graph, Scope& scope);
  Result<Values> lower_body(Lowering& lowering, const GraphProto& body, const Values& inputs,
                            const Scope& outer, const std::string& path, uint32_t depth);
  Result<OutputSpec> output_spec(Lowering& lowering, const ValueInfoProto& output,
                                 const Value& value) const;

  const ModelProto& model_;
  std::vector<const ValueInfoProto*> inputs_;  // those that no initializer gives
  std::vector<Dims> input_dims_;
  std::vector<uint32_t> input_columns_;  // the first column of each
  Signature signature_;
  bool has_batch_ = false;
  uint64_t bodies_ = 0;
  formats::Gap place_;
};

}  // namespace slipway::onnx
