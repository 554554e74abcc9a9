// Model: an ONNX model in the making. Each call appends a node and gives the name of its result;
// constants become initializers. The short functions are named after what they compute, so that
// an emitter reads as the formula that it writes.
//
//   Model m("model");
//   const Name scaled = m.div(m.sub(x, m.numbers({1, 3}, means)), m.numbers({1, 3}, scales));
//
// Ownership: values. Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"
#include "writers/onnx/internal/message.h"

namespace slipway::writers::onnx {

using Name = std::string;
using Dims = std::vector<int64_t>;

/// TensorProto.DataType.
enum class Element : int64_t {
  kFloat = 1,
  kUint8 = 2,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kDouble = 11
};

/// An attribute of a node, encoded.
struct Attribute {
  static Attribute integer(std::string_view name, int64_t value);
  static Attribute integers(std::string_view name, std::span<const int64_t> values);
  static Attribute text(std::string_view name, std::string_view value);
  static Attribute texts(std::string_view name, std::span<const std::string> values);
  static Attribute tensor(std::string_view name, const Message& tensor);

  Message message;
};

Message double_tensor(const Dims& dims, std::span<const double> values);
Message byte_tensor(const Dims& dims, std::span<const uint8_t> values);
Message integer_tensor(const Dims& dims, std::span<const int64_t> values);
Message text_tensor(const Dims& dims, std::span<const std::string> values);

class Model {
 public:
  static constexpr int64_t kRowsOpen = -1;

  explicit Model(std::string name) : name_(std::move(name)) {}

  /// Nodes from here on are named after this place in the source file.
  void set_path(std::string path) { path_ = std::move(path); }
  /// No result or constant may take this name any more.
  bool reserve(const Name& name) { return taken_.insert(name).second; }
  void add_input(const Name& name, Element element, int64_t width);
  /// The value's name becomes `name`, which was reserved; dims: kRowsOpen for the rows.
  void add_output(const Name& name, const Name& value, Element element, const Dims& dims);
  void add_metadata(std::string key, std::string value);

  Name call(std::string_view op, std::span<const Name> inputs,
            std::span<const Attribute> attributes = {}, std::string_view domain = {});
  Name call(std::string_view op, std::initializer_list<Name> inputs,
            std::initializer_list<Attribute> attributes = {}, std::string_view domain = {}) {
    return call(op, std::span(inputs.begin(), inputs.size()),
                std::span(attributes.begin(), attributes.size()), domain);
  }
  /// The same for a node of several results.
  std::vector<Name> call_many(std::string_view op, std::initializer_list<Name> inputs,
                              std::initializer_list<Attribute> attributes, size_t results);
  /// The nodes need at least this version of ai.onnx.ml.
  void need_ml(int64_t version) { ml_version_ = std::max(ml_version_, version); }
  /// The nodes need at least this version of ai.onnx.
  void need(int64_t version) { version_ = std::max(version_, version); }

  Name number(double value);
  Name integer(int64_t value);
  Name numbers(const Dims& dims, std::span<const double> values);
  Name integers(const Dims& dims, std::span<const int64_t> values);
  Name texts(const Dims& dims, std::span<const std::string> values);
  /// One row: [1, values].
  Name row(std::span<const double> values);

  Name add(const Name& a, const Name& b) { return call("Add", {a, b}); }
  Name sub(const Name& a, const Name& b) { return call("Sub", {a, b}); }
  Name mul(const Name& a, const Name& b) { return call("Mul", {a, b}); }
  Name div(const Name& a, const Name& b) { return call("Div", {a, b}); }
  Name pow(const Name& a, const Name& b) { return call("Pow", {a, b}); }
  Name matmul(const Name& a, const Name& b) { return call("MatMul", {a, b}); }
  Name exp(const Name& x) { return call("Exp", {x}); }
  Name log(const Name& x) { return call("Log", {x}); }
  Name abs(const Name& x) { return call("Abs", {x}); }
  Name neg(const Name& x) { return call("Neg", {x}); }
  Name sqrt(const Name& x) { return call("Sqrt", {x}); }
  Name floor(const Name& x) { return call("Floor", {x}); }
  Name sign(const Name& x) { return call("Sign", {x}); }
  Name is_nan(const Name& x) { return call("IsNaN", {x}); }
  Name less(const Name& a, const Name& b) { return call("Less", {a, b}); }
  Name greater(const Name& a, const Name& b) { return call("Greater", {a, b}); }
  Name at_least(const Name& a, const Name& b) { return call("GreaterOrEqual", {a, b}); }
  Name equal(const Name& a, const Name& b) { return call("Equal", {a, b}); }
  Name both(const Name& a, const Name& b) { return call("And", {a, b}); }
  Name either(const Name& a, const Name& b) { return call("Or", {a, b}); }
  Name negated(const Name& a) { return call("Not", {a}); }
  Name where(const Name& condition, const Name& yes, const Name& no) {
    return call("Where", {condition, yes, no});
  }
  Name cast(const Name& x, Element to);
  Name to_number(const Name& x) { return cast(x, Element::kDouble); }
  /// Rounded to float32 and back.
  Name to_float32(const Name& x) { return to_number(cast(x, Element::kFloat)); }
  /// 1 / (1 + exp(-x)); ONNX Runtime's own Sigmoid gives 0 where the result is small.
  Name sigmoid(const Name& x);
  /// Toward zero.
  Name truncate(const Name& x) { return mul(sign(x), floor(abs(x))); }
  /// Into low..high; NaN stays.
  Name clip(const Name& x, double low, double high);
  /// Columns of a matrix.
  Name gather(const Name& x, std::span<const int64_t> places, int64_t axis = 1);
  /// Elements along the first axis of a constant, by computed places.
  Name look_up(const Name& table, const Name& places);
  Name concat(std::span<const Name> parts);
  /// "ReduceSum", ... over one axis, which stays.
  Name reduce(std::string_view op, const Name& x, int64_t axis = 1, bool keep = true);
  /// The `count` largest or smallest of each row in their order, and their places.
  std::pair<Name, Name> top(const Name& x, int64_t count, bool largest);
  /// The place of the first maximum of each row, [rows, 1].
  Name argmax(const Name& x);
  Name squeeze(const Name& x, int64_t axis);
  Name unsqueeze(const Name& x, int64_t axis);
  /// Each row as a matrix of these sizes.
  Name reshape(const Name& x, const Dims& row);

  /// The operators of ai.slipway that were called, each once.
  const std::set<std::string, std::less<>>& own_operators() const { return own_; }
  std::string finish(std::string_view producer_version) &&;

 private:
  Name fresh(std::string_view stem);
  void append(std::string_view op, std::span<const Name> inputs,
              std::span<const Attribute> attributes, std::string_view domain,
              std::span<const Name> results);
  Name constant(const Message& tensor);

  std::string name_;
  std::string path_;
  Message graph_;      // the nodes
  Message constants_;  // the initializers
  Message inputs_;
  Message outputs_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::set<Name> taken_;
  std::map<std::string, Name> known_;  // small constants by their bytes
  std::set<std::string, std::less<>> own_;
  uint64_t next_ = 0;
  int64_t version_ = 18;
  int64_t ml_version_ = 0;
};

}  // namespace slipway::writers::onnx
