#include "rows/csv_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace slipway::rows {
namespace {

constexpr size_t kRecordBytesMax = 64ULL << 20;
constexpr size_t kBlockBytesMin = 16ULL << 10;
constexpr size_t kBlockBytesMax = 1ULL << 20;

/// Marks the bytes of a word that are zero; exact for the first of them, which is what is asked.
uint64_t zero_bytes(uint64_t word) {
  return (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
}

/// The first separator or line break from `place` on, or `end`: eight bytes at a time.
size_t find_field_end(const char* text, size_t place, size_t end, char separator) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr uint64_t kOnes = 0x0101010101010101ULL;
    const uint64_t separators = kOnes * static_cast<unsigned char>(separator);
    constexpr uint64_t kBreaks = kOnes * '\n';
    for (; place + sizeof(uint64_t) <= end; place += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, text + place, sizeof word);
      const uint64_t found = zero_bytes(word ^ separators) | zero_bytes(word ^ kBreaks);
      if (found != 0) return place + static_cast<size_t>(std::countr_zero(found)) / 8;
    }
  }
  while (place < end && text[place] != separator && text[place] != '\n') ++place;
  return place;
}

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

/// Reads until the first line that is not blank is there whole: it tells the separator.
Status CsvReader::start() {
  is_started_ = true;
  constexpr size_t kMagicBytes = 16;
  while (!at_end_ && end_ < kMagicBytes) TRY_STATUS(fill());
  TRY_STATUS(check_first_line(std::string_view(buffer_).substr(0, end_)));
  if (std::string_view(buffer_).substr(0, end_).starts_with("\xEF\xBB\xBF")) begin_ = 3;
  while (separator_ == kFindSeparator) {
    const std::string_view text = std::string_view(buffer_).substr(begin_, end_ - begin_);
    const size_t first = std::min(text.find_first_not_of("\r\n"), text.size());
    const size_t line_end = text.find('\n', first);
    if (line_end == std::string_view::npos && !at_end_) {
      TRY_STATUS(fill());
      continue;
    }
    separator_ = find_separator(text.substr(first, line_end - first));
  }
  return {};
}

/// Reads another block behind what is left of the last.
Status CsvReader::fill() {
  const size_t left = end_ - begin_;
  if (left > kRecordBytesMax) {
    return resource_exhausted(
        fmt::format("line {}: a record is over {} bytes", line_, kRecordBytesMax));
  }
  if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, left);
  begin_ = 0;
  end_ = left;
  // Blocks grow: a request's body has a few bytes, a file has gigabytes.
  const size_t size =
      std::clamp(buffer_.size() * 2, kBlockBytesMin, left + std::max(left, kBlockBytesMax));
  buffer_.resize(std::max({buffer_.size(), size, left + kBlockBytesMin}));
  input_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
  if (input_.bad()) {
    return data_loss(fmt::format("line {}: the input cannot be read", line_));
  }
  const auto count = static_cast<size_t>(input_.gcount());
  at_end_ = count == 0 || input_.eof();
  end_ += count;
  return {};
}

void CsvReader::end_field(size_t begin, size_t end, bool is_quoted) {
  fields_.emplace_back(buffer_.data() + begin, end - begin);
  quoted_.push_back(is_quoted ? 1 : 0);
}

/// From behind an opening quote to its closing one; false if that is not there.
bool CsvReader::scan_quoted(size_t& place, bool& needs_more) {
  const char* const text = buffer_.data();
  while (true) {
    const void* found = std::memchr(text + place, '"', end_ - place);
    if (found == nullptr) {
      needs_more = true;
      return false;
    }
    const auto quote = static_cast<size_t>(static_cast<const char*>(found) - text);
    breaks_ += static_cast<uint64_t>(std::count(text + place, text + quote, '\n'));
    place = quote;
    if (quote + 1 == end_ && !at_end_) {
      needs_more = true;  // is it doubled?
      return false;
    }
    if (quote + 1 == end_ || text[quote + 1] != '"') return true;
    has_doubled_ = true;
    place += 2;
  }
}

