#include "protocols/tf_serving/config_list.h"

#include <fmt/format.h>

#include "protocols/internal/proto_fields.h"

namespace slipway::protocols::tf_serving {
namespace {

/// A text of protobuf's text format: every byte that could end it is escaped.
void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

Status append_text(std::string& out, std::string_view name, std::string_view text) {
  TRY_STATUS(check_utf8(text, name));
  out += fmt::format(" {}: ", name);
  append_quoted(out, text);
  return {};
}

/// ServableVersionPolicy.Specific: numbers one by one, or packed.
Status append_specific(std::string& out, std::string_view message) {
  out += " specific {";
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kVarint)) {
      out += fmt::format(" versions: {}", static_cast<int64_t>(fields.varint()));
    } else if (fields.is(1, ProtoFields::kBytes)) {
      const std::string_view bytes = fields.bytes();
      const auto size = static_cast<int>(bytes.size());
      google::protobuf::io::CodedInputStream packed(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                    size);
      while (packed.CurrentPosition() < size) {
        uint64_t version = 0;
        if (!packed.ReadVarint64(&version)) return invalid_argument("versions: malformed");
        out += fmt::format(" versions: {}", static_cast<int64_t>(version));
      }
    }
  }
  out += " }";
  return fields.status("specific");
}

Status append_latest(std::string& out, std::string_view message) {
  out += " latest {";
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kVarint))
      out += fmt::format(" num_versions: {}", fields.varint());
  }
  out += " }";
  return fields.status("latest");
}

Status append_policy(std::string& out, std::string_view message) {
  out += " model_version_policy {";
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(100, ProtoFields::kBytes)) TRY_STATUS(append_latest(out, fields.bytes()));
    if (fields.is(101, ProtoFields::kBytes)) out += " all {}";
    if (fields.is(102, ProtoFields::kBytes)) TRY_STATUS(append_specific(out, fields.bytes()));
  }
  out += " }";
  return fields.status("model_version_policy");
}

Status append_label(std::string& out, std::string_view message) {
  std::string_view key;
  int64_t value = 0;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kBytes)) key = fields.bytes();
    if (fields.is(2, ProtoFields::kVarint)) value = static_cast<int64_t>(fields.varint());
  }
  TRY_STATUS(fields.status("version_labels"));
  out += " version_labels {";
  TRY_STATUS(append_text(out, "key", key));
  out += fmt::format(" value: {} }}", value);
  return {};
}

Status append_model(std::string& out, std::string_view message) {
  out += " config {";
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kBytes)) TRY_STATUS(append_text(out, "name", fields.bytes()));
    if (fields.is(2, ProtoFields::kBytes)) {
      TRY_STATUS(append_text(out, "base_path", fields.bytes()));
    }
    if (fields.is(7, ProtoFields::kBytes)) TRY_STATUS(append_policy(out, fields.bytes()));
    if (fields.is(8, ProtoFields::kBytes)) TRY_STATUS(append_label(out, fields.bytes()));
  }
  out += " }";
  return fields.status("config");
}

}  // namespace

Result<std::string> read_config_list(std::string_view request) {
  std::string out;
  bool is_list = false;
  ProtoFields fields(request);
  while (fields.next()) {
    if (!fields.is(1, ProtoFields::kBytes)) continue;
    ProtoFields config(fields.bytes());
    while (config.next()) {
      if (config.is(2, ProtoFields::kBytes)) is_list = false;  // custom_model_config
      if (!config.is(1, ProtoFields::kBytes)) continue;
      is_list = true;
      out += "model_config_list {";
      ProtoFields list(config.bytes());
      while (list.next()) {
        if (list.is(1, ProtoFields::kBytes)) TRY_STATUS(append_model(out, list.bytes()));
      }
      TRY_STATUS(list.status("model_config_list"));
      out += " }\n";
    }
    TRY_STATUS(config.status("config"));
  }
  TRY_STATUS(fields.status("the request"));
  if (is_list) return out;
  return invalid_argument(
      "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is "
      "currently supported");
}

}  // namespace slipway::protocols::tf_serving
