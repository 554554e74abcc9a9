#include "protocols/tf_serving/rest_examples.h"

#include <fmt/format.h>

#include "protocols/tf_serving/example_rows.h"
#include "protocols/tf_serving/rest_request.h"

namespace slipway::protocols::tf_serving {
namespace {

constexpr size_t kExcerptBytes = 256;

class ExamplesReader {
 public:
  ExamplesReader(std::string_view body, const kserve_v2::ModelInputs& model, ReadBuffers& buffers,
                 InputBuffer& input, std::string& signature_name)
      : body_(body),
        json_(buffers.json),
        rows_(model, buffers, input),
        signature_name_(signature_name) {}

  /// The context first, wherever it stands.
  Status read_body() {
    signature_name_.clear();
    TRY_STATUS(read_fields(true));
    json_.rewind();
    TRY_STATUS(read_fields(false));
    if (!has_examples_) {
      return body_error("When method is classify, key 'examples' is expected and was not found");
    }
    return json_.check_end();
  }

 private:
  Status body_error(std::string_view what) const {
    return invalid_argument(fmt::format("JSON Value: {} {}", body_.substr(0, kExcerptBytes), what));
  }

  Status read_fields(bool context) {
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::object) return body_error("Is not object");
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      return json_.syntax_error(error);
    }
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (context && key_is(field.key(), "signature_name")) {
        std::string_view name;
        if (field.value().get_string().get(name) != simdjson::SUCCESS) {
          return body_error(
              "not formatted correctly. 'signature_name' key must be a string value.");
        }
        signature_name_ = name;
      } else if (context && key_is(field.key(), "context")) {
        rows_.begin_context();
        TRY_STATUS(read_example(field.value()));
      } else if (!context && key_is(field.key(), "examples")) {
        TRY_STATUS(read_list(field.value()));
      }
    }
    return {};
  }

  Status read_list(ondemand::value& value) {
    ondemand::array examples;
    if (value.get_array().get(examples) != simdjson::SUCCESS) {
      return body_error("Expecting 'examples' value to be an list/array");
    }
    if (has_examples_) return body_error("'examples' is given twice");
    for (auto element : examples) {
      ondemand::value example;
      if (const auto error = element.get(example)) return json_.syntax_error(error);
      has_examples_ = true;
      TRY_STATUS(rows_.begin_example());
      TRY_STATUS(read_example(example));
      TRY_STATUS(rows_.finish_example());
    }
    return has_examples_ ? Status() : body_error("'examples' value is an empty array");
  }

  Status read_example(ondemand::value& value) {
    ondemand::object object;
    const auto failed = value.get_object().get(object);
    if (failed == simdjson::INCORRECT_TYPE) {
      return invalid_argument(
          fmt::format("Example must be JSON object but got JSON {}", json_kind(value)));
    }
    if (failed) return json_.syntax_error(failed);
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      name_ = name.substr(0, kExcerptBytes);
      TRY_STATUS(rows_.begin_feature(name));
      TRY_STATUS(read_feature(field.value()));
      TRY_STATUS(rows_.end_feature());
    }
    return {};
  }

  Status read_feature(ondemand::value& value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::array) return read_value(value);
    ondemand::array values;
    if (const auto error = value.get_array().get(values)) return json_.syntax_error(error);
    for (auto element : values) {
      ondemand::value item;
      if (const auto error = element.get(item)) return json_.syntax_error(error);
      TRY_STATUS(read_value(item));
    }
    return {};
  }

  Status read_value(ondemand::value& value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    switch (type) {
      case ondemand::json_type::number:
      case ondemand::json_type::boolean: {
        double number = 0;
        TRY_STATUS(read_number(json_, value, number));
        return rows_.number(number);
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return json_.syntax_error(error);
        return rows_.text(text);
      }
      case ondemand::json_type::null:  // a bare NaN
        if (json_.was_nan(value.raw_json_token().data())) return rows_.missing();
        break;
      case ondemand::json_type::object:
        if (TRY(read_base64(json_, value, decoded_))) return rows_.text(decoded_);
        return unexpected("Object");
      case ondemand::json_type::array: break;
    }
    return unexpected(json_kind(value));
  }

  Status unexpected(std::string_view kind) const {
    return invalid_argument(
        fmt::format("Feature: {} has element with unexpected JSON type: {}", name_, kind));
  }

  const std::string_view body_;
  JsonInput& json_;
  ExampleRows rows_;
  std::string& signature_name_;
  bool has_examples_ = false;
  std::string name_;  // of the feature
  std::string decoded_;
};

}  // namespace

Status read_examples(std::string_view body, const kserve_v2::ModelInputs& model,
                     ReadBuffers& buffers, InputBuffer& input, std::string& signature_name) {
  if (body.empty()) return invalid_argument("JSON Parse error: The document is empty");
  Status status = read_json(buffers.json, body, [&] {
    return ExamplesReader(body, model, buffers, input, signature_name).read_body();
  });
  if (status.ok() || !buffers.json.failed_on_syntax()) return status;
  return std::move(status).with_context("JSON Parse error");
}

}  // namespace slipway::protocols::tf_serving
