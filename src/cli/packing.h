// Packing: a model file with all that is known of it, as a bundle (formats/bundle/slip.h).
//
//   model file, what lies beside it, data --pack_model--> bytes of a .slip
//
// Thread rule: reentrant.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "graph/signature.h"
#include "rows/row_source.h"

namespace slipway::cli {

struct PackRequest {
  std::string name;     // empty: the file's
  std::string version;  // empty: "1"
  std::string select;   // which model, in a file that holds several
  // Opens the rows that sample answers, ranges and categories are taken from; none: samples are
  // made up. What it opens is used before pack_model() returns.
  std::function<Result<std::unique_ptr<rows::RowSource>>(const Signature&)> open_rows = {};
  std::string data_name;  // for messages
  std::string card;       // MODEL_CARD.md; empty: one is made
  std::string details;    // a JSON object: metrics, parameters, training_data, ...
  std::string profile;    // profile.json; empty: told from the rows, if there are any
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
/// The same of a model that is no file yet; `file` is what it is called in the bundle:
/// "model.onnx".
Result<Packed> pack_bytes(const std::string& file, std::string bytes, const PackRequest& request);

}  // namespace slipway::cli
