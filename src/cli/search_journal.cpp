#include "cli/search_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "cli/json_writer.h"

namespace slipway::cli {
namespace {

using training::FoldResult;

constexpr uint64_t kBytesMax = 1ULL << 30;
constexpr auto kSyncEvery = std::chrono::seconds(1);
constexpr std::string_view kKind = "slipway search journal 1";

Status cannot(std::string_view what, const std::string& path, int reason) {
  return unavailable(fmt::format("cannot {} {}: {}", what, path, std::strerror(reason)));
}

Result<std::string> read_all(int file, const std::string& path) {
  struct stat found {};
  if (::fstat(file, &found) != 0) return cannot("read", path, errno);
  if (!S_ISREG(found.st_mode)) {
    return invalid_argument(fmt::format("{} is no regular file", path));
  }
  if (static_cast<uint64_t>(found.st_size) > kBytesMax) {
    return resource_exhausted(fmt::format("{} has over {} bytes", path, kBytesMax));
  }
  std::string text(static_cast<size_t>(found.st_size), '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count =
        ::pread(file, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("read", path, errno);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  text.resize(done);
  return text;
}

std::string header_line(const JournalHeader& header) {
  JsonWriter json;
  json.begin('{');
  json.key("kind");
  json.string(kKind);
  json.key("version");
  json.string(header.version);
  json.key("data");
  json.string(header.data);
  json.end('}');
  return json.text();
}

std::string result_line(const std::string& key, const training::Candidate& candidate,
                        const FoldResult& result) {
  JsonWriter json;
  json.begin('{');
  json.key("key");
  json.string(key);
  json.key("learner");
  json.string(candidate.learner->name);
  json.key("parameters");
  json.begin('{');
  for (const auto& [name, value] : candidate.hyperparameters) {
    json.key(name);
    json.string(value);
  }
  json.end('}');
  json.key("seconds");
  json.real(result.seconds);
  if (!result.status.ok()) {
    json.key("error");
    json.string(result.status.message());
  }
  json.key("warnings");
  json.strings(result.warnings);
  json.key("metrics");
  json.begin('{');
  for (const auto& [name, value] : result.metrics) {
    json.key(name);
    // JSON has no infinity: as a text, which reads back as what it was.
    if (std::isfinite(value) || std::isnan(value)) {
      json.real(value);
    } else {
      json.string(value > 0 ? "inf" : "-inf");
    }
  }
  json.end('}');
  json.end('}');
  return json.text();
}

double metric_of(const simdjson::dom::element& value) {
  double number = std::numeric_limits<double>::quiet_NaN();
  if (value.get(number) == simdjson::SUCCESS) return number;
  std::string_view word;
  if (value.get(word) != simdjson::SUCCESS) return std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  return word == "inf" ? infinity : -infinity;
}

/// False of a line that makes no sense.
bool read_result(const simdjson::dom::element& line, std::string& key, FoldResult& result) {
  std::string_view text;
  simdjson::dom::object metrics;
  simdjson::dom::array warnings;
  if (line["key"].get(text) != simdjson::SUCCESS || text.size() != 64) return false;
  key = text;
  if (line["seconds"].get(result.seconds) != simdjson::SUCCESS) return false;
  if (line["metrics"].get(metrics) != simdjson::SUCCESS) return false;
  if (line["warnings"].get(warnings) != simdjson::SUCCESS) return false;
  if (line["error"].get(text) == simdjson::SUCCESS) {
    result.status = invalid_argument(std::string(text));
  }
  result.metrics.reserve(metrics.size());
  for (const auto& [name, value] : metrics) {
    result.metrics.emplace_back(std::string(name), metric_of(value));
  }
  for (const simdjson::dom::element warning : warnings) {
    if (warning.get(text) != simdjson::SUCCESS) return false;
    result.warnings.emplace_back(text);
  }
  return result.metrics.empty() != result.status.ok();
}

}  // namespace

Result<std::unique_ptr<SearchJournal>> SearchJournal::open(std::string path,
                                                           const JournalHeader& header) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return cannot("open", path, errno);
  std::unique_ptr<SearchJournal> journal(new SearchJournal(std::move(path), file));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("another run writes to {}", journal->path_));
  }
  std::string text = TRY(read_all(file, journal->path_));
  // A process that ended while it wrote the first line has judged nothing yet.
  if (!text.empty() && header_line(header).starts_with(text)) {
    if (::ftruncate(file, 0) != 0) return cannot("write", journal->path_, errno);
    text.clear();
  }
  TRY_STATUS(journal->read_lines(text, header));
  // What a line that was cut off left would swallow the next one.
  const bool is_torn = !text.empty() && text.back() != '\n';
  if (text.empty()) TRY_STATUS(journal->write_line(header_line(header)));
  if (is_torn) TRY_STATUS(journal->write_line(""));
  return journal;
}

SearchJournal::~SearchJournal() {
  ::fdatasync(file_);
  ::close(file_);
}

Status SearchJournal::read_lines(const std::string& text, const JournalHeader& header) {
  if (text.empty()) return {};
  simdjson::dom::parser parser;
  const auto parse = [&](size_t begin, size_t end) {
    return parser.parse(simdjson::padded_string(text.data() + begin, end - begin));
  };
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view kind;
  std::string_view version;
  std::string_view data;
  const auto first = parse(0, end);
  if (first["kind"].get(kind) != simdjson::SUCCESS || kind != kKind ||
      first["version"].get(version) != simdjson::SUCCESS ||
      first["data"].get(data) != simdjson::SUCCESS) {
    return invalid_argument(fmt::format("{} is no journal of a search", path_));
  }
  if (version != header.version || data != header.data) {
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("{} is the journal of another {}; remove it, or name another file",
                              path_, data != header.data ? "table" : "version of this program"));
  }
  while (end < text.size()) {
    const size_t begin = end + 1;
    end = std::min(text.find('\n', begin), text.size());
    if (begin == end) continue;
    const auto line = parse(begin, end);
    std::string key;
    FoldResult result;
    if (line.error() != simdjson::SUCCESS || !read_result(line.value_unsafe(), key, result)) {
      continue;
    }
    results_.insert_or_assign(std::move(key), std::move(result));
  }
  known_ = results_.size();
  return {};
}

Status SearchJournal::write_line(std::string line) {
  line.push_back('\n');
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(file_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("write", path_, errno);
    done += static_cast<size_t>(count);
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - synced_ >= kSyncEvery) {
    synced_ = now;
    if (::fdatasync(file_) != 0) return cannot("write", path_, errno);
  }
  return {};
}

const FoldResult* SearchJournal::find(const std::string& key) const {
  const auto found = results_.find(key);
  return found == results_.end() ? nullptr : &found->second;
}

void SearchJournal::add(const std::string& key, const training::Candidate& candidate,
                        const FoldResult& result) {
  if (status_.ok()) status_ = write_line(result_line(key, candidate, result));
  results_.insert_or_assign(key, result);
}

void SearchJournal::remove() { ::unlink(path_.c_str()); }

}  // namespace slipway::cli
