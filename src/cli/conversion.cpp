#include "cli/conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <variant>

#include "cli/model_file.h"
#include "cli/sample_rows.h"
#include "cli/version.h"
#include "engine/compile.h"
#include "rows/csv_reader.h"
#include "rows/row_source.h"
#include "writers/onnx/write_onnx.h"
#include "writers/pmml/write_pmml.h"

namespace slipway::cli {
namespace {

constexpr size_t kSampleRows = 256;
constexpr size_t kBatchRows = 256;
constexpr uint64_t kGivenRows = 4096;  // of open_rows

/// Whether the file is an ONNX file, whatever its operators.
bool is_onnx(const ConversionOptions& options) { return options.format != "pmml"; }

Status write_graph(const Graph& graph, const ConversionOptions& options, Conversion& found) {
  if (options.format == "onnx" || options.format == "slipway") {
    writers::OnnxOptions wanted;
    wanted.name = options.name;
    wanted.producer_version = kVersion;
    wanted.own_operators = options.format == "slipway";
    wanted.own_first = wanted.own_operators && options.own_first;
    writers::OnnxFile file = TRY(writers::write_onnx_file(graph, wanted));
    found.bytes = std::move(file.bytes);
    found.own_operators = std::move(file.own_operators);
    return {};
  }
  if (options.format == "pmml") {
    found.bytes =
        TRY(writers::write_pmml(graph, {.name = options.name, .producer_version = kVersion}));
    return {};
  }
  return invalid_argument(fmt::format(
      "the format '{}' is not one that is written: onnx, pmml, slipway", options.format));
}

/// What was written, read as `slipway serve` would.
Result<std::shared_ptr<const Executable>> read_back(const ConversionOptions& options,
                                                    const std::string& bytes) {
  const formats::ModelFormat* format =
      all_formats().named(is_onnx(options) ? "onnx" : options.format);
  if (format == nullptr) return internal_error("there is no reader of this format");
  const formats::ReadReport report = TRY(format->read(bytes, {}, all_formats(), Limits{}));
  TRY_STATUS(report.status());
  return std::shared_ptr<const Executable>(TRY(engine::compile(report.graph)));
}

/// Which of the source's columns each column of the file is.
Result<std::vector<size_t>> columns_of(const Signature& source, const Signature& file) {
  std::vector<size_t> places;
  const bool by_name = file.columns_named;
  for (size_t i = 0; i < file.columns.size(); ++i) {
    const auto found = source.find_column(file.columns[i].name);
    if (by_name && !found.has_value()) {
      return internal_error(
          fmt::format("the file has a column of its own, {}", file.columns[i].name));
    }
    places.push_back(by_name ? *found : i);
  }
  if (!by_name && file.columns.size() != source.columns.size()) {
    return internal_error(fmt::format("the file has {} columns, expected {}", file.columns.size(),
                                      source.columns.size()));
  }
  return places;
}

/// A label, a number or a text, whatever holds it.
using Cell = std::variant<double, std::string>;

Cell label_of(const LabelTable& labels, int32_t index) {
  const auto i = static_cast<size_t>(index);
  if (index < 0 || i >= labels.size()) return std::numeric_limits<double>::quiet_NaN();
  if (labels.dtype == DType::kString) return labels.strings[i];
  if (labels.dtype == DType::kFloat64) return labels.floats[i];
  return static_cast<double>(labels.ints[i]);
}

Cell cell_of(const OutputSpec& spec, const OutputBuffer& buffer, size_t row, size_t column) {
  const size_t place = row * buffer.width + column;
  if (!buffer.indices.empty()) return label_of(spec.labels[column], buffer.indices[place]);
  if (!buffer.strings.empty()) {
    const StringCell& cell = buffer.strings[place];
    if (cell.is_number()) return cell.real;
    return std::string(cell.view());
  }
  return buffer.numbers[place];
}

std::string shown(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  return fmt::format("'{}'", std::get<std::string>(cell));
}

/// One model, and what it needs to run.
class Side {
 public:
  explicit Side(std::shared_ptr<const Executable> model)
      : model_(std::move(model)), scratch_(model_->make_scratch()) {}

