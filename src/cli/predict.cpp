// `slipway predict`: scores the rows of a file, streaming.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "base/json_escape.h"
#include "cli/commands.h"
#include "cli/csv_reader.h"
#include "cli/model_file.h"
#include "cli/row_source.h"
#include "engine/compile.h"

namespace slipway::cli {
namespace {

constexpr size_t kBatchRows = 4096;
constexpr size_t kBatchCells = size_t{1} << 22;  // of one output

void append_csv_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_text_value(std::string& out, std::string_view text, bool json) {
  if (json) {
    append_json_string(out, text);
  } else {
    append_csv_field(out, text);
  }
}

void append_label(std::string& out, const LabelTable& labels, size_t index, bool json) {
  switch (labels.dtype) {
    case DType::kString: append_text_value(out, labels.strings[index], json); break;
    case DType::kFloat64: append_json_number(out, labels.floats[index]); break;
    case DType::kBool: out.append(labels.ints[index] != 0 ? "true" : "false"); break;
    default: out.append(fmt::format("{}", labels.ints[index]));
  }
}

/// In CSV a NaN is an empty field.
void append_number(std::string& out, double number, bool json) {
  if (json || std::isfinite(number)) {
    append_json_number(out, number);
  } else if (std::isinf(number)) {
    out.append(number > 0 ? "inf" : "-inf");
  }
}

/// One output's value for one row and column, as text. `json`: with quotes and null.
void append_value(std::string& out, const OutputSpec& spec, const OutputBuffer& output, size_t cell,
                  bool json) {
  if (!output.indices.empty()) {
    append_label(out, spec.labels[cell % spec.width], static_cast<size_t>(output.indices[cell]),
                 json);
  } else if (!output.strings.empty()) {
    const StringCell& text = output.strings[cell];
    if (text.is_number()) {
      append_number(out, text.real, json);
    } else if (!text.missing()) {
      append_text_value(out, text.view(), json);
    } else if (json) {
      out.append("null");
    }
  } else {
    append_number(out, output.numbers[cell], json);
  }
}

/// Writes scored rows; one per output format.
class RowWriter {
 public:
  RowWriter(const Signature& signature, OutputMask wanted, const std::vector<std::string>& keys)
      : signature_(signature), wanted_(wanted), keys_(keys) {}

  void csv_header(std::string& out) const {
    bool first = true;
    const auto field = [&](std::string_view name) {
      if (!first) out.push_back(',');
      first = false;
      append_csv_field(out, name);
    };
    for (const std::string& key : keys_) field(key);
    each_output([&](const OutputSpec& spec, size_t) {
      for (uint32_t column = 0; column < spec.width; ++column) field(column_name(spec, column));
    });
    out.push_back('\n');
  }

  void csv_row(std::string& out, const std::vector<std::string>& keys, size_t row,
               const std::vector<OutputBuffer>& outputs) const {
    bool first = true;
    const auto separate = [&] {
      if (!first) out.push_back(',');
      first = false;
    };
    for (size_t i = 0; i < keys_.size(); ++i) {
      separate();
      append_csv_field(out, keys[row * keys_.size() + i]);
    }
    each_output([&](const OutputSpec& spec, size_t index) {
      for (uint32_t column = 0; column < spec.width; ++column) {
        separate();
        append_value(out, spec, outputs[index], row * spec.width + column, false);
      }
    });
    out.push_back('\n');
  }

  void json_row(std::string& out, const std::vector<std::string>& keys, size_t row,
                const std::vector<OutputBuffer>& outputs) const {
    out.push_back('{');
    bool first = true;
    const auto name = [&](std::string_view text) {
      if (!first) out.push_back(',');
      first = false;
      append_json_string(out, text);
      out.push_back(':');
    };
    for (size_t i = 0; i < keys_.size(); ++i) {
      name(keys_[i]);
      append_json_string(out, keys[row * keys_.size() + i]);
    }
    each_output([&](const OutputSpec& spec, size_t index) {
      name(spec.name);
      if (!spec.is_vector) out.push_back('[');
      for (uint32_t column = 0; column < spec.width; ++column) {
        if (column > 0) out.push_back(',');
        append_value(out, spec, outputs[index], row * spec.width + column, true);
      }
      if (!spec.is_vector) out.push_back(']');
    });
    out.append("}\n");
  }

