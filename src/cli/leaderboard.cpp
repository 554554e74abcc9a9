#include "cli/leaderboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace slipway::cli {
namespace {

constexpr size_t kShown = 20;

/// The best candidate of each learner, best first.
std::vector<size_t> best_of_learners(const TrainingRun& run) {
  std::vector<size_t> best;
  for (const size_t i : run.ranking) {
    const bool is_first = std::ranges::none_of(best, [&](size_t other) {
      return run.candidates[other].learner == run.candidates[i].learner;
    });
    if (is_first) best.push_back(i);
  }
  return best;
}

std::map<const training::Learner*, size_t> tried_of_learners(const TrainingRun& run) {
  std::map<const training::Learner*, size_t> tried;
  for (const size_t i : run.ranking) ++tried[run.candidates[i].learner];
  return tried;
}

void write_rounds(JsonWriter& json, const TrainingRun& run) {
  json.key("rounds");
  json.begin('[');
  for (const training::HalvingRound& round : run.rounds) {
    json.begin('{');
    json.key("candidates");
    json.number(round.candidates);
    json.key("resources");
    json.number(round.resources);
    json.end('}');
  }
  json.end(']');
}

void write_candidate(JsonWriter& json, const TrainingRun& run, size_t i) {
  const training::Candidate& candidate = run.candidates[i];
  json.key("learner");
  json.string(candidate.learner->name);
  json.key("parameters");
  write_texts(json, candidate.hyperparameters);
  if (!candidate.preparation.empty()) {
    json.key("preparation");
    write_texts(json, candidate.preparation);
  }
  if (!run.rounds.empty()) {
    json.key("round");
    json.number(run.scores[i].round);
    json.key("resources");
    json.number(run.scores[i].resources);
  }
  json.key("mean");
  json.real(run.scores[i].mean(run.scoring));
  json.key("deviation");
  json.real(run.scores[i].deviation(run.scoring));
  json.key("fit_seconds");
  json.real(run.scores[i].fit_seconds);
}

}  // namespace

training::MetricValues mean_metrics(const training::CandidateScores& scores) {
  training::MetricValues means;
  means.reserve(scores.folds[0].size());
  for (const auto& [name, value] : scores.folds[0]) means.emplace_back(name, scores.mean(name));
  return means;
}

void write_metrics(JsonWriter& json, const training::MetricValues& metrics) {
  json.begin('{');
  for (const auto& [name, value] : metrics) {
    json.key(name);
    json.real(value);
  }
  json.end('}');
}

void write_texts(JsonWriter& json, const training::HyperparameterTexts& texts) {
  json.begin('{');
  for (const auto& [name, value] : texts) {
    json.key(name);
    json.string(value);
  }
  json.end('}');
}

void write_leaderboard(JsonWriter& json, const TrainingRun& run) {
  json.key("validation");
  json.string(run.partition);
  if (!run.rounds.empty()) write_rounds(json, run);
  const auto tried = tried_of_learners(run);
  json.key("learners");
  json.begin('[');
  for (const size_t i : best_of_learners(run)) {
    json.begin('{');
    write_candidate(json, run, i);
    json.key("tried");
    json.number(tried.at(run.candidates[i].learner));
    json.end('}');
  }
  json.end(']');
  json.key("leaderboard");
  json.begin('[');
  for (const size_t i : run.ranking) {
    json.begin('{');
    write_candidate(json, run, i);
    json.key("metrics");
    write_metrics(json, mean_metrics(run.scores[i]));
    json.end('}');
  }
  json.end(']');
}

std::string leaderboard_text(const TrainingRun& run) {
  const auto tried = tried_of_learners(run);
  const bool by_learner = tried.size() > 1 && run.ranking.size() > 2 * tried.size();
  const std::vector<size_t> places = by_learner ? best_of_learners(run) : run.ranking;
  std::string text;
  const auto add = [&](const std::string& line) { text.append(line).append("\n"); };
  const std::string head = by_learner ? "  tried" : "";
  add(fmt::format("{:>4}  {:>10} {:>8} {:>9}{}  {}", "", run.scoring, "+/-", "fit, s", head,
                  by_learner ? "best of each learner" : "learner"));
  for (size_t place = 0; place < std::min(places.size(), kShown); ++place) {
    const size_t i = places[place];
    const training::CandidateScores& scores = run.scores[i];
    const std::string count =
        by_learner ? fmt::format("{:>7}", tried.at(run.candidates[i].learner)) : "";
    add(fmt::format("{:>4}  {:>10.4f} {:>8.4f} {:>9.3f}{}  {}", place + 1, scores.mean(run.scoring),
                    scores.deviation(run.scoring), scores.fit_seconds, count,
                    training::candidate_text(run.candidates[i])));
  }
  if (places.size() > kShown) add(fmt::format("      ... {} more", places.size() - kShown));
  for (size_t round = 0; round < run.rounds.size(); ++round) {
    add(fmt::format("{}round {}: {} candidates with {}", round == 0 ? "\n" : "", round + 1,
                    run.rounds[round].candidates, run.rounds[round].resources));
  }
  return text;
}

}  // namespace slipway::cli
