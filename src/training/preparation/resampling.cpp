// Classes of equal size among the rows to learn from.
//
// SMOTE (Chawla, Bowyer, Hall, Kegelmeyer 2002) takes a row of a smaller class, one of its k
// nearest neighbours of the same class, and a point on the line between them, each by lot.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "graph/ops/neighbors.h"
#include "training/preparation/internal/run_matrix.h"
#include "training/preparation/row_steps.h"
#include "training/random.h"

namespace slipway::training {
namespace {

/// Places of each class's rows.
using Members = std::vector<std::vector<uint32_t>>;

class Sampler {
 public:
  Sampler(const PreparationInput& input, const PreparationPlan& plan, ResampledRows& sampled)
      : input_(input),
        plan_(plan),
        sampled_(sampled),
        width_(sampled.matrix.size() / sampled.rows.size()),
        members_(input.target.class_count) {
    for (uint32_t place = 0; place < sampled.rows.size(); ++place) {
      const int32_t label = input.target.classes[sampled.rows[place]];
      members_[static_cast<size_t>(label)].push_back(place);
    }
  }

  Status run() {
    switch (plan_.resample) {
      case PreparationPlan::Resample::kOver: over(); break;
      case PreparationPlan::Resample::kUnder: under(); break;
      case PreparationPlan::Resample::kSmote: return smote();
      case PreparationPlan::Resample::kNone: break;
    }
    return {};
  }

 private:
  size_t largest() const {
    size_t most = 0;
    for (const auto& rows : members_) most = std::max(most, rows.size());
    return most;
  }
  const double* row(uint32_t place) const { return sampled_.matrix.data() + place * width_; }

  void reserve() {
    sampled_.rows.reserve(largest() * members_.size());
    sampled_.matrix.reserve(largest() * members_.size() * width_);
  }

  void over() {
    const size_t most = largest();
    reserve();
    for (size_t label = 0; label < members_.size(); ++label) {
      const std::vector<uint32_t>& rows = members_[label];
      if (rows.empty()) continue;
      Random random(input_.seed, label);
      for (size_t i = rows.size(); i < most; ++i) {
        const uint32_t place = rows[random.below(rows.size())];
        sampled_.rows.push_back(sampled_.rows[place]);
        for (size_t j = 0; j < width_; ++j) {
          sampled_.matrix.push_back(sampled_.matrix[place * width_ + j]);
        }
      }
    }
  }

  void under() {
    size_t least = sampled_.rows.size();
    for (const auto& rows : members_) {
      if (!rows.empty()) least = std::min(least, rows.size());
    }
    std::vector<uint32_t> kept;
    for (size_t label = 0; label < members_.size(); ++label) {
      std::vector<uint32_t>& rows = members_[label];
      if (rows.empty()) continue;
      if (rows.size() > least) Random(input_.seed, label).shuffle(rows);
      kept.insert(kept.end(), rows.begin(), rows.begin() + static_cast<ptrdiff_t>(least));
    }
    std::ranges::sort(kept);
    ResampledRows left;
    left.rows.reserve(kept.size());
    left.matrix.reserve(kept.size() * width_);
    for (const uint32_t place : kept) {
      left.rows.push_back(sampled_.rows[place]);
      left.matrix.insert(left.matrix.end(), row(place), row(place) + width_);
    }
    sampled_ = std::move(left);
  }

  Status smote() {
    const size_t most = largest();
    const size_t k = plan_.smote_neighbors;
    for (const auto& rows : members_) {
      if (rows.empty() || rows.size() == most || rows.size() > k) continue;
      return invalid_argument(
          fmt::format("SMOTE with {} neighbours needs at least {} rows of each class to learn "
                      "from, and one has {}; take fewer neighbours or --resample over",
                      k, k + 1, rows.size()));
    }
    if (std::ranges::any_of(sampled_.matrix, [](double x) { return !std::isfinite(x); })) {
      return invalid_argument(
          "SMOTE makes rows of finite numbers, and some are missing or infinite; impute them");
    }
    reserve();
    for (size_t label = 0; label < members_.size(); ++label) {
      const size_t count = members_[label].empty() ? 0 : most - members_[label].size();
      if (count > 0) TRY_STATUS(make_rows(label, count));
    }
    return {};
  }