 private:
  template <typename Function>
  void each_output(const Function& function) const {
    for (size_t i = 0; i < signature_.outputs.size(); ++i) {
      if ((wanted_ >> i & 1U) != 0) function(signature_.outputs[i], i);
    }
  }

  static std::string column_name(const OutputSpec& spec, uint32_t column) {
    if (spec.is_vector) return spec.name;
    return spec.columns.empty() ? fmt::format("{}_{}", spec.name, column)
                                : fmt::format("{}_{}", spec.name, spec.columns[column]);
  }

  const Signature& signature_;
  const OutputMask wanted_;
  const std::vector<std::string>& keys_;
};

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

Result<std::unique_ptr<RowSource>> open_rows(const PredictOptions& options, std::istream& input,
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
  if (format == "jsonl") return open_json_rows(input, signature, options.keys);
  const char separator = format == "tsv" ? '\t' : CsvReader::kFindSeparator;
  return open_csv_rows(input, options.separator.empty() ? separator : options.separator[0],
                       signature, options.keys);
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
  const std::unique_ptr<RowSource> rows = TRY(open_rows(options, input, model.signature()));
  const RowWriter writer(model.signature(), wanted, rows->key_names());
  const bool json = options.output_format == "json";
  const auto scratch = model.make_scratch();
  std::vector<OutputBuffer> outputs;
  std::vector<std::string> keys;
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

/// Where the answers go. A file is written beside its place and takes it when all is done: a run
/// that fails leaves what was there, and a file may be scored onto itself.
class Output {
 public:
  explicit Output(std::string path) : path_(std::move(path)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (file_ != nullptr && file_ != stdout) std::fclose(file_);
    if (!partial_.empty()) std::remove(partial_.c_str());
  }

  Status open() {
    if (path_ == "-") {
      file_ = stdout;
      return {};
    }
    std::error_code none;
    const auto kind = std::filesystem::status(path_, none).type();
    const bool replaces = kind == std::filesystem::file_type::not_found ||
                          kind == std::filesystem::file_type::regular;
    if (replaces) partial_ = path_ + ".partial";
    file_ = std::fopen((replaces ? partial_ : path_).c_str(), "wb");
    if (file_ != nullptr) return {};
    partial_.clear();
    return failed(errno);
  }
  std::FILE* file() const { return file_; }

  Status finish() {
    if (file_ == stdout) return {};
    if (std::fclose(std::exchange(file_, nullptr)) != 0) return failed(errno);
    if (partial_.empty()) return {};
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) return failed(errno);
    partial_.clear();
    return {};
  }

 private:
  Status failed(int reason) const {
    return unavailable(fmt::format("cannot write {}: {}", path_, std::strerror(reason)));
  }

  const std::string path_;
  std::string partial_;
  std::FILE* file_ = nullptr;
};

int fail(const Status& status) {
  fmt::print(stderr, "slipway: {}\n", status.message());
  return status.code() == StatusCode::kUnimplemented ? kExitUnsupported : kExitFailure;
}

}  // namespace

int predict(const PredictOptions& options) {
  const Result<ModelFile> file =
      read_model_file(options.model, options.select, options.model_bytes_max);
  if (!file.ok()) return fail(file.status());
  if (const Status status = file->report.status(); !status.ok()) return fail(status);
  const auto model = engine::compile(file->report.graph);
  if (!model.ok()) return fail(model.status());

  std::ifstream stream;
  if (options.file != "-") {
    stream.open(options.file, std::ios::binary);
    if (!stream) return fail(not_found(fmt::format("cannot read {}", options.file)));
  }
  std::ios::sync_with_stdio(false);
  Output out(options.out);
  if (const Status status = out.open(); !status.ok()) return fail(status);
  Status status = score(**model, options, options.file == "-" ? std::cin : stream, out.file());
  if (status.ok()) status = out.finish();
  return status.ok() ? kExitOk : fail(status);
}

}  // namespace slipway::cli
