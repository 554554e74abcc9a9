#include "cli/verification.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "cli/row_writer.h"
#include "rows/csv_reader.h"
#include "rows/row_source.h"

namespace slipway::cli {
namespace {

constexpr size_t kBatchRows = 1024;
constexpr size_t kBatchCells = size_t{1} << 22;  // of one output
constexpr size_t kWorstMax = 10;

using Cells = std::vector<std::string>;

/// The records of a CSV text, one after the other, with a header.
class Table {
 public:
  explicit Table(const std::string& text, char separator = rows::CsvReader::kFindSeparator)
      : stream_(text), reader_(stream_, separator) {}

  Result<Cells> header() {
    if (!TRY(reader_.next())) return Cells();
    return Cells(reader_.fields().begin(), reader_.fields().end());
  }
  /// The fields of the next record at these places; empty at the end.
  Result<bool> next(const std::vector<size_t>& places, std::string* cells) {
    if (!TRY(reader_.next())) return false;
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] >= reader_.fields().size()) {
        return invalid_argument(fmt::format("line {}: expected at least {} fields, got {}",
                                            reader_.line(), places[i] + 1,
                                            reader_.fields().size()));
      }
      cells[i] = reader_.fields()[places[i]];
    }
    return true;
  }

 private:
  std::istringstream stream_;
  rows::CsvReader reader_;
};

/// A column of an output, by the name that CSV gives it.
struct AnswerColumn {
  std::string name;
  uint32_t output = 0;
};

Result<std::vector<AnswerColumn>> answer_columns(const Signature& signature) {
  std::string text;
  OutputMask all = 0;
  for (size_t i = 0; i < signature.outputs.size(); ++i) all |= OutputMask{1} << i;
  const std::vector<std::string> none;
  RowWriter(signature, all, none).csv_header(text);
  const Cells names = TRY(Table(text, ',').header());
  std::vector<AnswerColumn> columns;
  for (uint32_t i = 0; i < signature.outputs.size(); ++i) {
    for (uint32_t column = 0; column < signature.outputs[i].width; ++column) {
      if (columns.size() == names.size()) return internal_error("outputs without names");
      columns.push_back({names[columns.size()], i});
    }
  }
  return columns;
}

