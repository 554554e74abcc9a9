#include "cli/train_journal.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "cli/version.h"
#include "experiments/project_folder.h"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> usual_place(const TrainOptions& options, const std::string& digest) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  const char* const home = std::getenv(experiments::kHomeVariable);
  const std::string project =
      TRY(experiments::make_project_folder(here.string(), home == nullptr ? "" : home));
  const fs::path folder = fs::path(project) / "searches";
  fs::create_directories(folder, error);
  if (error) {
    return unavailable(
        fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  const std::string key =
      sha256_hex(fmt::format("{}\n{}\n{}\n{}", digest, kVersion, options.target, options.seed));
  return (folder / (key.substr(0, 16) + ".jsonl")).string();
}

Result<std::unique_ptr<SearchJournal>> open_usual(const TrainOptions& options,
                                                  const std::string& digest) {
  return SearchJournal::open(TRY(usual_place(options, digest)), {digest, kVersion});
}

}  // namespace

Result<std::unique_ptr<SearchJournal>> open_journal(const TrainOptions& options,
                                                    const std::string& digest) {
  std::unique_ptr<SearchJournal> journal;
  const std::string& named = options.selection.journal;
  if (options.selection.no_journal || (options.no_record && named.empty())) return journal;
  if (!named.empty()) {
    journal = TRY(SearchJournal::open(named, {digest, kVersion}));
  } else {
    Result<std::unique_ptr<SearchJournal>> made = open_usual(options, digest);
    if (!made.ok()) {
      fmt::print(stderr, "slipway: no journal is kept: {}\n", made.status().message());
      return journal;
    }
    journal = *std::move(made);
  }
  if (journal->known() > 0) {
    fmt::print(stderr, "slipway: {} results of an earlier search of this table are known ({})\n",
               journal->known(), journal->path());
  }
  return journal;
}

void close_journal(const TrainOptions& options, const TrainingRun& run, SearchJournal* journal) {
  if (journal == nullptr) return;
  if (!journal->status().ok()) {
    fmt::print(stderr, "slipway: the journal is not whole: {}\n", journal->status().message());
  }
  if (options.selection.journal.empty() && !run.was_stopped) journal->remove();
}

}  // namespace slipway::cli
