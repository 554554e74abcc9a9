// `slipway convert`: a model file in another format, checked before it takes its place.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <new>

#include "base/file.h"
#include "base/json_escape.h"
#include "cli/commands.h"
#include "cli/conversion.h"
#include "cli/model_file.h"
#include "cli/output_file.h"
#include "rows/row_source.h"

namespace slipway::cli {
namespace {

/// "onnx" of model.onnx, unless --to says it.
Result<std::string> format_of(const ConvertOptions& options) {
  if (!options.to.empty()) return options.to;
  const std::string ending = std::filesystem::path(options.out).extension();
  if (ending == ".onnx") return std::string("onnx");
  if (ending == ".pmml" || ending == ".xml") return std::string("pmml");
  return invalid_argument(fmt::format(
      "the name {} does not say which format is wanted; give --to onnx, --to pmml or --to slipway",
      options.out));
}

void print_outputs(const Conversion& found, double tolerance) {
  fmt::print("{:<24} {:>10} {:>10} {:>14} {:>14}\n", "output", "numbers", "different", "abs. diff.",
             "rel. diff.");
  for (const OutputDifference& output : found.outputs) {
    fmt::print("{:<24} {:>10} {:>10} {:>14.3g} {:>14.3g}\n", output.name, output.cells,
               output.cells_different, output.absolute_max, output.relative_max);
  }
  for (const OutputDifference& output : found.outputs) {
    if (output.cells_different == 0) continue;
    fmt::print("{}: {} differ by more than {}; the first: {}\n", output.name,
               output.cells_different, tolerance, output.worst);
  }
  fmt::print("{} rows compared", found.rows);
  if (found.rows_refused > 0)
    fmt::print("; {} left out, which the model refuses", found.rows_refused);
  fmt::print("\n");
}

std::string json_number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

void print_json(const Conversion& found, const std::string& format, bool written) {
  const auto text = [](const std::string& value) {
    std::string out;
    append_json_string(out, value);
    return out;
  };
  fmt::print(
      "{{\"format\": {}, \"written\": {}, \"agrees\": {}, \"unchecked\": {}, \"bytes\": {}, "
      "\"rows\": {}, \"rows_refused\": {}, \"outputs\": [",
      text(format), written, found.agrees(), text(found.unchecked), found.bytes.size(), found.rows,
      found.rows_refused);
  for (size_t i = 0; i < found.outputs.size(); ++i) {
    const OutputDifference& output = found.outputs[i];
    fmt::print(
        "{}{{\"name\": {}, \"numbers\": {}, \"different\": {}, \"absolute_max\": {}, "
        "\"relative_max\": {}, \"worst\": {}}}",
        i == 0 ? "" : ", ", text(output.name), output.cells, output.cells_different,
        json_number(output.absolute_max), json_number(output.relative_max), text(output.worst));
  }
  fmt::print("]}}\n");
}

Result<Conversion> convert_file(const ConvertOptions& options, const std::string& format) {
  const ModelFile file =
      TRY(read_model_file(options.model, options.select, options.model_bytes_max));
  if (Status status = file.report.status(); !status.ok()) {
    return std::move(status).with_context(options.model);
  }
  ConversionOptions wanted;
  wanted.format = format;
  wanted.name = std::filesystem::path(options.model).stem();
  wanted.tolerance = options.tolerance;
  wanted.keys = options.keys;
  if (!options.data.empty()) {
    wanted.data = TRY(read_file(options.data, Limits{}));
    wanted.data_is_json = rows::holds_json_rows(options.data, wanted.data);
  }
  return convert_graph(file.report.graph, wanted);
}

int run(const ConvertOptions& options) {
  const Result<std::string> format = format_of(options);
  if (!format.ok()) {
    fmt::print(stderr, "slipway: {}\n", format.status().message());
    return kExitFailure;
  }
  const Result<Conversion> found = convert_file(options, *format);
  if (!found.ok()) {
    fmt::print(stderr, "slipway: {}\n", found.status().message());
    return found.status().code() == StatusCode::kUnimplemented ? kExitUnsupported : kExitFailure;
  }
  const bool wanted = found->agrees() || options.force;
  if (wanted) {
    if (const Status status = write_output(options.out, found->bytes); !status.ok()) {
      fmt::print(stderr, "slipway: {}\n", status.message());
      return kExitFailure;
    }
  }
  if (options.json) {
    print_json(*found, *format, wanted);
  } else if (found->unchecked.empty()) {
    print_outputs(*found, options.tolerance);
  }
  if (!found->unchecked.empty()) {
    fmt::print(stderr, "slipway: what was written could not be checked: {}\n", found->unchecked);
  }
  if (!wanted) {
    fmt::print(stderr, "slipway: {} was not written (--force writes it all the same)\n",
               options.out);
    return kExitFailure;
  }
  if (!options.json) {
    fmt::print("wrote {}, {} bytes of {}{}\n", options.out, found->bytes.size(), *format,
               found->agrees() ? "" : ", NOT EQUAL to the model");
  }
  return kExitOk;
}

}  // namespace

int convert(const ConvertOptions& options) {
  try {
    return run(options);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "slipway: not enough memory to convert {}\n", options.model);
    return kExitFailure;
  }
}

}  // namespace slipway::cli