std::optional<double> number_of(const std::string& text) {
  if (text.empty() || text == "nan" || text == "NaN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (text == "true" || text == "True") return 1;
  if (text == "false" || text == "False") return 0;
  const std::string_view digits = std::string_view(text).substr(text[0] == '+' ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// The size of a difference, and its two measures; 0 for equal cells.
struct Distance {
  double size = 0;
  double absolute = 0;
  double relative = 0;
};

Distance distance(const std::string& expected, const std::string& got) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (expected == got) return {};
  const std::optional<double> want = number_of(expected);
  const std::optional<double> have = number_of(got);
  if (!want || !have || std::isnan(*want) != std::isnan(*have)) {
    return {kInfinity, kInfinity, kInfinity};
  }
  if (std::isnan(*want) || *want == *have) return {};
  const double absolute = std::fabs(*want - *have);
  const double magnitude = std::fabs(*want);
  if (!std::isfinite(absolute)) return {kInfinity, kInfinity, kInfinity};
  return {absolute / std::max(1.0, magnitude), absolute,
          magnitude == 0 ? kInfinity : absolute / magnitude};
}

/// A batch's rows in another order, or one of them.
class Rearranged {
 public:
  Rearranged(const Batch& batch, size_t columns, const std::vector<size_t>& order) {
    const auto take = [&](const auto* from, auto& to) {
      if (from == nullptr) return;
      for (const size_t row : order)
        to.insert(to.end(), from + row * columns, from + (row + 1) * columns);
    };
    take(batch.numbers, numbers_);
    take(batch.strings, strings_);
    take(batch.records, records_);
    batch_ = {order.size(), batch.numbers == nullptr ? nullptr : numbers_.data(),
              batch.strings == nullptr ? nullptr : strings_.data(),
              batch.records == nullptr ? nullptr : records_.data(), batch.fields};
  }
  const Batch& batch() const { return batch_; }

 private:
  std::vector<double> numbers_;
  std::vector<StringCell> strings_;
  std::vector<Record> records_;
  Batch batch_;
};

bool same_cell(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}
bool same_cell(int32_t a, int32_t b) { return a == b; }
bool same_cell(const StringCell& a, const StringCell& b) {
  return a.kind == b.kind && a.view() == b.view() && (!a.is_number() || same_cell(a.real, b.real));
}

template <typename Cell>
bool same_cells(const std::vector<Cell>& a, size_t row_a, const std::vector<Cell>& b, size_t row_b,
                size_t width) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  for (size_t i = 0; i < width; ++i) {
    if (!same_cell(a[row_a * width + i], b[row_b * width + i])) return false;
  }
  return true;
}

bool same_row(const std::vector<OutputBuffer>& a, size_t row_a, const std::vector<OutputBuffer>& b,
              size_t row_b, OutputMask wanted) {
  for (size_t i = 0; i < a.size(); ++i) {
    if ((wanted >> i & 1U) == 0) continue;
    if (!same_cells(a[i].numbers, row_a, b[i].numbers, row_b, a[i].width) ||
        !same_cells(a[i].indices, row_a, b[i].indices, row_b, a[i].width) ||
        !same_cells(a[i].strings, row_a, b[i].strings, row_b, a[i].width)) {
      return false;
    }
  }
  return true;
}

/// An order without pattern that is the same each time: a generator's steps, sorted.
std::vector<size_t> shuffled(size_t rows) {
  std::vector<std::pair<uint64_t, size_t>> keys;
  uint64_t state = rows;
  for (size_t row = 0; row < rows; ++row) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX
    keys.emplace_back(state >> 20, row);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<size_t> order;
  order.reserve(rows);
  for (const auto& [key, row] : keys) order.push_back(row);
  return order;
}

/// A model, its rows of the data, and its answers to them as CSV cells, batch by batch.
class Answers {
 public:
  Answers(const Executable& model, OutputMask wanted)
      : model_(model), wanted_(wanted), scratch_(model.make_scratch()) {}

  Status open(const VerifyData& data, const std::vector<std::string>& keys) {
    stream_.str(data.data);
    rows_ = data.is_json ? TRY(rows::open_json_rows(stream_, model_.signature(), keys))
                         : TRY(rows::open_csv_rows(stream_, {rows::CsvReader::kFindSeparator},
                                                   model_.signature(), keys));
    writer_ = std::make_unique<RowWriter>(model_.signature(), wanted_, none_);
    return {};
  }

  /// The next rows, 0 at the end.
  Result<size_t> next(size_t rows_max) {
    std::vector<rows::KeyCell> keys;
    const size_t count = TRY(rows_->next(rows_max, input_, keys));
    if (count == 0) return count;
    TRY_STATUS(model_.run(input_.batch(), wanted_, *scratch_, outputs_));
    return count;
  }

  /// The cells of the wanted outputs of a row, in the order of the signature.
  Result<Cells> cells(size_t row) {
    text_.clear();
    writer_->csv_row(text_, {}, row, outputs_);
    // One empty field is a blank line, which a reader of CSV passes over.
    return text_ == "\n" ? Cells(1) : TRY(Table(text_, ',').header());
  }

  /// Counts rows of the last batch whose bits depend on their company.
  Status check_rows(Verification& found) {
    const Batch batch = input_.batch();
    const size_t columns = model_.signature().columns.size();
    std::vector<OutputBuffer> other;
    const std::vector<size_t> order = shuffled(batch.rows);
    const Rearranged mixed(batch, columns, order);
    TRY_STATUS(model_.run(mixed.batch(), wanted_, *scratch_, other));
    for (size_t i = 0; i < order.size(); ++i) {
      if (!same_row(other, i, outputs_, order[i], wanted_)) ++found.rows_other_shuffled;
    }
    for (size_t row = 0; row < batch.rows; ++row) {
      const Rearranged alone(batch, columns, {row});
      TRY_STATUS(model_.run(alone.batch(), wanted_, *scratch_, other));
      if (!same_row(other, 0, outputs_, row, wanted_)) ++found.rows_other_alone;
    }
    return {};
  }

 private:
  const Executable& model_;
  const OutputMask wanted_;
  std::unique_ptr<Scratch> scratch_;
  std::istringstream stream_;
  std::unique_ptr<rows::RowSource> rows_;
  std::unique_ptr<RowWriter> writer_;
  const std::vector<std::string> none_;
  InputBuffer input_;
  std::vector<OutputBuffer> outputs_;
  std::string text_;
};

/// What is compared: columns of answers, and where their expected values stand.
struct Plan {
  std::vector<AnswerColumn> columns;  // in the order of the model's outputs
  std::vector<size_t> places;         // among the expected cells, one each
  std::vector<size_t> cells;          // among the answers' cells, one each
  OutputMask wanted = 0;
};

Plan plan_of(const std::vector<AnswerColumn>& answers, const Cells& expected) {
  Plan plan;
  std::unordered_map<std::string_view, size_t> known;
  for (size_t i = 0; i < expected.size(); ++i) known.emplace(expected[i], i);
  for (const AnswerColumn& column : answers) {
    const auto place = known.find(column.name);
    if (place == known.end()) continue;
    plan.columns.push_back(column);
    plan.places.push_back(place->second);
    plan.wanted |= OutputMask{1} << column.output;
  }
  size_t cell = 0;
  for (const AnswerColumn& column : answers) {
    if ((plan.wanted >> column.output & 1U) == 0) continue;
    const bool compared =
        std::any_of(plan.columns.begin(), plan.columns.end(),
                    [&](const AnswerColumn& one) { return one.name == column.name; });
    if (compared) plan.cells.push_back(cell);
    ++cell;
  }
  return plan;
}

void keep_worst(OutputVerification& output, Difference difference) {
  const auto place =
      std::upper_bound(output.worst.begin(), output.worst.end(), difference,
                       [](const Difference& a, const Difference& b) { return a.size > b.size; });
  if (place == output.worst.end() && output.worst.size() == kWorstMax) return;
  output.worst.insert(place, std::move(difference));
  if (output.worst.size() > kWorstMax) output.worst.pop_back();
}

void compare_row(const Plan& plan, const Cells& answers, const Cells& expected, double tolerance,
                 Verification& found) {
  size_t i = 0;
  for (OutputVerification& output : found.outputs) {
    bool equal = true;
    const uint32_t index = plan.columns[i].output;
    for (; i < plan.columns.size() && plan.columns[i].output == index; ++i) {
      const std::string& got = answers[plan.cells[i]];
      const Distance far = distance(expected[i], got);
      output.absolute_max = std::max(output.absolute_max, far.absolute);
      output.relative_max = std::max(output.relative_max, far.relative);
      if (far.size <= tolerance) continue;
      equal = false;
      keep_worst(output, {found.rows, plan.columns[i].name, expected[i], got, far.size});
    }
    ++output.rows;
    if (equal) ++output.rows_equal;
  }
}

void add_outputs(const Plan& plan, const Signature& signature, Verification& found) {
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    if ((plan.wanted >> i & 1U) == 0) continue;
    found.outputs.emplace_back();
    found.outputs.back().name = signature.outputs[i].name;
  }
}

