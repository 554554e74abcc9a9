#include "protocols/kserve_v2/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocols/internal/closest.h"
#include "protocols/kserve_v2/tensor_data.h"

namespace slipway::protocols::kserve_v2 {
namespace {

constexpr std::string_view kDataTypes =
    "BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FP16, FP32, FP64, BYTES";

constexpr uint64_t kCellsMax = 1ULL << 28;  // of one request's rows x columns

class RequestReader {
 public:
  RequestReader(const Body& body, const Signature& signature,
                const std::unordered_map<std::string_view, uint32_t>& places, ReadBuffers& buffers,
                InputBuffer& input, AnswerPlan& plan, OutputMask& wanted)
      : body_(body),
        signature_(signature),
        places_(places),
        json_(buffers.json),
        nested_(buffers.nested),
        tensors_(buffers.tensors),
        seen_(buffers.seen),
        input_(input),
        plan_(plan),
        wanted_(wanted) {}

  Status read() {
    plan_.clear();
    wanted_ = 0;
    count_ = 0;
    binary_output_ = false;
    inputs_seen_ = false;
    undecided_ = 0;
    TRY_STATUS(read_head());
    TRY_STATUS(json_.check_end());
    if (count_ == 0) {
      return invalid_argument("\"inputs\" is missing or empty; expected at least one tensor");
    }
    end_outputs();
    TRY_STATUS(assign_tensors());
    json_.rewind();
    return read_data();
  }

 private:
  std::span<Tensor> tensors() { return std::span(tensors_).first(count_); }
  size_t columns() const { return signature_.columns.size(); }

  Status object_at_top(ondemand::object& object) {
    const auto error = json_.document().get_object().get(object);
    if (error == simdjson::INCORRECT_TYPE) {
      return invalid_argument("expected an object such as {\"inputs\": [...]} at the top");
    }
    return error == simdjson::SUCCESS ? Status() : json_.syntax_error(error);
  }

  Status get_array(ondemand::value& value, std::string_view what, ondemand::array& array) {
    const auto error = value.get_array().get(array);
    if (error == simdjson::SUCCESS) return {};
    if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
    return invalid_argument(fmt::format("{}: expected a list, got {}", what, describe(value)));
  }

  Status get_object(ondemand::value& value, std::string_view what, ondemand::object& object) {
    const auto error = value.get_object().get(object);
    if (error == simdjson::SUCCESS) return {};
    if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
    return invalid_argument(fmt::format("{}: expected an object, got {}", what, describe(value)));
  }

  Status get_string(ondemand::value& value, std::string_view what, std::string_view& text) {
    const auto error = value.get_string().get(text);
    if (error == simdjson::SUCCESS) return {};
    if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
    return invalid_argument(fmt::format("{}: expected a string, got {}", what, describe(value)));
  }

  Status get_bool(ondemand::value& value, std::string_view what, bool& truth) {
    const auto error = value.get_bool().get(truth);
    if (error == simdjson::SUCCESS) return {};
    if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
    return invalid_argument(
        fmt::format("{}: expected true or false, got {}", what, describe(value)));
  }

  // ---- the first pass: everything but the data

  Status read_head() {
    ondemand::object top;
    TRY_STATUS(object_at_top(top));
    for (auto entry : top) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      const ondemand::raw_json_string key = field.key();
      ondemand::value& value = field.value();
      if (key_is(key, "inputs")) {
        if (inputs_seen_) return invalid_argument("\"inputs\" is given twice");
        inputs_seen_ = true;
        TRY_STATUS(read_inputs(value));
      } else if (key_is(key, "id")) {
        std::string_view id;
        TRY_STATUS(get_string(value, "\"id\"", id));
        plan_.id = id;
        plan_.has_id = true;
      } else if (key_is(key, "outputs")) {
        TRY_STATUS(read_outputs(value));
      } else if (key_is(key, "parameters")) {
        TRY_STATUS(read_bool_parameter(value, "binary_data_output", binary_output_));
      }
    }
    return {};
  }