  Status make_rows(size_t label, size_t count) {
    const std::vector<uint32_t>& rows = members_[label];
    struct Draw {
      uint32_t member;
      uint32_t neighbor;  // the how manieth nearest
      double share;
    };
    Random random(input_.seed, label);
    std::vector<Draw> draws(count);
    for (Draw& draw : draws) {
      draw.member = static_cast<uint32_t>(random.below(rows.size()));
      draw.neighbor = static_cast<uint32_t>(random.below(plan_.smote_neighbors));
      draw.share = random.uniform();
    }
    // Neighbours only of those that are drawn.
    std::vector<uint32_t> wanted;
    wanted.reserve(draws.size());
    for (const Draw& draw : draws) wanted.push_back(draw.member);
    std::ranges::sort(wanted);
    wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
    const std::vector<uint32_t> nearest = TRY(nearest_of(rows, wanted));
    for (const Draw& draw : draws) {
      const uint32_t from = rows[draw.member];
      const auto asked =
          static_cast<size_t>(std::ranges::lower_bound(wanted, draw.member) - wanted.begin());
      const uint32_t to = rows[nearest[asked * plan_.smote_neighbors + draw.neighbor]];
      sampled_.rows.push_back(sampled_.rows[from]);
      for (size_t j = 0; j < width_; ++j) {
        const double begin = sampled_.matrix[from * width_ + j];
        const double end = sampled_.matrix[to * width_ + j];
        sampled_.matrix.push_back(begin + draw.share * (end - begin));
      }
    }
    return {};
  }

  std::vector<double> gathered(std::span<const uint32_t> places) const {
    std::vector<double> matrix;
    matrix.reserve(places.size() * width_);
    for (const uint32_t place : places) {
      matrix.insert(matrix.end(), row(place), row(place) + width_);
    }
    return matrix;
  }

  /// Of each wanted one of the rows, the k nearest others among them, nearest first: wanted x k.
  Result<std::vector<uint32_t>> nearest_of(const std::vector<uint32_t>& rows,
                                           const std::vector<uint32_t>& wanted) const {
    const size_t k = plan_.smote_neighbors;
    std::vector<uint32_t> asked;
    asked.reserve(wanted.size());
    for (const uint32_t member : wanted) asked.push_back(rows[member]);
    NeighborsOp::Options options;
    options.neighbors = plan_.smote_neighbors + 1;  // the row itself
    NeighborsOp::Targets targets;
    targets.lists = true;
    auto op = std::make_unique<NeighborsOp>(options, static_cast<uint32_t>(width_), gathered(rows),
                                            NeighborsOp::Distance{}, NeighborsOp::Tree{}, targets);
    const auto append = [&](GraphBuilder& graph) {
      return graph.add(std::move(op), {kNumbersInput}, "smote");
    };
    // Distances, then places, of each.
    const std::vector<double> lists =
        TRY(run_matrix(gathered(asked), width_, append, input_.threads));
    std::vector<uint32_t> nearest;
    nearest.reserve(wanted.size() * k);
    for (size_t i = 0; i < wanted.size(); ++i) {
      const std::span<const double> places = std::span(lists).subspan((2 * i + 1) * (k + 1), k + 1);
      // Of rows that are equal to it, others may stand in its place.
      const auto self = std::ranges::find(places, static_cast<double>(wanted[i]));
      const auto left_out = self == places.end() ? k : static_cast<size_t>(self - places.begin());
      for (size_t j = 0; j <= k; ++j) {
        if (j != left_out) nearest.push_back(static_cast<uint32_t>(places[j]));
      }
    }
    return nearest;
  }

  const PreparationInput& input_;
  const PreparationPlan& plan_;
  ResampledRows& sampled_;
  const size_t width_;
  Members members_;
};

}  // namespace

Status resample(const PreparationInput& input, const PreparationPlan& plan, ResampledRows& sampled,
                std::vector<std::string>& notes) {
  if (plan.resample == PreparationPlan::Resample::kNone) return {};
  if (input.target.class_count == 0) {
    return invalid_argument("only classes are resampled, and this is a regression");
  }
  const size_t before = sampled.rows.size();
  TRY_STATUS(Sampler(input, plan, sampled).run());
  notes.push_back(fmt::format("classes are brought to the same size: {} rows to learn from are {}",
                              before, sampled.rows.size()));
  return {};
}

}  // namespace slipway::training
