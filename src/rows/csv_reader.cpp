#include "rows/csv_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "rows/internal/bounded_line.h"

namespace slipway::rows {
namespace {

constexpr size_t kRecordBytesMax = 64ULL << 20;

/// What is no text at all, told by its first bytes.
Status check_first_line(std::string_view line) {
  if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF")) {
    return invalid_argument("the input is UTF-16; expected UTF-8 (iconv -f UTF-16 -t UTF-8)");
  }
  constexpr std::string_view kCompressed[] = {"\x1F\x8B", "BZh", "\xFD\x37zXZ", "\x28\xB5\x2F\xFD",
                                              "PK\x03\x04"};
  for (const std::string_view magic : kCompressed) {
    if (!line.starts_with(magic)) continue;
    return invalid_argument("the input is compressed; expected text (zcat FILE | slipway predict)");
  }
  if (line.starts_with("PAR1")) {
    return unimplemented("the input is a Parquet file; expected CSV, TSV or JSON lines");
  }
  return {};
}

}  // namespace

char find_separator(std::string_view line) {
  char best = ',';
  size_t most = 0;
  for (const char candidate : {',', ';', '\t', '|'}) {
    size_t count = 0;
    bool quoted = false;
    for (const char c : line) {
      quoted = quoted != (c == '"');
      count += !quoted && c == candidate ? 1 : 0;
    }
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}

Result<bool> CsvReader::read_line(std::string& line) {
  Result<bool> more = read_bounded_line(input_, kRecordBytesMax, line);
  if (more.ok()) return more;
  return std::move(more).status().with_context(fmt::format("line {}", line_ + 1));
}

Result<bool> CsvReader::next() {
  std::string line;
  while (true) {
    if (!TRY(read_line(line))) return false;
    ++line_;
    if (line_ == 1) {
      TRY_STATUS(check_first_line(line));
      if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    }
    if (separator_ == kFindSeparator && !line.empty() && line != "\r") {
      separator_ = find_separator(line);
    }
    if (!line.empty() && line != "\r") break;
  }
  record_line_ = line_;
  text_ = line;
  // A record goes on while a quote is open: quotes come in pairs, doubled ones too.
  auto quotes = std::count(line.begin(), line.end(), '"');
  while (quotes % 2 != 0) {
    if (!TRY(read_line(line))) {
      return invalid_argument(fmt::format("line {}: a quote is never closed", record_line_));
    }
    ++line_;
    text_ += '\n';
    text_ += line;
    if (text_.size() > kRecordBytesMax) {
      return resource_exhausted(
          fmt::format("line {}: a record is over {} bytes", record_line_, kRecordBytesMax));
    }
    quotes += std::count(line.begin(), line.end(), '"');
  }
  if (text_.ends_with('\r')) text_.pop_back();
  if (!simdjson::validate_utf8(text_)) {
    return invalid_argument(fmt::format(
        "line {}: this is not valid UTF-8; convert the input first, with iconv -t UTF-8",
        record_line_));
  }
  TRY_STATUS(split());
  return true;
}

Status CsvReader::split() {
  content_.clear();
  content_.reserve(text_.size());  // no reallocation below: the fields are views into it
  fields_.clear();
  quoted_.clear();
  size_t i = 0;
  while (true) {
    const size_t begin = content_.size();
    const bool quoted = i < text_.size() && text_[i] == '"';
    if (quoted) {
      for (++i; i < text_.size(); ++i) {
        if (text_[i] == '"') {
          if (i + 1 >= text_.size() || text_[i + 1] != '"') break;
          ++i;
        }
        content_ += text_[i];
      }
      ++i;  // behind the closing quote
      if (i < text_.size() && text_[i] != separator_) {
        return invalid_argument(fmt::format("line {}, field {}: text behind the closing quote",
                                            record_line_, fields_.size() + 1));
      }
    } else {
      for (; i < text_.size() && text_[i] != separator_; ++i) content_ += text_[i];
    }
    fields_.emplace_back(content_.data() + begin, content_.size() - begin);
    quoted_.push_back(quoted);
    if (i >= text_.size()) return {};
    ++i;  // the separator
  }
}

}  // namespace slipway::rows
