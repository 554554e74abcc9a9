// `slipway predict`: scores the rows of a file, streaming.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <utility>

#include "cli/commands.h"
#include "cli/model_file.h"
#include "cli/output_file.h"
#include "cli/row_writer.h"
#include "engine/adjusted_model.h"
#include "rows/csv_reader.h"

namespace slipway::cli {
namespace {

constexpr size_t kBatchRows = 4096;
constexpr size_t kBatchCells = size_t{1} << 22;  // of one output

Result<OutputMask> wanted_outputs(const Signature& signature,
                                  const std::vector<std::string>& names) {
  if (names.empty()) return OutputMask{1} << signature.default_output;
  OutputMask wanted = 0;
  for (const std::string& name : names) {
    const auto output = signature.find_output(name);
    if (!output.has_value()) {
      std::string known;
      for (const OutputSpec& spec : signature.outputs)
        known += (known.empty() ? "" : ", ") + spec.name;
      return invalid_argument(fmt::format("the model has no output '{}'; it has: {}", name, known));
    }
    wanted |= OutputMask{1} << *output;
  }
  return wanted;
}

/// On a terminal, how far it is; nothing else goes to standard error.
class Progress {
 public:
  Progress() : shown_(::isatty(STDERR_FILENO) != 0), last_(std::chrono::steady_clock::now()) {}
  void rows(uint64_t count) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    printed_ = true;
    fmt::print(stderr, "\r{} rows", count);
  }
  ~Progress() {
    if (printed_) fmt::print(stderr, "\n");
  }

 private:
  const bool shown_;
  bool printed_ = false;
  std::chrono::steady_clock::time_point last_;
};

Result<std::unique_ptr<rows::RowSource>> open_rows(const PredictOptions& options,
                                                   std::istream& input,
                                                   const Signature& signature) {
  std::string format = options.input_format;
  if (format == "auto") {
    const auto ends = [&](std::string_view ending) { return options.file.ends_with(ending); };
    if (ends(".jsonl") || ends(".ndjson") || ends(".json")) {
      format = "jsonl";
    } else if (ends(".tsv")) {
      format = "tsv";
    } else {
      const int first = (input >> std::ws).peek();
      format = first == '{' || first == '[' ? "jsonl" : "csv";
    }
  }
  if (format == "jsonl") return rows::open_json_rows(input, signature, options.keys);
  const char separator = format == "tsv" ? '\t' : rows::CsvReader::kFindSeparator;
  const rows::CsvOptions csv{options.separator.empty() ? separator : options.separator[0],
                             options.no_header};
  return rows::open_csv_rows(input, csv, signature, options.keys);
}

/// Rows at once: fewer where the answer is wide.
size_t batch_rows(const Signature& signature, OutputMask wanted) {
  size_t width = 1;
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    if ((wanted >> i & 1U) != 0) width = std::max<size_t>(width, signature.outputs[i].width);
  }
  return std::clamp<size_t>(kBatchCells / width, 1, kBatchRows);
}

Status write_out(std::FILE* out, std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), out) != text.size()) {
    return unavailable("the output cannot be written (is the disk full?)");
  }
  text.clear();
  return {};
}

Status score(const Executable& model, const PredictOptions& options, std::istream& input,
             std::FILE* out) {
  const OutputMask wanted = TRY(wanted_outputs(model.signature(), options.outputs));
  const std::unique_ptr<rows::RowSource> rows = TRY(open_rows(options, input, model.signature()));
  const RowWriter writer(model.signature(), wanted, rows->key_names());
  for (const std::string& key : writer.left_out()) {
    fmt::print(stderr, "slipway: column '{}' is not passed through: an output has its name\n", key);
  }
  const bool json = options.output_format == "json";
  const auto scratch = model.make_scratch();
  std::vector<OutputBuffer> outputs;
  std::vector<rows::KeyCell> keys;
  InputBuffer batch;
  std::string text;
  Progress progress;
  uint64_t done = 0;
  const size_t rows_max = batch_rows(model.signature(), wanted);
  if (!json) writer.csv_header(text);
  while (true) {
    const size_t count = TRY(rows->next(rows_max, batch, keys));
    if (count == 0) break;
    if (Status status = model.run(batch.batch(), wanted, *scratch, outputs); !status.ok()) {
      return std::move(status).with_context(
          fmt::format("rows {} to {} of the input (from 0)", done, done + count - 1));
    }
    for (size_t row = 0; row < count; ++row) {
      if (json) {
        writer.json_row(text, keys, row, outputs);
      } else {
        writer.csv_row(text, keys, row, outputs);
      }
    }
    TRY_STATUS(write_out(out, text));
    done += count;
    progress.rows(done);
  }
  TRY_STATUS(write_out(out, text));
  if (std::fflush(out) != 0) return unavailable("the output cannot be written (is the disk full?)");
  return {};
}

int fail(const Status& status) {
  fmt::print(stderr, "slipway: {}\n", status.message());
  return status.code() == StatusCode::kUnimplemented ? kExitUnsupported : kExitFailure;
}

}  // namespace

int predict(const PredictOptions& options) {
  const Result<ModelFile> file =
      read_model_file(options.model, options.select, options.model_bytes_max, Digest::kNotWanted);
  if (!file.ok()) return fail(file.status());
  if (const Status status = file->report.status(); !status.ok()) return fail(status);
  auto model = compile_model(*file, options.model);
  if (!model.ok()) return fail(model.status());
  // Elsewhere expected answers are for those who put a model into service; custom code needs them.
  if (!file->report.defined.empty()) {
    const Status proven = check_answers(options.model, *file, **model);
    if (!proven.ok()) return fail(proven);
  }
  model =
      engine::adjust_model(*model, {options.answers.threshold, options.answers.class_names, ""});
  if (!model.ok()) return fail(model.status());

  std::ifstream stream;
  if (options.file != "-") {
    stream.open(options.file, std::ios::binary);
    if (!stream) return fail(not_found(fmt::format("cannot read {}", options.file)));
  }
  std::ios::sync_with_stdio(false);
  OutputFile out(options.out);
  if (const Status status = out.open(); !status.ok()) return fail(status);
  Status status = score(**model, options, options.file == "-" ? std::cin : stream, out.file());
  if (status.ok()) status = out.finish();
  return status.ok() ? kExitOk : fail(status);
}

}  // namespace slipway::cli
