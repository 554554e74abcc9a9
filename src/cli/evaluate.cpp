// `slipway evaluate`: how good are a model's answers on data whose true values are known?
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/evaluation/evaluation.h"
#include "cli/evaluation/evaluation_output.h"
#include "cli/model_file.h"
#include "cli/output_file.h"
#include "data/read_frame.h"

namespace slipway::cli {
namespace {

Result<Evaluation> run(const EvaluateOptions& options) {
  const ModelFile file = TRY(
      read_model_file(options.model, options.select, options.model_bytes_max, Digest::kNotWanted));
  if (Status status = file.report.status(); !status.ok()) {
    return std::move(status).with_context(options.model);
  }
  const auto model = TRY(compile_model(file, options.model));
  // Elsewhere expected answers are for those who put a model into service; custom code needs them.
  if (!file.report.defined.empty()) TRY_STATUS(check_answers(options.model, file, *model));
  data::ReadOptions reading;
  reading.format = options.input_format;
  reading.schema = TRY(schema_for(*model, options));
  Result<data::Frame> frame = data::read_frame(options.data, reading);
  if (!frame.ok()) return std::move(frame).status().with_context(options.data);
  Result<Evaluation> found = evaluate_model(*model, *frame, options);
  if (!found.ok()) return std::move(found).status().with_context(options.data);
  return found;
}

Status write_page(const Evaluation& evaluation, const EvaluateOptions& options) {
  return write_output(options.html_file, evaluation_page(evaluation, options));
}

/// Messages quote cells of the data: what a terminal would obey is left out.
int fail(const Status& status) {
  std::string message = status.message();
  for (char& c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) c = '?';
  }
  fmt::print(stderr, "slipway: {}\n", message);
  return status.code() == StatusCode::kUnimplemented ? kExitUnsupported : kExitFailure;
}

}  // namespace

int evaluate(const EvaluateOptions& options) {
  const Result<Evaluation> found = run(options);
  if (!found.ok()) return fail(found.status());
  if (!options.html_file.empty()) {
    if (const Status status = write_page(*found, options); !status.ok()) return fail(status);
  }
  const std::string text =
      options.json ? evaluation_json(*found, options) : evaluation_text(*found, options);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return fail(unavailable("the output cannot be written (is the disk full?)"));
  }
  return kExitOk;
}

}  // namespace slipway::cli
