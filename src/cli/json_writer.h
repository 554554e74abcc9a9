// JsonWriter: what commands print with --json. The caller pairs begin() and end().
//
//   json.begin('{');
//   json.key("rows");
//   json.number(3);
//   json.end('}');
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_escape.h"

namespace slipway::cli {

/// Builds one JSON object; values are appended by the caller's functions.
class JsonWriter {
 public:
  void key(std::string_view name) {
    comma();
    append_json_string(text_, name);
    text_ += ':';
    fresh_ = true;
  }
  void string(std::string_view value) {
    comma();
    append_json_string(text_, value);
  }
  void number(uint64_t value) {
    comma();
    text_ += std::to_string(value);
  }
  /// null where JSON has no word for it.
  void real(double value) {
    comma();
    append_json_number(text_, value);
  }
  /// JSON text as it is.
  void raw(std::string_view value) {
    comma();
    text_ += value;
  }
  void boolean(bool value) {
    comma();
    text_ += value ? "true" : "false";
  }
  void begin(char bracket) {
    comma();
    text_ += bracket;
    fresh_ = true;
  }
  void end(char bracket) {
    text_ += bracket;
    fresh_ = false;
  }
  void strings(const std::vector<std::string>& values) {
    begin('[');
    for (const std::string& value : values) string(value);
    end(']');
  }
  const std::string& text() const { return text_; }

 private:
  void comma() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }

  std::string text_;
  bool fresh_ = true;
};

}  // namespace slipway::cli
