#include "protocols/kserve_v2/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocols/internal/closest.h"
#include "protocols/kserve_v2/input_mapping.h"
#include "protocols/kserve_v2/tensor_data.h"

namespace slipway::protocols::kserve_v2 {
namespace {

class RequestReader {
 public:
  RequestReader(const Body& body, const ModelInputs& model, ReadBuffers& buffers,
                InputBuffer& input, AnswerPlan& plan, OutputMask& wanted)
      : body_(body),
        model_(model),
        signature_(model.signature),
        json_(buffers.json),
        tensors_(buffers.tensors),
        shared_bytes_(buffers.shared),
        plan_(plan),
        mapping_(model, buffers, input),
        outputs_(model, plan, wanted) {}
  ~RequestReader() {
    if (has_shared_) release_shared(tensors(), shared_bytes_);
  }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  Status read() {
    TRY_STATUS(read_head());
    TRY_STATUS(json_.check_end());
    if (count_ == 0) {
      return invalid_argument("\"inputs\" is missing or empty; expected at least one tensor");
    }
    outputs_.finish(binary_output_);
    size_t bytes = body_.json.size() + body_.binary.size();
    if (has_shared_) bytes += TRY(shared_bytes_of(tensors(), model_));
    TRY_STATUS(mapping_.assign(tensors(), bytes));
    json_.rewind();
    return read_data();
  }

 private:
  std::span<Tensor> tensors() { return std::span(tensors_).first(count_); }

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

  Status get_count(ondemand::value& value, std::string_view what, uint64_t& count) {
    const auto error = value.get_uint64().get(count);
    if (error == simdjson::SUCCESS) return {};
    if (error != simdjson::INCORRECT_TYPE && error != simdjson::NUMBER_ERROR &&
        error != simdjson::NUMBER_OUT_OF_RANGE) {
      return json_.syntax_error(error);
    }
    return invalid_argument(
        fmt::format("{}: expected a whole number from 0 on, got {}", what, describe(value)));
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
        TRY_STATUS(read_parameters(value));
      }
    }
    return {};
  }

