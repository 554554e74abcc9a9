// What `slipway runs` prints.
//
// Thread rule: pure functions, but for artifact_state(), which reads the file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/run_record.h"

namespace slipway::cli {

/// `metric`: the one that is shown of each; empty: that which each was chosen by.
std::string runs_table(std::span<const experiments::RunRecord> runs, const std::string& metric);
std::string runs_json(std::span<const experiments::RunRecord> runs);

std::string run_text(const experiments::RunRecord& run);
std::string run_json(const experiments::RunRecord& run);

/// Only what differs; a line that says so if nothing does.
std::string comparison_text(std::span<const experiments::RunRecord> runs);
std::string comparison_json(std::span<const experiments::RunRecord> runs);

/// "unchanged", "changed", "gone"; "" if there is none.
std::string artifact_state(const experiments::RunRecord& run);

}  // namespace slipway::cli
