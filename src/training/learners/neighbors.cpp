// knn: the training rows themselves, searched by the same op that serves scikit-learn's models.
#include <fmt/format.h>

#include <array>

#include "graph/ops/basic.h"
#include "graph/ops/neighbors.h"
#include "training/learners/internal/families.h"
#include "training/learners/internal/outputs.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;
using Metric = NeighborsOp::Metric;

constexpr std::array kTable = {
    Hyperparameter{"n_neighbors", Kind::kInteger, "5", 1, 1e6},
    Hyperparameter{"weights", Kind::kWord, "uniform", 0, 0, false, "uniform|distance"},
    Hyperparameter{"metric", Kind::kWord, "minkowski", 0, 0, false,
                   "minkowski|euclidean|manhattan|chebyshev|cosine"},
    Hyperparameter{"p", Kind::kNumber, "2", 1, 1e6},
};

class NeighborsModel final : public FittedModel {
 public:
  NeighborsModel(std::string_view estimator, NeighborsOp::Options options, uint32_t features,
                 std::vector<double> points, NeighborsOp::Distance distance,
                 NeighborsOp::Targets targets)
      : estimator_(estimator),
        options_(options),
        features_(features),
        points_(std::move(points)),
        distance_(std::move(distance)),
        targets_(std::move(targets)) {}

  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override {
    const ValueId x = TRY(checked_features(graph, features, naming, estimator_));
    auto op = std::make_unique<NeighborsOp>(options_, features_, points_, distance_,
                                            NeighborsOp::Tree{}, targets_);
    const ValueId votes = TRY(graph.add(std::move(op), {x}, naming.path));
    if (targets_.class_counts.empty()) return value_outputs(votes);
    return vote_outputs(graph, votes, naming);
  }

 private:
  /// With distance weights the sums that decide predict follow those of predict_proba.
  Result<std::vector<OutputSpec>> vote_outputs(GraphBuilder& graph, ValueId votes,
                                               const ModelNaming& naming) const {
    const uint32_t classes = targets_.class_counts[0];
    ValueId own = votes;
    ValueId deciding = votes;
    if (graph.type(votes).width != classes) {
      own = TRY(slice(graph, votes, 0, naming));
      deciding = TRY(slice(graph, votes, classes, naming));
    }
    const ValueId index = TRY(graph.add(std::make_unique<ArgMaxOp>(), {deciding}, naming.path));
    const ValueId normal =
        TRY(graph.add(std::make_unique<ActivationOp>(ActivationOp::Function::kNormalizeRows), {own},
                      naming.path));
    std::vector<OutputSpec> outputs = {label_output(index, naming)};
    outputs.push_back(number_output("predict_proba", normal, classes, naming));
    return outputs;
  }

  Result<ValueId> slice(GraphBuilder& graph, ValueId votes, uint32_t first,
                        const ModelNaming& naming) const {
    std::vector<ColumnPick> picks;
    picks.reserve(targets_.class_counts[0]);
    for (uint32_t k = 0; k < targets_.class_counts[0]; ++k) picks.push_back({0, first + k});
    return graph.add(std::make_unique<SelectOp>(std::move(picks)), {votes}, naming.path);
  }

  std::string_view estimator_;
  NeighborsOp::Options options_;
  uint32_t features_;
  std::vector<double> points_;
  NeighborsOp::Distance distance_;
  NeighborsOp::Targets targets_;
};

NeighborsOp::Distance distance_of(const Hyperparameters& parameters, const TrainingData& data) {
  NeighborsOp::Distance distance;
  const std::string_view metric = parameters.word("metric");
  distance.p = parameters.number("p");
  if (metric == "manhattan" || (metric == "minkowski" && distance.p == 1)) {
    distance.metric = Metric::kManhattan;
  } else if (metric == "chebyshev") {
    distance.metric = Metric::kChebyshev;
  } else if (metric == "cosine") {
    distance.metric = Metric::kCosine;
  } else if (metric == "minkowski" && distance.p != 2) {
    distance.metric = Metric::kMinkowski;
  }
  // Where algorithm="auto" of scikit-learn searches by brute force (neighbors/_base.py), it
  // computes |x|^2 - 2xy + |y|^2; its trees subtract.
  constexpr uint32_t kTreeColumnsMax = 15;
  const auto neighbors = static_cast<size_t>(parameters.integer("n_neighbors"));
  distance.expanded = distance.metric == Metric::kEuclidean &&
                      (data.columns > kTreeColumnsMax || neighbors >= data.rows / 2);
  return distance;
}

Result<Fit> train_neighbors(const Learner& learner, const TrainingData& data,
                            const Hyperparameters& parameters, const FitOptions& /*options*/) {
  NeighborsOp::Options options;
  options.neighbors = static_cast<uint32_t>(parameters.integer("n_neighbors"));
  options.distance_weights = parameters.word("weights") == "distance";
  if (options.neighbors > data.rows) {
    return invalid_argument(
        fmt::format("hyperparameter n_neighbors of knn: expected at most the number of rows, {}, "
                    "got {}",
                    data.rows, options.neighbors));
  }
  if (!data.weights.empty()) {
    return invalid_argument("knn has no use for weights of rows or classes");
  }
  NeighborsOp::Targets targets;
  if (learner.task == Task::kClassification) {
    targets.class_counts = {data.class_count};
    targets.labels.assign(data.classes.begin(), data.classes.end());
  } else {
    targets.value_count = 1;
    targets.values.assign(data.values.begin(), data.values.end());
  }
  NeighborsOp::Distance distance = distance_of(parameters, data);
  if (distance.metric == Metric::kCosine) options.search = NeighborsOp::Search::kPartition;
  Fit fit;
  fit.model = std::make_unique<NeighborsModel>(
      learner.estimator, options, data.columns,
      std::vector<double>(data.x, data.x + data.rows * data.columns), std::move(distance),
      std::move(targets));
  return fit;
}

}  // namespace

std::span<const Learner> neighbors_family() {
  static constexpr std::array kLearners = {
      Learner{"knn", Task::kClassification, "KNeighborsClassifier", "", false, kTable,
              train_neighbors, false},
      Learner{"knn", Task::kRegression, "KNeighborsRegressor", "", false, kTable, train_neighbors,
              false},
  };
  return kLearners;
}

}  // namespace slipway::training
