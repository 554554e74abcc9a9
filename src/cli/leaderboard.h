// What a training run says of its candidates: a table for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "cli/json_writer.h"
#include "cli/training_run.h"

namespace slipway::cli {

/// Of each metric the mean over the folds.
training::MetricValues mean_metrics(const training::CandidateScores& scores);
void write_metrics(JsonWriter& json, const training::MetricValues& metrics);
void write_texts(JsonWriter& json, const training::HyperparameterTexts& texts);

/// Places of those that could not be judged, but for want of time.
std::vector<size_t> failed_candidates(const TrainingRun& run);

/// The members `validation`, `rounds` (of a halving search), `learners` (the best of each),
/// `leaderboard` and `failed` of an object.
void write_leaderboard(JsonWriter& json, const TrainingRun& run);

/// Lines, best first; where several learners were searched, the best of each with how many
/// candidates it had.
std::string leaderboard_text(const TrainingRun& run);

}  // namespace slipway::cli