/// The record at begin_: sets fields_, next_. kNeedsMore: its end is not in the buffer, or, at the
/// end of the input, a quote is open.
CsvReader::Scan CsvReader::scan() {
  fields_.clear();
  quoted_.clear();
  breaks_ = 0;
  has_doubled_ = false;
  const char* const text = buffer_.data();
  const char separator = separator_;
  size_t place = begin_;
  while (true) {
    size_t begin = place;
    const bool is_quoted = place < end_ && text[place] == '"';
    size_t field_end = 0;
    if (is_quoted) {
      bool needs_more = false;
      begin = ++place;
      if (!scan_quoted(place, needs_more)) return Scan::kNeedsMore;
      field_end = place++;
      const bool at_return = place < end_ && text[place] == '\r';
      if (at_return && place + 1 == end_ && !at_end_) return Scan::kNeedsMore;
      if (at_return && (place + 1 == end_ || text[place + 1] == '\n')) ++place;
    } else {
      place = find_field_end(text, place, end_, separator);
      field_end = place;
      const bool ends_line = place == end_ || text[place] == '\n';
      if (ends_line && field_end > begin && text[field_end - 1] == '\r') --field_end;
    }
    if (place == end_ && !at_end_) return Scan::kNeedsMore;
    end_field(begin, field_end, is_quoted);
    if (place == end_ || text[place] == '\n') {
      next_ = std::min(place + 1, end_);
      return Scan::kRecord;
    }
    if (text[place] != separator) return Scan::kTextBehindQuote;
    ++place;
  }
}

Status CsvReader::check_text(std::string_view record) const {
  const bool has_nul = std::memchr(record.data(), 0, record.size()) != nullptr;
  if (!has_nul && simdjson::validate_utf8(record.data(), record.size())) return {};
  // Which field it is matters only now.
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].find('\0') != std::string_view::npos) {
      return invalid_argument(
          fmt::format("line {}, field {}: a NUL byte; expected text", record_line_, i + 1));
    }
    if (!simdjson::validate_utf8(fields_[i].data(), fields_[i].size())) {
      return invalid_argument(fmt::format(
          "line {}: this is not valid UTF-8, in field {}; convert the input first, with iconv -t "
          "UTF-8",
          record_line_, i + 1));
    }
  }
  return invalid_argument(fmt::format("line {}: this is not valid UTF-8", record_line_));
}

/// Fields lie in the buffer, which is ours: they shrink where they are.
void CsvReader::remove_doubled_quotes() {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (quoted_[i] == 0 || fields_[i].find('"') == std::string_view::npos) continue;
    char* const field = buffer_.data() + (fields_[i].data() - buffer_.data());
    size_t size = 0;
    for (size_t from = 0; from < fields_[i].size(); ++from, ++size) {
      field[size] = field[from];
      if (field[from] == '"') ++from;
    }
    fields_[i] = {field, size};
  }
}

Result<bool> CsvReader::next() {
  if (!is_started_) TRY_STATUS(start());
  while (true) {
    // Blank lines.
    while (begin_ < end_ && (buffer_[begin_] == '\n' ||
                             (buffer_[begin_] == '\r' &&
                              (begin_ + 1 == end_ ? at_end_ : buffer_[begin_ + 1] == '\n')))) {
      line_ += buffer_[begin_] == '\n' ? 1 : 0;
      ++begin_;
    }
    if (begin_ == end_ && at_end_) return false;
    record_line_ = line_;
    const Scan found = begin_ == end_ ? Scan::kNeedsMore : scan();
    if (found == Scan::kTextBehindQuote) {
      return invalid_argument(fmt::format("line {}, field {}: text behind the closing quote",
                                          record_line_, fields_.size()));
    }
    if (found == Scan::kRecord) break;
    if (at_end_) {
      return invalid_argument(fmt::format("line {}: a quote is never closed", record_line_));
    }
    TRY_STATUS(fill());
  }
  TRY_STATUS(check_text(std::string_view(buffer_).substr(begin_, next_ - begin_)));
  if (has_doubled_) remove_doubled_quotes();
  begin_ = next_;
  line_ += breaks_ + 1;
  return true;
}

}  // namespace slipway::rows
