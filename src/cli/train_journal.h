// The journal of a `slipway train`: where it lies, and when it goes.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/search_journal.h"
#include "cli/training_run.h"

namespace slipway::cli {

/// That of --journal, else one of this table (`digest`), target and seed in the project's folder.
/// Null with --no-journal, with --no-record unless one is named, and if none can be made there,
/// which is said on stderr. Errors of a
/// journal that was named are those of open().
Result<std::unique_ptr<SearchJournal>> open_journal(const TrainOptions& options,
                                                    const std::string& digest);

/// One that nobody named goes when the search came to its end: resuming makes no sense then.
void close_journal(const TrainOptions& options, const TrainingRun& run, SearchJournal* journal);

}  // namespace slipway::cli
