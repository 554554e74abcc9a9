// Rows from tensorflow.Examples: maps of features to lists of values, as JSON and protobuf bring
// them.
//
//   begin_context() feature... begin_example() feature... finish_example() --> InputBuffer
//
// A feature named as a column holds its one value; in a model without column names a feature of any
// other name holds all columns. Others are passed over. What the context says holds for each
// example that does not say otherwise. Single-sequence; errors are TensorFlow's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/input_mapping.h"

namespace slipway::protocols::tf_serving {

class ExampleRows {
 public:
  ExampleRows(const kserve_v2::ModelInputs& model, ReadBuffers& buffers, InputBuffer& input);

  /// Once, before all examples.
  void begin_context() { in_context_ = true; }
  Status begin_example();
  Status begin_feature(std::string_view name);
  Status number(double value);
  Status text(std::string_view value);
  Status missing();
  Status end_feature();
  Status finish_example();

 private:
  enum class Target : uint8_t { kNothing, kColumn, kRow };

  size_t columns() const { return signature_.columns.size(); }
  Result<uint32_t> place();
  double* numbers();
  StringCell* strings();
  void mark(uint32_t column);
  Status wrong_type(uint32_t column, std::string_view got) const;

  const Signature& signature_;
  const std::unordered_map<std::string_view, uint32_t>& places_;
  JsonInput& nested_;
  std::vector<uint64_t>& seen_;  // per column, the count of rows when it was last given
  InputBuffer& input_;
  bool in_context_ = false;
  std::vector<uint8_t> in_context_given_;  // empty: there is no context
  std::vector<double> context_numbers_;
  std::vector<StringCell> context_strings_;
  Target target_ = Target::kNothing;
  uint32_t column_ = 0;
  size_t count_ = 0;  // values of the feature so far
  std::string name_;  // of the feature
};

}  // namespace slipway::protocols::tf_serving
