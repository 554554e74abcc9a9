// RowSource over CSV and TSV.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "rows/column_match.h"
#include "rows/csv_reader.h"
#include "rows/row_source.h"

namespace slipway::rows {
namespace {

/// What pandas.read_csv takes for a missing value.
bool is_missing(std::string_view text) {
  static constexpr std::string_view kMissing[] = {
      "", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "<NA>", "#N/A"};
  return std::find(std::begin(kMissing), std::end(kMissing), text) != std::end(kMissing);
}

/// A number without regard to locale; nullopt if it is none.
std::optional<double> parse_number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (is_missing(text)) return std::numeric_limits<double>::quiet_NaN();
  if (text == "True" || text == "true" || text == "TRUE") return 1;
  if (text == "False" || text == "false" || text == "FALSE") return 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  // Out of range: strtod's rule, which Python follows too (1e999 is inf, 1e-999 is 0).
  if (error == std::errc::result_out_of_range) {
    const bool tiny =
        text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    const double magnitude = tiny ? 0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -magnitude : magnitude;
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

class CsvRows final : public RowSource {
 public:
  CsvRows(std::istream& input, const CsvOptions& options, const Signature& signature)
      : reader_(input, options.separator), signature_(signature), no_header_(options.no_header) {}

  const std::vector<std::string>& key_names() const override { return match_.key_names; }

  Status open(const std::vector<std::string>& keys) {
    if (!TRY(reader_.next())) return invalid_argument("the input is empty");
    const std::vector<std::string_view>& header = reader_.fields();
    for (const InputColumn& column : signature_.columns) {
      if (!column.is_record() || signature_.rows_are_records) continue;
      return invalid_argument(fmt::format(
          "column '{}' holds objects, which CSV cannot say; give the rows as JSON lines",
          column.name));
    }
    if (signature_.rows_are_records) {
      if (no_header_) {
        return invalid_argument(
            "the model takes rows of named values: CSV needs its header line (--no-header is "
            "given)");
      }
      return match(std::vector<std::string>(header.begin(), header.end()), keys);
    }
    if (no_header_ || (!signature_.columns_named && !looks_like_header(header))) {
      if (!keys.empty()) return invalid_argument("--keys needs a header line that names columns");
      if (header.size() != signature_.columns.size()) {
        return invalid_argument(fmt::format("line 1: expected {} columns, got {}",
                                            signature_.columns.size(), header.size()));
      }
      for (uint32_t i = 0; i < header.size(); ++i) {
        match_.targets.push_back({ColumnTarget::Kind::kFeature, i});
      }
      has_pending_record_ = true;
      return {};
    }
    return match(std::vector<std::string>(header.begin(), header.end()), keys);
  }

  Result<size_t> next(size_t rows_max, InputBuffer& input, std::vector<KeyCell>& keys) override {
    input.reset(0, signature_.columns.size(), signature_.matrices);
    keys.clear();
    while (input.rows() < rows_max) {
      if (!has_pending_record_ && !TRY(reader_.next())) break;
      has_pending_record_ = false;
      TRY_STATUS(add_record(input, keys));
    }
    return input.rows();
  }

 private:
  /// Of a model without names: a text where a number belongs can only be a header. Texts alone are
  /// taken for one, as pandas does.
  bool looks_like_header(const std::vector<std::string_view>& fields) const {
    const std::vector<InputColumn>& columns = signature_.columns;
    const bool by_position = fields.size() == columns.size();
    bool all_texts = true;
    for (size_t i = 0; i < fields.size(); ++i) {
      const bool is_text = by_position && columns[i].is_text();
      if (!is_text && !parse_number(fields[i]).has_value()) return true;
      all_texts = all_texts && is_text;
    }
    return all_texts;
  }

  Status match(std::vector<std::string> header, const std::vector<std::string>& keys) {
    Result<ColumnMatch> match = match_columns(header, signature_, keys);
    if (!match.ok()) return std::move(match).status().with_context("line 1");
    match_ = std::move(*match);
    header_ = std::move(header);
    return {};
  }

  Status add_record(InputBuffer& input, std::vector<KeyCell>& keys) {
    const std::vector<std::string_view>& fields = reader_.fields();
    if (fields.size() != match_.targets.size()) {
      return invalid_argument(fmt::format("line {}: expected {} fields, got {}", reader_.line(),
                                          match_.targets.size(), fields.size()));
    }
    const size_t row = input.rows();
    input.add_row();
    if (signature_.rows_are_records) {
      TRY_STATUS(fill_record(row, input));
    } else {
      TRY_STATUS(fill_columns(row, input));
    }
    for (const size_t field : match_.key_columns) {
      keys.push_back({std::string(fields[field]), false});
    }
    return {};
  }

  /// An empty field: the record has no such key. A field that reads as a number is one, unless it
  /// stands in quotes.
  Status fill_record(size_t row, InputBuffer& input) const {
    const std::vector<std::string_view>& fields = reader_.fields();
    input.begin_record(row, 0);
    for (size_t i = 0; i < fields.size(); ++i) {
      if (match_.targets[i].kind != ColumnTarget::Kind::kField) continue;
      const bool quoted = reader_.quoted(i);
      if (is_missing(fields[i])) continue;
      const std::optional<double> number = quoted ? std::nullopt : parse_number(fields[i]);
      TRY_STATUS(input.add_field(input.store_key(header_[i]), number.has_value()
                                                                  ? StringCell::number(*number)
                                                                  : input.store(fields[i])));
    }
    return {};
  }

  Status fill_columns(size_t row, InputBuffer& input) const {
    const std::vector<std::string_view>& fields = reader_.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (match_.targets[i].kind != ColumnTarget::Kind::kFeature) continue;
      const uint32_t column = match_.targets[i].index;
      if (!signature_.columns[column].is_used) continue;
      if (signature_.columns[column].is_text()) {
        input.string_row(row)[column] =
            is_missing(fields[i]) ? StringCell::absent() : input.store(fields[i]);
        continue;
      }
      const std::optional<double> number = parse_number(fields[i]);
      if (!number.has_value()) {
        return invalid_argument(fmt::format("line {}, column '{}': expected a number, got '{}'",
                                            reader_.line(), signature_.columns[column].name,
                                            fields[i].substr(0, 100)));
      }
      input.number_row(row)[column] = *number;
    }
    return {};
  }

  CsvReader reader_;
  const Signature& signature_;
  ColumnMatch match_;
  std::vector<std::string> header_;
  const bool no_header_;
  bool has_pending_record_ = false;
};

}  // namespace

Result<std::unique_ptr<RowSource>> open_csv_rows(std::istream& input, const CsvOptions& options,
                                                 const Signature& signature,
                                                 const std::vector<std::string>& keys) {
  auto rows = std::make_unique<CsvRows>(input, options, signature);
  TRY_STATUS(rows->open(keys));
  return std::unique_ptr<RowSource>(std::move(rows));
}

}  // namespace slipway::rows
