// JSON in: simdjson's on-demand reader over a padded buffer that is used again, and the reading of
// single cells. Never a DOM.
//
// JSON has no word for NaN and infinity, but Python writes them bare. simdjson refuses such a body;
// read_json() then replaces NaN by null and Infinity by a number beyond all doubles, remembers
// where the NaNs were (a text column tells them from None), and reads once more. A number too large
// for a double is infinity, as in Python's json.
//
// Single-sequence; one per event loop.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/cache_line.h"
#include "base/status.h"
#include "protocols/internal/shared_memory.h"
#include "tensor/batch.h"
#include "tensor/dtype.h"

namespace slipway::protocols {

namespace ondemand = simdjson::ondemand;

class JsonInput {
 public:
  /// `what` the messages call the text: "the body".
  explicit JsonInput(std::string_view what = "the body") : what_(what) {}
  /// Copies the body and finds its structure.
  Status start(std::string_view body);
  ondemand::document& document() { return document_; }
  /// Begins anew at the start of the same body. What get_string() gave is gone.
  void rewind() { document_.rewind(); }

  /// The error as a Status with its place; remembers that the body is not valid JSON.
  Status syntax_error(simdjson::error_code error);
  /// INVALID_ARGUMENT if something follows the value that was read.
  Status check_end();

  bool failed_on_syntax() const { return failed_on_syntax_; }
  /// True if there were bare NaN or Infinity tokens, which are replaced and the reader restarted.
  Result<bool> replace_nonfinite();
  /// True if the null that begins here was a bare NaN.
  bool was_nan(const char* place) const;

 private:
  Status iterate();

  std::string_view what_;
  std::vector<char> buffer_;
  size_t size_ = 0;
  ondemand::parser parser_;
  ondemand::document document_;
  bool has_document_ = false;
  bool failed_on_syntax_ = false;
  std::vector<size_t> nan_offsets_;
};

/// Calls read(json) with the body; twice if it has bare NaN or Infinity.
template <typename Read>
Status read_json(JsonInput& json, std::string_view body, Read&& read) {
  TRY_STATUS(json.start(body));
  Status status = read();
  if (status.ok() || !json.failed_on_syntax()) return status;
  const bool replaced = TRY(json.replace_nonfinite());
  return replaced ? read() : std::move(status);
}

/// "null", "a list", `the string "abc"`, for messages.
std::string describe(ondemand::value& value);

/// A number; null is NaN, true and false are 1 and 0.
Status read_number(JsonInput& json, ondemand::value& value, double& number);
/// A string, null (None) or bare NaN, into `input`'s storage.
Status read_text(JsonInput& json, ondemand::value& value, InputBuffer& input, StringCell& cell);
/// As read_text(), but a whole number stands for its digits.
Status read_category(JsonInput& json, ondemand::value& value, InputBuffer& input, StringCell& cell);
/// True if the key is this one, spelled without escapes. At most 63 bytes.
bool key_is(ondemand::raw_json_string key, std::string_view name);
/// The key as it is spelled, for messages.
std::string key_text(ondemand::raw_json_string key);

class KeyFields;  // protocols/internal/key_fields.h
/// The value of a row's key field. INVALID_ARGUMENT if it is a list or an object.
Status read_key_field(JsonInput& json, ondemand::value& value, KeyFields& keys, size_t row,
                      size_t key);

/// What a reader of inputs keeps from request to request.
struct Tensor {
  std::string name;
  DType dtype = DType::kFloat64;
  uint64_t dims[2] = {0, 0};
  uint32_t rank = 0;
  uint64_t binary_bytes = 0;  // of the binary part, if is_binary
  bool is_binary = false;
  bool has_data = false;
  SharedSlice shared{};       // where the binary data lies instead
  std::string_view contents;  // of protobuf: the typed data, where it lies in the message
  uint32_t column = 0;        // where it goes, unless it is the whole matrix
};

struct alignas(kCacheLine) ReadBuffers {
  JsonInput json;
  JsonInput nested{"the text"};  // for texts that are JSON themselves
  std::vector<uint64_t> seen;    // per column, the number of the row that last named it
  std::vector<Tensor> tensors;
  std::string shared;                 // copied from shared memory
  std::vector<std::string_view> raw;  // protobuf's raw contents, where they lie in the message
  KeyFields* keys = nullptr;          // of the request that is being read; null: its model has none
};

}  // namespace slipway::protocols
