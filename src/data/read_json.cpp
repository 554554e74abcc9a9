// JSON lines, or one JSON array of objects, into a FrameBuilder.
#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_nonfinite.h"
#include "data/internal/read_text.h"
#include "rows/bounded_line.h"

namespace slipway::data {
namespace {

namespace dom = simdjson::dom;
constexpr size_t kLineBytesMax = 64ULL << 20;
constexpr size_t kDocumentBytesMax = 256ULL << 20;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class JsonReader {
 public:
  JsonReader(std::istream& input, FrameBuilder& builder)
      : input_(input), builder_(builder), parser_(kDocumentBytesMax) {}

  Status read() {
    std::string line;
    do {
      if (!TRY(next_line(line))) return invalid_argument("the input is empty");
      if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    } while (is_blank(line));
    if (line[line.find_first_not_of(" \t\r\n")] == '[') return read_document(line);
    do {
      if (!is_blank(line)) TRY_STATUS(read_row(line));
    } while (TRY(next_line(line)));
    return {};
  }

 private:
  Status in_place(Status status) const {
    if (status.ok()) return status;
    return std::move(status).with_context(place());
  }
  std::string place() const {
    return is_document_ ? fmt::format("row {}", builder_.row() + 1) : fmt::format("line {}", line_);
  }

  Result<bool> next_line(std::string& line) {
    ++line_;
    Result<bool> more = rows::read_bounded_line(input_, kLineBytesMax, line);
    if (more.ok()) return more;
    return in_place(std::move(more).status());
  }

  Result<dom::element> parse(const std::string& text) {
    dom::element value;
    auto error = parser_.parse(text).get(value);
    if (error != simdjson::SUCCESS) {
      std::vector<size_t> nans;
      if (replace_json_nonfinite(text, finite_, nans)) {
        error = parser_.parse(finite_.data(), finite_.size()).get(value);
      }
    }
    if (error == simdjson::SUCCESS) return value;
    return invalid_argument(
        fmt::format("{}: not valid JSON: {}", place(), simdjson::error_message(error)));
  }

  Status read_row(const std::string& line) { return add_row(TRY(parse(line))); }

  Status read_document(std::string& text) {
    std::string line;
    while (TRY(next_line(line))) {
      text += '\n';
      text += line;
      if (text.size() > kDocumentBytesMax) {
        return resource_exhausted(
            fmt::format("an array of rows may have {} bytes; give one row a line (jq -c '.[]')",
                        kDocumentBytesMax));
      }
    }
    is_document_ = true;
    const dom::element document = TRY(parse(text));
    const dom::array rows = document.get_array().value();
    for (const dom::element row : rows) TRY_STATUS(add_row(row));
    return {};
  }

  Status add_row(dom::element value) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) {
      return invalid_argument(fmt::format("{}: expected an object of named values", place()));
    }
    size_t guess = 0;
    for (const auto& [name, cell] : object) {
      const size_t column = TRY(find_column(name, guess));
      guess = column + 1;
      if (seen_[column] == builder_.row() + 1) {
        return invalid_argument(fmt::format("{}: '{}' stands there twice", place(), name));
      }
      seen_[column] = builder_.row() + 1;
      TRY_STATUS(add_cell(builder_.column(column), cell));
    }
    return builder_.end_rows(1);
  }

  /// Rows mostly have the same keys in the same order: the one behind the last is tried first.
  Result<size_t> find_column(std::string_view name, size_t guess) {
    if (guess < builder_.columns() && builder_.column(guess).name() == name) {
      seen_.resize(builder_.columns(), 0);
      return guess;
    }
    const std::optional<size_t> known = builder_.find(name);
    if (!known.has_value()) {
      const size_t added = TRY(builder_.add_column(std::string(name)));
      seen_.resize(builder_.columns(), 0);
      return added;
    }
    seen_.resize(builder_.columns(), 0);
    return *known;
  }

  Status add_cell(ColumnBuilder& column, dom::element cell) {
    if (column.is_ignored() || cell.is_null()) return {};
    const size_t row = builder_.row();
    if (std::string_view text; cell.get(text) == simdjson::SUCCESS) {
      return column.add_text(row, text) ? Status() : wrong_cell(place(), column, text);
    }
    if (bool truth = false; cell.get(truth) == simdjson::SUCCESS) {
      return column.add_boolean(row, truth) ? Status()
                                            : wrong_cell(place(), column, simdjson::minify(cell));
    }
    if (double number = 0; cell.get(number) == simdjson::SUCCESS) {
      return column.add_number(row, number) ? Status()
                                            : wrong_cell(place(), column, simdjson::minify(cell));
    }
    return invalid_argument(fmt::format(
        "{}, column '{}': expected a number, a text, true, false or null, got {}; the type ignore "
        "leaves the column out (--type '{}=ignore')",
        place(), column.name(), cell.is_array() ? "an array" : "an object", column.name()));
  }

  std::istream& input_;
  FrameBuilder& builder_;
  dom::parser parser_;
  std::vector<char> finite_;
  std::vector<size_t> seen_;  // by column: the row, from 1, that last had it
  uint64_t line_ = 0;
  bool is_document_ = false;
};

}  // namespace

Status read_json(std::istream& input, const ReadOptions& options, FrameBuilder& builder) {
  if (builder.columns() == 0) builder.set_rules(CellRules(options.schema.missing, false));
  return JsonReader(input, builder).read();
}

}  // namespace slipway::data
