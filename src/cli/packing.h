// Packing: a model file with all that is known of it, as a bundle (formats/bundle/slip.h).
//
//   model file, what lies beside it, data --pack_model--> bytes of a .slip
//
// Thread rule: reentrant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::cli {

struct PackRequest {
  std::string name;       // empty: the file's
  std::string version;    // empty: "1"
  std::string select;     // which model, in a file that holds several
  std::string data;       // bytes of CSV or JSON lines: sample rows and ranges come from it
  std::string data_name;  // for messages
  bool data_is_json = false;
  std::vector<std::string> keys;  // columns of `data` that are no feature
  std::string card;               // MODEL_CARD.md; empty: one is made
  std::string details;            // a JSON object: metrics, parameters, training_data, ...
  size_t sample_rows = 20;
  uint64_t model_bytes_max = 4ULL << 30;
};

struct Packed {
  std::string bytes;
  std::string name;
  std::string version;
  size_t sample_rows = 0;
  std::string note;  // why there are no sample rows; else empty
};

/// Errors of reading the model; INVALID_ARGUMENT: what the request says of it cannot be.
Result<Packed> pack_model(const std::string& path, const PackRequest& request);

}  // namespace slipway::cli