  const Signature& signature() const { return model_->signature(); }
  Status run(const Batch& batch) {
    OutputMask all = 0;
    for (size_t i = 0; i < signature().outputs.size(); ++i) all |= OutputMask{1} << i;
    return model_->run(batch, all, *scratch_, outputs_);
  }
  const OutputBuffer& output(uint32_t i) const { return outputs_[i]; }

 private:
  std::shared_ptr<const Executable> model_;
  std::unique_ptr<Scratch> scratch_;
  std::vector<OutputBuffer> outputs_;
};

class Comparison {
 public:
  Comparison(Side& source, Side& file, const ConversionOptions& options, Conversion& found)
      : source_(source), file_(file), options_(options), found_(found) {}

  Status prepare();
  /// Rows that the source refuses are left out.
  Status compare(InputBuffer& input);

 private:
  /// A column of an output, and where the file has it.
  struct Pair {
    uint32_t output;  // the source's
    uint32_t column;
    uint32_t file_output;
    uint32_t file_column;
  };
  Status add_pair(uint32_t output, uint32_t column);
  /// Rows of the source's columns as the file's.
  void convert(InputBuffer& input, size_t first, size_t count);
  void compare_outputs(size_t count);
  void note(OutputDifference& difference, const Cell& want, const Cell& have, size_t row,
            size_t column) const;

  Side& source_;
  Side& file_;
  const ConversionOptions& options_;
  Conversion& found_;
  std::vector<size_t> columns_;  // of the file, among the source's
  std::vector<Pair> pairs_;
  InputBuffer converted_;
};

Status Comparison::add_pair(uint32_t output, uint32_t column) {
  const OutputSpec& spec = source_.signature().outputs[output];
  const bool whole = is_onnx(options_);
  // PMML has an output field for each column.
  const std::string name = whole ? spec.name : writers::pmml_output_name(spec, column);
  const auto other = file_.signature().find_output(name);
  if (!other.has_value()) {
    return internal_error(fmt::format("the file has no output {}", name));
  }
  const uint32_t width = file_.signature().outputs[*other].width;
  if (width != (whole ? spec.width : 1)) {
    return internal_error(fmt::format("the file's output {} has {} columns", name, width));
  }
  pairs_.push_back({output, column, *other, whole ? column : 0});
  return {};
}

Status Comparison::prepare() {
  columns_ = TRY(columns_of(source_.signature(), file_.signature()));
  const Signature& signature = source_.signature();
  for (uint32_t i = 0; i < signature.outputs.size(); ++i) {
    for (uint32_t k = 0; k < signature.outputs[i].width; ++k) TRY_STATUS(add_pair(i, k));
    found_.outputs.emplace_back();
    found_.outputs.back().name = signature.outputs[i].name;
  }
  return {};
}

void Comparison::convert(InputBuffer& input, size_t first, size_t count) {
  const Signature& signature = file_.signature();
  converted_.reset(count, columns_.size(), signature.matrices);
  for (size_t row = 0; row < count; ++row) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!signature.columns[i].is_text()) {
        converted_.number_row(row)[i] = input.number_row(first + row)[columns_[i]];
        continue;
      }
      const StringCell& cell = input.string_row(first + row)[columns_[i]];
      const bool empty = cell.missing() && is_onnx(options_);
      converted_.string_row(row)[i] = empty ? StringCell::text("") : cell;
    }
  }
}

void Comparison::note(OutputDifference& difference, const Cell& want, const Cell& have, size_t row,
                      size_t column) const {
  ++difference.cells;
  const auto* a = std::get_if<double>(&want);
  const auto* b = std::get_if<double>(&have);
  if (a == nullptr || b == nullptr ? want == have
                                   : (std::isnan(*a) && std::isnan(*b)) || *a == *b) {
    return;
  }
  double size = std::numeric_limits<double>::infinity();
  if (a != nullptr && b != nullptr && std::isfinite(*a) && std::isfinite(*b)) {
    const double absolute = std::fabs(*a - *b);
    size = absolute / std::max(1.0, std::fabs(*a));
    difference.absolute_max = std::max(difference.absolute_max, absolute);
    difference.relative_max = std::max(difference.relative_max, absolute / std::fabs(*a));
  }
  // The logarithm of a small probability is all roundings: what it stands for is compared.
  if (a != nullptr && b != nullptr && difference.name == "predict_log_proba") {
    size = std::fabs(std::exp(*a) - std::exp(*b));
  }
  if (size <= options_.tolerance) return;
  if (difference.cells_different++ == 0) {
    difference.worst = fmt::format("row {}, column {}: {} before, {} in the file", row, column,
                                   shown(want), shown(have));
  }
}

