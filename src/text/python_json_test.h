// tests/data/text/python.json: what Python makes of texts. For tests only.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace slipway::text {

/// The document, which lives as long as the program.
inline simdjson::dom::element python_json() {
  static simdjson::dom::parser parser;
  static const simdjson::dom::element document = [] {
    simdjson::dom::element made;
    const auto error =
        parser.load(std::string(SLIPWAY_TEST_DATA_DIR) + "/text/python.json").get(made);
    EXPECT_EQ(error, simdjson::SUCCESS);
    return made;
  }();
  return document;
}

inline simdjson::dom::array array_of(simdjson::dom::element value) {
  return value.get_array().value();
}

inline std::string string_of(simdjson::dom::element value) {
  return std::string(value.get_string().value());
}

}  // namespace slipway::text
