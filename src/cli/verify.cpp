// `slipway verify`: does a model answer as expected, or as another model does?
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "base/json_escape.h"
#include "cli/commands.h"
#include "cli/model_file.h"
#include "cli/verification.h"
#include "rows/row_source.h"

namespace slipway::cli {
namespace {

constexpr int kExitCannotTell = 2;

Result<std::shared_ptr<const Executable>> load(const std::string& path, const std::string& select,
                                               uint64_t model_bytes_max) {
  const ModelFile file = TRY(read_model_file(path, select, model_bytes_max, Digest::kNotWanted));
  if (Status status = file.report.status(); !status.ok()) {
    return std::move(status).with_context(path);
  }
  return compile_model(file, path);
}

Result<Verification> run(const VerifyOptions& options) {
  const auto model = TRY(load(options.model, options.select, options.model_bytes_max));
  VerifyData data;
  data.data = TRY(read_file(options.data, Limits{}));
  data.is_json = rows::holds_json_rows(options.data, data.data);
  data.keys = options.keys;
  if (!options.against.empty()) {
    const auto reference =
        TRY(load(options.against, options.against_select, options.model_bytes_max));
    return verify_against(*model, *reference, data, options.tolerance);
  }
  if (!options.expected.empty()) {
    data.expected = TRY(read_file(options.expected, Limits{}));
    if (data.expected.empty()) {
      return invalid_argument(fmt::format("{} is empty", options.expected));
    }
  }
  Result<Verification> found = verify_model(*model, data, options.tolerance);
  if (!found.ok()) return std::move(found).status().with_context(options.data);
  return found;
}

/// JSON has no infinity.
std::string json_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string json_text(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void print_json(const Verification& found, double tolerance) {
  fmt::print(
      "{{\"agrees\": {}, \"rows\": {}, \"tolerance\": {}, \"rows_other_alone\": {}, "
      "\"rows_other_shuffled\": {}, \"outputs\": [",
      found.agrees(), found.rows, tolerance, found.rows_other_alone, found.rows_other_shuffled);
  for (size_t i = 0; i < found.outputs.size(); ++i) {
    const OutputVerification& output = found.outputs[i];
    fmt::print(
        "{}{{\"name\": {}, \"rows\": {}, \"rows_equal\": {}, \"absolute_max\": {}, "
        "\"relative_max\": {}, \"worst\": [",
        i == 0 ? "" : ", ", json_text(output.name), output.rows, output.rows_equal,
        json_number(output.absolute_max), json_number(output.relative_max));
    for (size_t j = 0; j < output.worst.size(); ++j) {
      const Difference& one = output.worst[j];
      fmt::print("{}{{\"row\": {}, \"column\": {}, \"expected\": {}, \"got\": {}}}",
                 j == 0 ? "" : ", ", one.row, json_text(one.column), json_text(one.expected),
                 json_text(one.got));
    }
    fmt::print("]}}");
  }
  fmt::print("]}}\n");
}

void print_table(const Verification& found, double tolerance) {
  fmt::print("{:<24} {:>10} {:>10} {:>14} {:>14}\n", "output", "rows", "equal", "abs. diff.",
             "rel. diff.");
  for (const OutputVerification& output : found.outputs) {
    fmt::print("{:<24} {:>10} {:>10} {:>14.3g} {:>14.3g}\n", output.name, output.rows,
               output.rows_equal, output.absolute_max, output.relative_max);
  }
  for (const OutputVerification& output : found.outputs) {
    if (output.worst.empty()) continue;
    fmt::print("\n{}: the worst of {} rows that differ by more than {}\n", output.name,
               output.rows - output.rows_equal, tolerance);
    for (const Difference& one : output.worst) {
      fmt::print("  row {:<8} {:<24} expected {}, got {}\n", one.row, one.column, one.expected,
                 one.got);
    }
  }
  fmt::print("\nrows alone: {}; in another order: {}\n",
             found.rows_other_alone == 0 ? "the same bits"
                                         : fmt::format("{} DIFFER", found.rows_other_alone),
             found.rows_other_shuffled == 0 ? "the same bits"
                                            : fmt::format("{} DIFFER", found.rows_other_shuffled));
  fmt::print("{}\n", found.agrees() ? "equal" : "DIFFERENT");
}

}  // namespace

int verify(const VerifyOptions& options) {
  const Result<Verification> found = run(options);
  if (!found.ok()) {
    fmt::print(stderr, "slipway: {}\n", found.status().message());
    return kExitCannotTell;
  }
  if (options.json) {
    print_json(*found, options.tolerance);
  } else {
    print_table(*found, options.tolerance);
  }
  return found->agrees() ? kExitOk : kExitFailure;
}

}  // namespace slipway::cli