void Comparison::compare_outputs(size_t count) {
  for (const Pair& pair : pairs_) {
    const OutputSpec& spec = source_.signature().outputs[pair.output];
    const OutputSpec& other = file_.signature().outputs[pair.file_output];
    for (size_t row = 0; row < count; ++row) {
      note(found_.outputs[pair.output],
           cell_of(spec, source_.output(pair.output), row, pair.column),
           cell_of(other, file_.output(pair.file_output), row, pair.file_column), found_.rows + row,
           pair.column);
    }
  }
  found_.rows += count;
}

Status Comparison::compare(InputBuffer& input) {
  const Batch all = input.batch();
  const size_t columns = source_.signature().columns.size();
  const auto rows_from = [&](size_t first, size_t count) {
    return Batch{count, all.numbers + first * columns,
                 all.strings == nullptr ? nullptr : all.strings + first * columns,
                 all.records == nullptr ? nullptr : all.records + first * columns, all.fields};
  };
  const auto run = [&](size_t first, size_t count) -> Status {
    convert(input, first, count);
    Status status = file_.run(converted_.batch());
    if (!status.ok()) return std::move(status).with_context("the file refuses a row");
    compare_outputs(count);
    return {};
  };
  for (size_t first = 0; first < all.rows; first += kBatchRows) {
    const size_t count = std::min(kBatchRows, all.rows - first);
    if (source_.run(rows_from(first, count)).ok()) {
      TRY_STATUS(run(first, count));
      continue;
    }
    for (size_t row = first; row < first + count; ++row) {
      if (source_.run(rows_from(row, 1)).ok()) {
        TRY_STATUS(run(row, 1));
      } else {
        ++found_.rows_refused;
      }
    }
  }
  return {};
}

Status compare_on_rows(rows::RowSource& source, uint64_t rows_max, Comparison& comparison) {
  InputBuffer input;
  std::vector<rows::KeyCell> keys;
  for (uint64_t rows = 0; rows < rows_max;) {
    const size_t count = TRY(source.next(kBatchRows, input, keys));
    if (count == 0) break;
    TRY_STATUS(comparison.compare(input));
    rows += count;
  }
  return {};
}

Status compare_on_data(const ConversionOptions& options, const Signature& signature,
                       Comparison& comparison) {
  std::istringstream stream(options.data);
  const auto source = options.data_is_json
                          ? TRY(rows::open_json_rows(stream, signature, options.keys))
                          : TRY(rows::open_csv_rows(stream, {rows::CsvReader::kFindSeparator},
                                                    signature, options.keys));
  return compare_on_rows(*source, UINT64_MAX, comparison);
}

Status check(const std::shared_ptr<const Graph>& graph, const ConversionOptions& options,
             Conversion& found) {
  Side source{std::shared_ptr<const Executable>(TRY(engine::compile(graph)))};
  Side file(TRY(read_back(options, found.bytes)));
  Comparison comparison(source, file, options, found);
  TRY_STATUS(comparison.prepare());
  if (!options.data.empty()) return compare_on_data(options, source.signature(), comparison);
  if (options.open_rows) {
    const auto rows = TRY(options.open_rows(source.signature()));
    TRY_STATUS(compare_on_rows(*rows, kGivenRows, comparison));
  }
  InputBuffer input;
  SampleRows(*graph).fill(kSampleRows, input);
  return comparison.compare(input);
}

}  // namespace

bool Conversion::agrees() const {
  return unchecked.empty() && std::ranges::all_of(outputs, [](const OutputDifference& output) {
           return output.cells_different == 0;
         });
}

Result<Conversion> convert_graph(const std::shared_ptr<const Graph>& graph,
                                 const ConversionOptions& options) {
  Conversion found;
  TRY_STATUS(write_graph(*graph, options, found));
  const Status status = check(graph, options, found);
  if (!status.ok()) {
    found.unchecked = status.message();
  } else if (found.rows == 0) {
    found.unchecked = "the model refuses every row that was tried; give some with --data";
  }
  return found;
}

}  // namespace slipway::cli