size_t batch_rows(const Signature& signature) {
  size_t width = 1;
  for (const OutputSpec& spec : signature.outputs) width = std::max<size_t>(width, spec.width);
  return std::clamp<size_t>(kBatchCells / width, 1, kBatchRows);
}

std::string names_of(const std::vector<AnswerColumn>& columns) {
  constexpr size_t kShownMax = 20;
  std::string text;
  for (size_t i = 0; i < std::min(columns.size(), kShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + columns[i].name;
  }
  return columns.size() > kShownMax ? text + ", ..." : text;
}

}  // namespace

bool Verification::agrees() const {
  return rows_other_alone == 0 && rows_other_shuffled == 0 &&
         std::all_of(outputs.begin(), outputs.end(), [](const OutputVerification& output) {
           return output.rows_equal == output.rows;
         });
}

Result<Verification> verify_model(const Executable& model, const VerifyData& data,
                                  double tolerance) {
  const std::vector<AnswerColumn> answers = TRY(answer_columns(model.signature()));
  const bool beside = !data.expected.empty();
  if (!beside && data.is_json) {
    return invalid_argument("JSON lines do not hold expected answers; give them with --expected");
  }
  Table table(beside ? data.expected : data.data);
  const Cells header = TRY(table.header());
  const Plan plan = plan_of(answers, header);
  if (plan.columns.empty()) {
    return invalid_argument(fmt::format(
        "no column holds expected answers; the model answers with: {}", names_of(answers)));
  }
  std::vector<std::string> keys = data.keys;
  if (!beside) {
    for (const size_t place : plan.places) keys.push_back(header[place]);
  }
  Answers own(model, plan.wanted);
  TRY_STATUS(own.open(data, keys));
  Verification found;
  add_outputs(plan, model.signature(), found);
  Cells expected(plan.columns.size());
  while (const size_t count = TRY(own.next(batch_rows(model.signature())))) {
    for (size_t row = 0; row < count; ++row) {
      if (!TRY(table.next(plan.places, expected.data()))) {
        return invalid_argument(fmt::format("row {} has no expected answers", found.rows));
      }
      const Cells got = TRY(own.cells(row));
      compare_row(plan, got, expected, tolerance, found);
      ++found.rows;
    }
    TRY_STATUS(own.check_rows(found));
  }
  if (found.rows == 0) return invalid_argument("the data hold no row");
  if (TRY(table.next(plan.places, expected.data()))) {
    return invalid_argument(
        fmt::format("there are expected answers for more than the {} rows", found.rows));
  }
  return found;
}

