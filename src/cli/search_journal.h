// Journal: what a search has judged, line by line, so that one that was killed goes on where it
// was.
//
//   SearchJournal --FoldMemory--> training/selection; lines of JSON in a file
//
// The first line says of which table and version the file is. Each other line is one fit on one
// fold: its key, which stands for everything that the result depends on, and the result. A line
// that was cut off by the end of a process is passed over, as is any that makes no sense.
//
// Lines are handed to the system as they come, so that a killed process loses none, and to the disk
// once a second, so that a power cut loses no more than that. While it is open, no other process
// writes to it. Thread rule: calls come one at a time.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "training/selection/cross_validation.h"

namespace slipway::cli {

/// What a journal's first line says.
struct JournalHeader {
  std::string data;     // SHA-256 of the table's file
  std::string version;  // of the program
};

class SearchJournal final : public training::FoldMemory {
 public:
  /// Reads the file if it is there, else makes it. FAILED_PRECONDITION: it is of another table or
  /// version, or another process writes to it; INVALID_ARGUMENT: it is no journal; RESOURCE_
  /// EXHAUSTED: over 1 GiB; UNAVAILABLE: it cannot be read or written. Each names the path.
  static Result<std::unique_ptr<SearchJournal>> open(std::string path, const JournalHeader& header);
  ~SearchJournal() override;
  SearchJournal(const SearchJournal&) = delete;
  SearchJournal& operator=(const SearchJournal&) = delete;

  const training::FoldResult* find(const std::string& key) const override;
  void add(const std::string& key, const training::Candidate& candidate,
           const training::FoldResult& result) override;

  /// Results that were read when it was opened.
  size_t known() const { return known_; }
  /// What went wrong in add(), which cannot say: the search goes on, but could not be resumed.
  const Status& status() const { return status_; }
  const std::string& path() const { return path_; }
  /// The search is done: nobody needs it any more.
  void remove();

 private:
  SearchJournal(std::string path, int file) : path_(std::move(path)), file_(file) {}
  Status read_lines(const std::string& text, const JournalHeader& header);
  Status write_line(std::string line);

  const std::string path_;
  const int file_;
  std::map<std::string, training::FoldResult> results_;
  size_t known_ = 0;
  Status status_;
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace slipway::cli
