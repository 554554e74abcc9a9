// `slipway pack`: models as bundles.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <sstream>

#include "base/file.h"
#include "base/json_escape.h"
#include "cli/commands.h"
#include "cli/output_file.h"
#include "cli/packing.h"
#include "formats/bundle/slip.h"
#include "rows/csv_reader.h"
#include "rows/row_source.h"

namespace slipway::cli {
namespace {

Result<std::string> read_optional(const std::string& path) {
  if (path.empty()) return std::string();
  return read_file(path, Limits());
}

/// Opens the same rows for each model.
Status set_rows(const PackOptions& options, PackRequest& request) {
  if (options.data.empty()) return {};
  const std::string text = TRY(read_file(options.data, Limits()));
  if (text.empty()) return invalid_argument(fmt::format("{} is empty", options.data));
  const bool is_json = rows::holds_json_rows(options.data, text);
  const auto stream = std::make_shared<std::istringstream>(text);
  request.data_name = options.data;
  request.open_rows = [stream, is_json, keys = options.keys](const Signature& signature) {
    stream->clear();
    stream->seekg(0);
    return is_json
               ? rows::open_json_rows(*stream, signature, keys)
               : rows::open_csv_rows(*stream, {rows::CsvReader::kFindSeparator}, signature, keys);
  };
  return {};
}

Result<PackRequest> request_of(const PackOptions& options) {
  PackRequest request;
  request.name = options.name;
  request.version = options.version;
  request.select = options.select;
  request.card = TRY(read_optional(options.card));
  request.details = TRY(read_optional(options.details));
  request.sample_rows = options.sample_rows;
  request.model_bytes_max = options.model_bytes_max;
  TRY_STATUS(set_rows(options, request));
  return request;
}

/// One model's bundle at --out, several in the folder --out.
std::string place_of(const PackOptions& options, const Packed& packed) {
  std::string file = packed.name + std::string(bundle::kSlipEnding);
  if (options.out.empty()) return file;
  std::error_code ignored;
  const bool is_folder =
      options.models.size() > 1 || std::filesystem::is_directory(options.out, ignored);
  return is_folder ? (std::filesystem::path(options.out) / file).string() : options.out;
}

void print_packed(const PackOptions& options, const std::string& place, const Packed& packed) {
  if (options.json) {
    std::string line = "{\"bundle\": ";
    append_json_string(line, place);
    line.append(", \"name\": ");
    append_json_string(line, packed.name);
    line.append(", \"version\": ");
    append_json_string(line, packed.version);
    fmt::print("{}, \"bytes\": {}, \"samples\": {}}}\n", line, packed.bytes.size(),
               packed.sample_rows);
    return;
  }
  fmt::print("wrote {}: {} version {}, {} bytes, {} rows with answers\n", place, packed.name,
             packed.version, packed.bytes.size(), packed.sample_rows);
}

Status pack_one(const PackOptions& options, const std::string& model, const PackRequest& request) {
  const Packed packed = TRY(pack_model(model, request));
  const std::string place = place_of(options, packed);
  TRY_STATUS(write_output(place, packed.bytes));
  print_packed(options, place, packed);
  if (!packed.note.empty()) {
    fmt::print(stderr, "slipway: {} holds no rows with answers: {}\n", place, packed.note);
  }
  return {};
}

Status run(const PackOptions& options) {
  if (options.models.size() > 1 && !options.name.empty()) {
    return invalid_argument("--name is for one model");
  }
  const PackRequest request = TRY(request_of(options));
  Status first;  // the others are packed all the same
  for (const std::string& model : options.models) {
    Status status = pack_one(options, model, request);
    if (status.ok()) continue;
    if (options.models.size() > 1) fmt::print(stderr, "slipway: {}\n", status.message());
    if (first.ok()) first = std::move(status);
  }
  return first;
}

}  // namespace

int pack(const PackOptions& options) {
  Status status;
  try {
    status = run(options);
  } catch (const std::bad_alloc&) {
    status = resource_exhausted("not enough memory");
  }
  if (status.ok()) return kExitOk;
  if (options.models.size() <= 1) fmt::print(stderr, "slipway: {}\n", status.message());
  return status.code() == StatusCode::kUnimplemented ? kExitUnsupported : kExitFailure;
}

}  // namespace slipway::cli
