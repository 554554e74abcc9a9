// `slipway predict`: scores the rows of a file, streaming.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <utility>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/model_file.h"
#include "cli/output_file.h"
#include "cli/row_writer.h"
#include "engine/adjusted_model.h"
#include "rows/arrow_rows.h"
#include "rows/csv_reader.h"
#include "rows/input_stream.h"

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

/// The rows' file, or standard input. Arrow and Parquet are read from memory, the rest streams.
struct Input {
  std::unique_ptr<rows::InputStream> stream;
  FileBytes bytes;
};

Result<Input> open_input(const std::string& path) {
  Input input;
  if (path == "-") {
    input.stream = rows::open_input_stream(std::cin);
  } else {
    input.stream = TRY(rows::open_input(path));
  }
  return input;
}

Result<FileBytes> read_whole(const std::string& path, std::istream& stream) {
  const Limits limits;
  if (path != "-") return map_file(path, limits);
  std::string bytes;
  std::string block(1 << 16, '\0');
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())),
         stream.gcount() > 0) {
    bytes.append(block.data(), static_cast<size_t>(stream.gcount()));
    if (bytes.size() > limits.file_bytes_max) {
      return resource_exhausted(
          fmt::format("standard input is over {} bytes", limits.file_bytes_max));
    }
  }
  return FileBytes(std::move(bytes));
}

std::string find_format(const PredictOptions& options, rows::InputStream& stream) {
  if (options.input_format != "auto") return options.input_format;
  const std::string_view start = stream.start();
  if (rows::holds_parquet(start)) return "parquet";
  if (rows::holds_arrow(start)) return "arrow";
  const std::string_view name = rows::without_compression(options.file);
  if (name.ends_with(".tsv")) return "tsv";
  return rows::holds_json_rows(std::string(name), std::string(start.substr(0, 4096))) ? "jsonl"
                                                                                      : "csv";
}

Result<std::unique_ptr<rows::RowSource>> open_rows(const PredictOptions& options, Input& input,
                                                   const Signature& signature) {
  const std::string format = find_format(options, *input.stream);
  if (format == "jsonl") return rows::open_json_rows(*input.stream, signature, options.keys);
  if (format == "arrow" || format == "parquet") {
    input.bytes = TRY(read_whole(options.file, *input.stream));
    return format == "arrow" ? rows::open_arrow_rows(input.bytes, signature, options.keys)
                             : rows::open_parquet_rows(input.bytes, signature, options.keys);
  }
  const char separator = format == "tsv" ? '\t' : rows::CsvReader::kFindSeparator;
  const rows::CsvOptions csv{options.separator.empty() ? separator : options.separator[0],
                             options.no_header};
  return rows::open_csv_rows(*input.stream, csv, signature, options.keys);
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

Status score(const Executable& model, const PredictOptions& options, Input& input, std::FILE* out) {
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

  std::ios::sync_with_stdio(false);
  Result<Input> input = open_input(options.file);
  if (!input.ok()) return fail(input.status());
  OutputFile out(options.out);
  if (const Status status = out.open(); !status.ok()) return fail(status);
  Status status = score(**model, options, *input, out.file());
  // A stream that broke says why better than who read it.
  if (!input->stream->status().ok()) status = input->stream->status();
  if (status.ok()) status = out.finish();
  return status.ok() ? kExitOk : fail(status);
}

}  // namespace slipway::cli
