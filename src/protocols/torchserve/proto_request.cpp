#include "protocols/torchserve/proto_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/internal/proto_fields.h"

namespace slipway::protocols::torchserve {
namespace {

constexpr size_t kInputsMax = 1000;  // each is looked for among those before it
constexpr std::string_view kSequenceStart = "ts_request_sequence_start";
constexpr auto kVarint = ProtoFields::kVarint;
constexpr auto kBytes = ProtoFields::kBytes;

/// Of a field of int32; what is not above zero is as if it was not there.
int32_t positive(uint64_t varint, int32_t otherwise) {
  const auto value = static_cast<int32_t>(static_cast<uint32_t>(varint));
  return value > 0 ? value : otherwise;
}

Status take_text(const ProtoFields& fields, std::string_view what, std::string_view& text) {
  TRY_STATUS(check_utf8(fields.bytes(), what));
  text = fields.bytes();
  return {};
}

Status take_text(const ProtoFields& fields, std::string_view what, std::string& text) {
  std::string_view view;
  TRY_STATUS(take_text(fields, what, view));
  text = view;
  return {};
}

/// An entry of map<string, bytes>. Of equal keys the last one counts.
Status read_input(std::string_view entry, Fields& input) {
  Field field;
  ProtoFields fields(entry);
  while (fields.next()) {
    if (fields.is(1, kBytes)) TRY_STATUS(take_text(fields, "a name in input", field.name));
    if (fields.is(2, kBytes)) field.value = fields.bytes();
  }
  TRY_STATUS(fields.status("input"));
  const auto same = std::ranges::find(input.all, field.name, &Field::name);
  if (same != input.all.end()) {
    *same = field;
    return {};
  }
  if (input.all.size() == kInputsMax) {
    return resource_exhausted(fmt::format("the request has more than {} inputs", kInputsMax));
  }
  input.all.push_back(field);
  return {};
}

bool is_true(std::string_view text) {
  constexpr std::string_view kTrue = "true";
  return text.size() == kTrue.size() &&
         std::ranges::equal(text, kTrue, [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

Status read_predictions_request(std::string_view message, PredictionsRequest& request) {
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, kBytes)) TRY_STATUS(take_text(fields, "model_name", request.model_name));
    if (fields.is(2, kBytes)) TRY_STATUS(take_text(fields, "model_version", request.model_version));
    if (fields.is(3, kBytes)) TRY_STATUS(read_input(fields.bytes(), request.input));
    if (fields.is(4, kBytes)) TRY_STATUS(take_text(fields, "sequence_id", request.sequence_id));
  }
  TRY_STATUS(fields.status("the request"));
  // What steers a sequence is no data.
  std::erase_if(request.input.all, [&](const Field& field) {
    if (field.name == kSequenceStart) request.starts_sequence = is_true(field.value);
    return field.name.starts_with("ts_request_sequence_");
  });
  return {};
}

Status read_list_request(std::string_view message, ListRequest& request) {
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, kVarint)) request.limit = positive(fields.varint(), 100);
    if (fields.is(2, kVarint)) request.page_token = positive(fields.varint(), 0);
  }
  return fields.status("the request");
}

Status read_register_message(std::string_view message, RegisterRequest& request) {
  request = RegisterRequest();
  request.synchronous = false;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(5, kBytes)) TRY_STATUS(take_text(fields, "model_name", request.model_name));
    if (fields.is(7, kBytes)) TRY_STATUS(take_text(fields, "runtime", request.runtime));
    if (fields.is(9, kBytes)) TRY_STATUS(take_text(fields, "url", request.url));
    if (fields.kind() != kVarint) continue;
    const uint64_t value = fields.varint();
    switch (fields.number()) {
      case 1: request.batch_size = positive(value, 1); break;
      case 3: request.initial_workers = positive(value, 0); break;
      case 4: request.max_batch_delay = positive(value, 100); break;
      case 6: request.response_timeout = positive(value, 120); break;
      case 8: request.synchronous = value != 0; break;
      case 11: request.startup_timeout = positive(value, 120); break;
      default: break;
    }
  }
  return fields.status("the request");
}

Status read_scale_message(std::string_view message, ScaleRequest& request) {
  request = ScaleRequest();
  int32_t max_workers = 0;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, kBytes)) TRY_STATUS(take_text(fields, "model_name", request.name));
    if (fields.is(2, kBytes)) TRY_STATUS(take_text(fields, "model_version", request.version));
    if (fields.is(3, kVarint)) max_workers = positive(fields.varint(), 0);
    if (fields.is(4, kVarint)) request.min_workers = positive(fields.varint(), 1);
    if (fields.is(6, kVarint)) request.synchronous = fields.varint() != 0;
  }
  request.max_workers = max_workers > 0 ? max_workers : request.min_workers;
  return fields.status("the request");
}

Status read_version_request(std::string_view message, VersionRequest& request) {
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, kBytes)) TRY_STATUS(take_text(fields, "model_name", request.model_name));
    if (fields.is(2, kBytes)) TRY_STATUS(take_text(fields, "model_version", request.model_version));
    if (fields.is(3, kVarint)) request.customized = fields.varint() != 0;
  }
  return fields.status("the request");
}

}  // namespace slipway::protocols::torchserve
