// MODEL_CARD.md: a model described for people (Mitchell et al., "Model Cards for Model Reporting",
// 2019), from what its bundle says of it.
//
// Thread rule: pure function.
#pragma once

#include <string>
#include <string_view>

#include "formats/read_report.h"

namespace slipway::cli {

struct CardFacts {
  std::string_view name;
  std::string_view version;
  const formats::ReadReport* report = nullptr;  // not null, with a graph
  std::string_view details;                     // the JSON object of PackRequest, or empty
  size_t sample_rows = 0;
  bool has_profile = false;
};

/// Markdown. Texts of the model's file are escaped.
std::string model_card(const CardFacts& facts);

}  // namespace slipway::cli