  /// The parameters of the request; those not named here are for other servers.
  Status read_parameters(ondemand::value& value) {
    ondemand::object parameters;
    TRY_STATUS(get_object(value, "\"parameters\"", parameters));
    for (auto entry : parameters) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "binary_data_output")) {
        TRY_STATUS(get_bool(field.value(), "binary_data_output", binary_output_));
      } else if (key_is(field.key(), "timeout")) {
        TRY_STATUS(get_count(field.value(), "timeout", plan_.urgency.timeout_us));
      } else if (key_is(field.key(), "priority")) {
        uint64_t priority = 0;
        TRY_STATUS(get_count(field.value(), "priority", priority));
        plan_.urgency.priority = known_priority(priority);
      }
    }
    return {};
  }

  Status read_inputs(ondemand::value& value) {
    ondemand::array array;
    TRY_STATUS(get_array(value, "\"inputs\"", array));
    for (auto element : array) {
      ondemand::value item;
      if (const auto error = element.get(item)) return json_.syntax_error(error);
      TRY_STATUS(check_tensor_count(count_, signature_));
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
    tensor.shared = {};
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
        tensor.dtype = TRY(parse_datatype(text));
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
    const int sources = tensor.has_data + tensor.is_binary + static_cast<bool>(tensor.shared);
    if (sources == 0) return missing("\"data\"");
    if (sources == 1) return {};
    return invalid_argument(
        fmt::format("input {} has more than one of \"data\", \"binary_data_size\" and "
                    "\"shared_memory_region\"",
                    in_quotes(tensor.name)));
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
    SharedPlace place;
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
      } else {
        TRY_STATUS(read_shared_place(field, place));
      }
    }
    if (!place.region) return {};
    tensor.shared = TRY(place.slice(model_));
    has_shared_ = true;
    return {};
  }

  /// One of the parameters that say where in shared memory a tensor lies, or another one.
  Status read_shared_place(ondemand::field& field, SharedPlace& place) {
    const ondemand::raw_json_string key = field.key();
    if (key_is(key, "shared_memory_region")) {
      std::string_view name;
      TRY_STATUS(get_string(field.value(), "\"shared_memory_region\"", name));
      place.region = name;
    } else if (key_is(key, "shared_memory_byte_size")) {
      TRY_STATUS(get_count(field.value(), "shared_memory_byte_size", place.bytes));
    } else if (key_is(key, "shared_memory_offset")) {
      TRY_STATUS(get_count(field.value(), "shared_memory_offset", place.offset));
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
      TRY_STATUS(read_output(object));
    }
    return {};
  }

  Status read_output(ondemand::object& object) {
    std::optional<uint32_t> index;
    OutputForm form;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "name")) {
        std::string_view name;
        TRY_STATUS(get_string(field.value(), "\"name\"", name));
        index = TRY(outputs_.find(name));
      } else if (key_is(field.key(), "parameters")) {
        TRY_STATUS(read_output_parameters(field.value(), form));
      }
    }
    if (!index) return invalid_argument("an element of \"outputs\" has no \"name\"");
    return outputs_.add(*index, form);
  }

  Status read_output_parameters(ondemand::value& value, OutputForm& form) {
    ondemand::object parameters;
    TRY_STATUS(get_object(value, "\"parameters\"", parameters));
    for (auto entry : parameters) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "binary_data")) {
        bool truth = false;
        TRY_STATUS(get_bool(field.value(), "\"binary_data\"", truth));
        form.binary = truth;
      } else if (key_is(field.key(), "classification")) {
        TRY_STATUS(get_count(field.value(), "classification", form.classes));
      } else {
        TRY_STATUS(read_shared_place(field, form.shared));
      }
    }
    return {};
  }

  // ---- the second pass: the data

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
      if (!key_is(field.key(), "data") || mapping_.is_passed_over(tensor)) continue;
      Status status = read_json_data(json_, field.value(), tensor, mapping_.place_of(tensor));
      if (status.ok()) continue;
      return json_.failed_on_syntax() ? std::move(status) : name_tensor(std::move(status), tensor);
    }
    return {};
  }

  Status read_binary() {
    std::string_view rest = body_.binary;
    for (const Tensor& tensor : tensors()) {
      if (tensor.shared && !mapping_.is_passed_over(tensor)) {
        Status status = tensor.shared.read(shared_bytes_);
        if (status.ok())
          status = read_binary_data(shared_bytes_, tensor, mapping_.place_of(tensor));
        if (!status.ok()) return name_tensor(std::move(status), tensor);
      }
      if (!tensor.is_binary) continue;
      if (tensor.binary_bytes > rest.size()) {
        return name_tensor(invalid_argument(fmt::format(
                               "its binary_data_size is {}, but only {} bytes follow the JSON",
                               tensor.binary_bytes, rest.size())),
                           tensor);
      }
      Status status = mapping_.is_passed_over(tensor)
                          ? Status()
                          : read_binary_data(rest.substr(0, tensor.binary_bytes), tensor,
                                             mapping_.place_of(tensor));
      if (!status.ok()) return name_tensor(std::move(status), tensor);
      rest.remove_prefix(tensor.binary_bytes);
    }
    if (rest.empty()) return {};
    return invalid_argument(
        fmt::format("{} bytes follow the JSON that no input claims", rest.size()));
  }

  const Body& body_;
  const ModelInputs model_;
  const Signature& signature_;
  JsonInput& json_;
  std::vector<Tensor>& tensors_;  // the first count_ are in use
  std::string& shared_bytes_;
  AnswerPlan& plan_;
  InputMapping mapping_;
  OutputChoice outputs_;
  bool has_shared_ = false;
  size_t count_ = 0;
  bool binary_output_ = false;
  bool inputs_seen_ = false;
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
  return Body{body.substr(0, length), body.substr(length)};
}

Status read_request(const Body& body, const ModelInputs& model, ReadBuffers& buffers,
                    InputBuffer& input, AnswerPlan& plan, OutputMask& wanted) {
  return read_json(buffers.json, body.json,
                   [&] { return RequestReader(body, model, buffers, input, plan, wanted).read(); });
}

Status read_raw_request(std::string_view body, const ModelInputs& model, ReadBuffers& buffers,
                        InputBuffer& input, AnswerPlan& plan, OutputMask& wanted) {
  OutputChoice(model, plan, wanted).finish(true);
  const size_t columns = model.signature.columns.size();
  const std::optional<ColumnType> type = model.signature.uniform_type();
  const bool is_text = type != ColumnType::kNumber;
  if (!type.has_value() || (is_text && columns != 1)) {
    return invalid_argument(
        "a body without a JSON header is for models whose columns are all numbers, or that have "
        "one column");
  }
  const size_t row_bytes = is_text ? body.size() : columns * sizeof(double);
  if (!is_text && body.size() % row_bytes != 0) {
    return invalid_argument(
        fmt::format("a body without a JSON header holds rows of {} FP64 values: expected a "
                    "multiple of {} bytes, got {}",
                    columns, row_bytes, body.size()));
  }
  if (buffers.tensors.empty()) buffers.tensors.emplace_back();
  Tensor& tensor = buffers.tensors[0];
  tensor.name.clear();
  tensor.dtype = is_text ? DType::kString : DType::kFloat64;
  tensor.dims[0] = body.empty() ? 0 : body.size() / row_bytes;
  tensor.dims[1] = columns;
  tensor.rank = 2;
  InputMapping mapping(model, buffers, input);
  TRY_STATUS(mapping.assign(std::span(&tensor, 1), body.size()));
  if (body.empty()) return {};  // no rows: for inference to refuse
  const Place place = mapping.place_of(tensor);
  return is_text ? store_text(body, 0, place) : read_binary_data(body, tensor, place);
}

}  // namespace slipway::protocols::kserve_v2