Result<Verification> verify_against(const Executable& model, const Executable& reference,
                                    const VerifyData& data, double tolerance) {
  const std::vector<AnswerColumn> answers = TRY(answer_columns(model.signature()));
  const std::vector<AnswerColumn> others = TRY(answer_columns(reference.signature()));
  Cells names;
  for (const AnswerColumn& column : others) names.push_back(column.name);
  const Plan plan = plan_of(answers, names);
  Cells own_names;
  for (const AnswerColumn& column : plan.columns) own_names.push_back(column.name);
  const Plan other_plan = plan_of(others, own_names);
  if (plan.columns.empty()) {
    return invalid_argument(fmt::format("the models have no output in common: {}; {}",
                                        names_of(answers), names_of(others)));
  }
  Answers own(model, plan.wanted);
  Answers other(reference, other_plan.wanted);
  TRY_STATUS(own.open(data, data.keys));
  TRY_STATUS(other.open(data, data.keys));
  Verification found;
  add_outputs(plan, model.signature(), found);
  const size_t rows_max =
      std::min(batch_rows(model.signature()), batch_rows(reference.signature()));
  Cells expected(plan.columns.size());
  while (const size_t count = TRY(own.next(rows_max))) {
    if (TRY(other.next(rows_max)) != count) {
      return invalid_argument("the two models do not see the same rows in the data");
    }
    for (size_t row = 0; row < count; ++row) {
      const Cells theirs = TRY(other.cells(row));
      // The reference's columns stand in its own order; plan_of() left each one's place among ours.
      for (size_t i = 0; i < other_plan.columns.size(); ++i) {
        expected[other_plan.places[i]] = theirs[other_plan.cells[i]];
      }
      compare_row(plan, TRY(own.cells(row)), expected, tolerance, found);
      ++found.rows;
    }
    TRY_STATUS(own.check_rows(found));
  }
  if (found.rows == 0) return invalid_argument("the data hold no row");
  return found;
}

Status check_expected(const Executable& model, const std::string& csv) {
  const Verification found = TRY(verify_model(model, {.data = csv}, kVerifyTolerance));
  if (found.agrees()) return {};
  for (const OutputVerification& output : found.outputs) {
    if (output.worst.empty()) continue;
    const Difference& worst = output.worst[0];
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("{} of {} rows differ from the expected {}: row {}, {}: expected {}, "
                              "got {}",
                              output.rows - output.rows_equal, output.rows, output.name, worst.row,
                              worst.column, worst.expected, worst.got));
  }
  return Status(StatusCode::kFailedPrecondition, "rows answer differently alone and in a batch");
}

}  // namespace slipway::cli
