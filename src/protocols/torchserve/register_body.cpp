#include "protocols/torchserve/register_body.h"

#include <limits>

#include "protocols/internal/json.h"
#include "protocols/internal/media_type.h"
#include "protocols/torchserve/form.h"

namespace slipway::protocols::torchserve {
namespace {

struct TextField {
  std::string_view name;
  std::string RegisterRequest::*member;
};
struct NumberField {
  std::string_view name;
  int32_t RegisterRequest::*member;
};

constexpr TextField kTexts[] = {{"url", &RegisterRequest::url},
                                {"model_name", &RegisterRequest::model_name},
                                {"runtime", &RegisterRequest::runtime}};
constexpr NumberField kNumbers[] = {{"batch_size", &RegisterRequest::batch_size},
                                    {"max_batch_delay", &RegisterRequest::max_batch_delay},
                                    {"initial_workers", &RegisterRequest::initial_workers},
                                    {"response_timeout", &RegisterRequest::response_timeout},
                                    {"startup_timeout", &RegisterRequest::startup_timeout}};

Status wrong(std::string message) { return {StatusCode::kDataLoss, std::move(message)}; }

Status read_field(ondemand::field& field, RegisterRequest& request) {
  for (const TextField& text : kTexts) {
    if (!key_is(field.key(), text.name)) continue;
    std::string_view value;
    if (field.value().is_null().value_unsafe()) return {};
    if (field.value().get_string().get(value) != simdjson::SUCCESS) {
      return wrong("Expected a string: " + std::string(text.name));
    }
    request.*text.member = value;
    return {};
  }
  for (const NumberField& number : kNumbers) {
    if (!key_is(field.key(), number.name)) continue;
    int64_t value = 0;
    if (field.value().get_int64().get(value) != simdjson::SUCCESS ||
        value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      return wrong("Expected an int: " + std::string(number.name));
    }
    request.*number.member = static_cast<int32_t>(value);
    return {};
  }
  if (!key_is(field.key(), "synchronous")) return {};
  if (field.value().get_bool().get(request.synchronous) != simdjson::SUCCESS) {
    return wrong("Expected a boolean: synchronous");
  }
  return {};
}

Status read_json(std::string_view body, RegisterRequest& request) {
  JsonInput json;
  if (Status status = json.start(body); !status.ok()) return wrong(status.message());
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return wrong("Expected an object with \"url\"");
  }
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) {
      return wrong(json.syntax_error(error).message());
    }
    TRY_STATUS(read_field(field, request));
  }
  const Status end = json.check_end();
  return end.ok() ? Status() : wrong(end.message());
}

}  // namespace

Status read_register_request(std::string_view content_type, std::string_view query,
                             std::string_view body, RegisterRequest& request) {
  request = RegisterRequest();
  if (names_media_type(content_type, "application/json")) return read_json(body, request);
  const Fields fields = TRY(read_pairs(query));
  for (const TextField& text : kTexts) {
    request.*text.member = fields.find(text.name).value_or(std::string_view());
  }
  for (const NumberField& number : kNumbers) {
    request.*number.member = int_field(fields, number.name, request.*number.member);
  }
  request.synchronous = bool_field(fields, "synchronous", request.synchronous);
  return {};
}

}  // namespace slipway::protocols::torchserve