  /// One boolean of an object of parameters; the others are for other servers.
  Status read_bool_parameter(ondemand::value& value, std::string_view name, bool& truth) {
    ondemand::object parameters;
    TRY_STATUS(get_object(value, "\"parameters\"", parameters));
    for (auto entry : parameters) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), name)) TRY_STATUS(get_bool(field.value(), name, truth));
    }
    return {};
  }

  Status read_inputs(ondemand::value& value) {
    ondemand::array array;
    TRY_STATUS(get_array(value, "\"inputs\"", array));
    for (auto element : array) {
      ondemand::value item;
      if (const auto error = element.get(item)) return json_.syntax_error(error);
      if (count_ > columns()) {
        return invalid_argument(
            fmt::format("too many input tensors: the model has {} columns", columns()));
      }
      if (tensors_.size() == count_) tensors_.emplace_back();
      Tensor& tensor = tensors_[count_++];
      TRY_STATUS(read_tensor(item, tensor));
    }
    return {};
  }

  Status read_tensor(ondemand::value& value, Tensor& tensor) {
    tensor.name.clear();
    tensor.rank = 0;
    tensor.is_binary = false;
    tensor.has_data = false;
    bool has_name = false;
    bool has_type = false;
    bool has_shape = false;
    ondemand::object object;
    TRY_STATUS(get_object(value, "an element of \"inputs\"", object));
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      const ondemand::raw_json_string key = field.key();
      std::string_view text;
      if (key_is(key, "name")) {
        TRY_STATUS(get_string(field.value(), "\"name\"", text));
        tensor.name = text;
        has_name = true;
      } else if (key_is(key, "datatype")) {
        TRY_STATUS(get_string(field.value(), "\"datatype\"", text));
        const auto dtype = dtype_from_oip_name(text);
        if (!dtype) {
          return invalid_argument(
              fmt::format("unknown datatype {}; expected one of {}", in_quotes(text), kDataTypes));
        }
        tensor.dtype = *dtype;
        has_type = true;
      } else if (key_is(key, "shape")) {
        if (has_shape) return invalid_argument("\"shape\" is given twice");
        TRY_STATUS(read_shape(field.value(), tensor));
        has_shape = true;
      } else if (key_is(key, "parameters")) {
        TRY_STATUS(read_tensor_parameters(field.value(), tensor));
      } else if (key_is(key, "data")) {
        if (tensor.has_data) return invalid_argument("\"data\" is given twice");
        tensor.has_data = true;
      }
    }
    if (!has_name) return invalid_argument("an element of \"inputs\" has no \"name\"");
    const auto missing = [&](std::string_view what) {
      return invalid_argument(fmt::format("input {} has no {}", in_quotes(tensor.name), what));
    };
    if (!has_type) return missing("\"datatype\"");
    if (!has_shape) return missing("\"shape\"");
    if (!tensor.has_data && !tensor.is_binary) return missing("\"data\"");
    if (tensor.has_data && tensor.is_binary) {
      return invalid_argument(fmt::format("input {} has both \"data\" and \"binary_data_size\"",
                                          in_quotes(tensor.name)));
    }
    return {};
  }

  Status read_shape(ondemand::value& value, Tensor& tensor) {
    ondemand::array array;
    TRY_STATUS(get_array(value, "\"shape\"", array));
    for (auto element : array) {
      ondemand::value item;
      if (const auto error = element.get(item)) return json_.syntax_error(error);
      if (tensor.rank == 2) {
        return invalid_argument("\"shape\": expected one or two dimensions, got more");
      }
      uint64_t dimension = 0;
      if (item.get_uint64().get(dimension) != simdjson::SUCCESS) {
        return invalid_argument("\"shape\": expected whole numbers from 0 on, got " +
                                describe(item));
      }
      tensor.dims[tensor.rank++] = dimension;
    }
    if (tensor.rank == 0) return invalid_argument("\"shape\": expected one or two dimensions");
    return {};
  }

  Status read_tensor_parameters(ondemand::value& value, Tensor& tensor) {
    ondemand::object parameters;
    TRY_STATUS(get_object(value, "\"parameters\"", parameters));
    for (auto entry : parameters) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      const ondemand::raw_json_string key = field.key();
      if (key_is(key, "binary_data_size")) {
        if (field.value().get_uint64().get(tensor.binary_bytes) != simdjson::SUCCESS) {
          return invalid_argument("\"binary_data_size\": expected a whole number from 0 on");
        }
        tensor.is_binary = true;
      } else if (key_is(key, "shared_memory_region")) {
        return unimplemented("tensors in shared memory are not supported");
      }
    }
    return {};
  }

  Status read_outputs(ondemand::value& value) {
    ondemand::array array;
    TRY_STATUS(get_array(value, "\"outputs\"", array));
    for (auto element : array) {
      ondemand::value item;
      if (const auto error = element.get(item)) return json_.syntax_error(error);
      ondemand::object object;
      TRY_STATUS(get_object(item, "an element of \"outputs\"", object));
      std::optional<uint32_t> index;
      bool binary = false;
      bool says_binary = false;
      for (auto entry : object) {
        ondemand::field field;
        if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
        if (key_is(field.key(), "name")) {
          index = TRY(read_output_name(field.value()));
        } else if (key_is(field.key(), "parameters")) {
          TRY_STATUS(read_output_parameters(field.value(), binary, says_binary));
        }
      }
      if (!index) return invalid_argument("an element of \"outputs\" has no \"name\"");
      if ((wanted_ >> *index & 1U) != 0) {
        return invalid_argument(fmt::format("output {} is asked for twice",
                                            in_quotes(signature_.outputs[*index].name)));
      }
      wanted_ |= OutputMask{1} << *index;
      plan_.outputs.push_back({*index, binary});
      if (!says_binary) undecided_ |= OutputMask{1} << *index;
    }
    return {};
  }

  Result<uint32_t> read_output_name(ondemand::value& value) {
    std::string_view name;
    TRY_STATUS(get_string(value, "\"name\"", name));
    if (const auto index = signature_.find_output(name)) return *index;
    std::string names;
    for (const OutputSpec& output : signature_.outputs) {
      names += (names.empty() ? "" : ", ") + output.name;
    }
    return invalid_argument(
        fmt::format("unknown output {}; the model has: {}", in_quotes(name), names));
  }

  Status read_output_parameters(ondemand::value& value, bool& binary, bool& says_binary) {
    ondemand::object parameters;
    TRY_STATUS(get_object(value, "\"parameters\"", parameters));
    for (auto entry : parameters) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "binary_data")) {
        TRY_STATUS(get_bool(field.value(), "\"binary_data\"", binary));
        says_binary = true;
      } else if (key_is(field.key(), "classification")) {
        return unimplemented("the classification extension is not supported");
      }
    }
    return {};
  }

  void end_outputs() {
    if (plan_.outputs.empty()) {
      plan_.outputs.push_back({signature_.default_output, binary_output_});
      wanted_ = OutputMask{1} << signature_.default_output;
      return;
    }
    for (RequestedOutput& output : plan_.outputs) {
      if ((undecided_ >> output.index & 1U) != 0) output.binary = binary_output_;
    }
  }

  // ---- between the passes: which tensor is what, and how many rows there are

  std::optional<uint32_t> find_column(std::string_view name) const {
    if (places_.empty()) return signature_.find_column(name);
    const auto place = places_.find(name);
    return place == places_.end() ? std::nullopt : std::optional(place->second);
  }

  Status assign_tensors() {
    seen_.assign(columns(), 0);
    bool by_column = signature_.columns_named || count_ > 1;
    const std::optional<ColumnType> type = signature_.uniform_type();
    const bool matrix_possible = count_ == 1 && type.has_value();
    if (matrix_possible && (!by_column || !find_column(tensors()[0].name) || columns() == 1)) {
      by_column = false;
    }
    matrix_ = !by_column && matrix_possible;
    if (matrix_) {
      matrix_type_ = *type;
      TRY_STATUS(check_matrix(tensors()[0]));
    } else {
      for (Tensor& tensor : tensors()) TRY_STATUS(check_column(tensor));
      for (size_t i = 0; i < columns(); ++i) {
        if (seen_[i] == 0 && signature_.columns[i].is_used) {
          return invalid_argument(
              fmt::format("input {} is missing; expected one tensor for each "
                          "of the {} columns",
                          in_quotes(signature_.columns[i].name), columns()));
        }
      }
    }
    const uint64_t rows = tensors()[0].dims[0];
    // Each cell takes at least one byte of the body, so a shape cannot take memory by itself.
    const size_t cells_in_row = matrix_ ? std::max<size_t>(columns(), 1) : count_;
    if (rows > (body_.json.size() + body_.binary.size()) / cells_in_row ||
        rows > kCellsMax / std::max<size_t>(columns(), 1)) {
      return invalid_argument(
          fmt::format("input {}: the shape says {} rows, more than the body holds",
                      in_quotes(tensors()[0].name), rows));
    }
    input_.reset(rows, columns(), signature_.matrices);
    return {};
  }

  Status check_type(const Tensor& tensor, ColumnType type) const {
    const bool is_text = type != ColumnType::kNumber;
    if ((tensor.dtype == DType::kString) == is_text) return {};
    return invalid_argument(fmt::format("input {}: expected {}, got {}", in_quotes(tensor.name),
                                        is_text ? "BYTES" : "a datatype of numbers",
                                        oip_name(tensor.dtype)));
  }

  static std::string shape_text(const Tensor& tensor) {
    return tensor.rank == 1 ? fmt::format("[{}]", tensor.dims[0])
                            : fmt::format("[{}, {}]", tensor.dims[0], tensor.dims[1]);
  }

  Status check_matrix(const Tensor& tensor) const {
    TRY_STATUS(check_type(tensor, matrix_type_));
    const bool fits = tensor.rank == 2 ? tensor.dims[1] == columns() : columns() == 1;
    if (fits) return {};
    return invalid_argument(fmt::format("input {}: expected shape [rows, {}], got {}{}",
                                        in_quotes(tensor.name), columns(), shape_text(tensor),
                                        tensor.rank == 1 ? "; one row is [1, n]" : ""));
  }

  Status check_column(Tensor& tensor) {
    const auto column = find_column(tensor.name);
    if (!column) {
      return invalid_argument(fmt::format("unknown input {}{}", in_quotes(tensor.name),
                                          column_hint(signature_, tensor.name)));
    }
    if (seen_[*column] != 0) {
      return invalid_argument(fmt::format("input {} is given twice", in_quotes(tensor.name)));
    }
    seen_[*column] = 1;
    tensor.column = *column;
    if (signature_.columns[*column].is_used) {
      TRY_STATUS(check_type(tensor, signature_.columns[*column].type));
    }
    if (tensor.rank == 2 && tensor.dims[1] != 1) {
      return invalid_argument(
          fmt::format("input {} is one column: expected shape [rows] or [rows, 1], got {}",
                      in_quotes(tensor.name), shape_text(tensor)));
    }
    if (tensor.dims[0] != tensors()[0].dims[0]) {
      return invalid_argument(fmt::format("input {} has {} rows, but {} has {}",
                                          in_quotes(tensor.name), tensor.dims[0],
                                          in_quotes(tensors()[0].name), tensors()[0].dims[0]));
    }
    return {};
  }

  // ---- the second pass: the data

  /// A column that nothing depends on may hold anything.
  bool is_passed_over(const Tensor& tensor) const {
    return !matrix_ && !signature_.columns[tensor.column].is_used;
  }

  Place place_of(const Tensor& tensor) {
    const size_t rows = input_.rows();
    if (matrix_) return {input_, 0, 1, rows * columns(), columns(), matrix_type_, nested_};
    const ColumnType type = signature_.columns[tensor.column].type;
    return {input_, tensor.column, columns(), rows, 1, type, nested_};
  }

  static Status name_tensor(Status status, const Tensor& tensor) {
    return std::move(status).with_context("input " + in_quotes(tensor.name));
  }

  Status read_data() {
    TRY_STATUS(read_binary());
    if (std::ranges::none_of(tensors(), [](const Tensor& tensor) { return tensor.has_data; })) {
      return {};
    }
    ondemand::object top;
    TRY_STATUS(object_at_top(top));
    for (auto entry : top) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!key_is(field.key(), "inputs")) continue;
      ondemand::array array;
      TRY_STATUS(get_array(field.value(), "\"inputs\"", array));
      size_t index = 0;
      for (auto element : array) {
        ondemand::object object;
        if (const auto error = element.get_object().get(object)) return json_.syntax_error(error);
        TRY_STATUS(read_tensor_data(object, tensors()[index++]));
      }
    }
    return {};
  }

  Status read_tensor_data(ondemand::object& object, const Tensor& tensor) {
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!key_is(field.key(), "data") || is_passed_over(tensor)) continue;
      Status status = read_json_data(json_, field.value(), tensor, place_of(tensor));
      if (status.ok()) continue;
      return json_.failed_on_syntax() ? std::move(status) : name_tensor(std::move(status), tensor);
    }
    return {};
  }

  Status read_binary() {
    std::string_view rest = body_.binary;
    for (const Tensor& tensor : tensors()) {
      if (!tensor.is_binary) continue;
      if (tensor.binary_bytes > rest.size()) {
        return name_tensor(invalid_argument(fmt::format(
                               "its binary_data_size is {}, but only {} bytes follow the JSON",
                               tensor.binary_bytes, rest.size())),
                           tensor);
      }
      Status status = is_passed_over(tensor) ? Status()
                                             : read_binary_data(rest.substr(0, tensor.binary_bytes),
                                                                tensor, place_of(tensor));
      if (!status.ok()) return name_tensor(std::move(status), tensor);
      rest.remove_prefix(tensor.binary_bytes);
    }
    if (rest.empty()) return {};
    return invalid_argument(
        fmt::format("{} bytes follow the JSON that no input claims", rest.size()));
  }

  const Body& body_;
  const Signature& signature_;
  const std::unordered_map<std::string_view, uint32_t>& places_;
  JsonInput& json_;
  JsonInput& nested_;
  std::vector<Tensor>& tensors_;  // the first count_ are in use
  std::vector<uint64_t>& seen_;
  InputBuffer& input_;
  AnswerPlan& plan_;
  OutputMask& wanted_;
  OutputMask undecided_ = 0;  // outputs that do not say whether they want to be binary
  size_t count_ = 0;
  bool binary_output_ = false;
  bool inputs_seen_ = false;
  bool matrix_ = false;
  ColumnType matrix_type_ = ColumnType::kNumber;
};

}  // namespace

Result<Body> split_body(std::string_view body, std::string_view header_length) {
  if (header_length.data() == nullptr) return Body{body, {}};
  uint64_t length = 0;
  const char* end = header_length.data() + header_length.size();
  const auto [place, error] = std::from_chars(header_length.data(), end, length);
  if (error != std::errc() || place != end || length > body.size()) {
    return invalid_argument(
        fmt::format("Inference-Header-Content-Length: expected the length of the JSON part, at "
                    "most {}, got {}",
                    body.size(), in_quotes(header_length)));
  }
  if (length == 0) {
    return unimplemented(
        "raw binary requests (Inference-Header-Content-Length: 0) are not "
        "supported; send the JSON header");
  }
  return Body{body.substr(0, length), body.substr(length)};
}

Status read_request(const Body& body, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, AnswerPlan& plan,
                    OutputMask& wanted) {
  RequestReader reader(body, signature, column_places, buffers, input, plan, wanted);
  return read_json(buffers.json, body.json, [&] { return reader.read(); });
}

}  // namespace slipway::protocols::kserve_v2
