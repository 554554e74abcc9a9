// decision_tree, random_forest and extra_trees: oneDAL grows the trees, which become one
// TreeEnsemble whose answer is the mean of its trees.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "graph/ops/basic.h"
#include "graph/ops/tree_ensemble.h"
#include "training/learners/internal/families.h"
#include "training/learners/internal/onedal_library.h"
#include "training/learners/internal/outputs.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr double kCountMax = 1e9;
constexpr double kDepthMax = 1e4;
constexpr double kTreesMax = static_cast<double>(TreeEnsembleBuilder::kTreesMax);

constexpr Hyperparameter kMaxDepth = {"max_depth", Kind::kInteger, "none", 1,
                                      kDepthMax,   false,          "none"};
constexpr Hyperparameter kMinSplit = {"min_samples_split", Kind::kCount, "2", 2, kCountMax};
constexpr Hyperparameter kMinLeaf = {"min_samples_leaf", Kind::kCount, "1", 1, kCountMax};
constexpr Hyperparameter kMinWeight = {"min_weight_fraction_leaf", Kind::kNumber, "0.0", 0, 0.5};
constexpr Hyperparameter kMaxLeaves = {"max_leaf_nodes", Kind::kInteger, "none", 2,
                                       kCountMax,        false,          "none"};
constexpr Hyperparameter kMinDecrease = {"min_impurity_decrease", Kind::kNumber, "0.0", 0, 1e300};
constexpr Hyperparameter kTrees = {"n_estimators", Kind::kInteger, "100", 1, kTreesMax};
constexpr Hyperparameter kGini = {"criterion", Kind::kWord, "gini", 0, 0, false, "gini"};
constexpr Hyperparameter kSquares = {"criterion", Kind::kWord, "squared_error", 0,
                                     0,           false,       "squared_error"};
constexpr Hyperparameter kClassWeight = {"class_weight", Kind::kWord,    "none", 0, 0,
                                         false,          "none|balanced"};
constexpr Hyperparameter kMaxSamples = {"max_samples", Kind::kCount, "none", 1,
                                        kCountMax,     false,        "none"};

constexpr Hyperparameter max_features(std::string_view fallback) {
  return {"max_features", Kind::kCount, fallback, 1, kCountMax, false, "sqrt|log2|none"};
}
constexpr Hyperparameter bootstrap(std::string_view fallback) {
  return {"bootstrap", Kind::kFlag, fallback};
}
constexpr Hyperparameter max_bins(std::string_view fallback) {
  return {"max_bins", Kind::kInteger, fallback, 2, 65536, false, "none"};
}
constexpr Hyperparameter kSplitter = {"splitter", Kind::kWord, "best", 0, 0, false, "best|random"};

constexpr std::array kTreeClassifier = {
    kGini,       kSplitter,  kMaxDepth,    kMinSplit,        kMinLeaf,
    kMinWeight,  kMaxLeaves, kMinDecrease, max_bins("none"), max_features("none"),
    kClassWeight};
constexpr std::array kTreeRegressor = {
    kSquares,   kSplitter,  kMaxDepth,    kMinSplit,        kMinLeaf,
    kMinWeight, kMaxLeaves, kMinDecrease, max_bins("none"), max_features("none")};
constexpr std::array kForestClassifier = {kTrees,
                                          kGini,
                                          kMaxDepth,
                                          kMinSplit,
                                          kMinLeaf,
                                          kMinWeight,
                                          kMaxLeaves,
                                          kMinDecrease,
                                          max_bins("256"),
                                          max_features("sqrt"),
                                          bootstrap("true"),
                                          kMaxSamples,
                                          kClassWeight};
constexpr std::array kForestRegressor = {
    kTrees,     kSquares,     kMaxDepth,       kMinSplit,           kMinLeaf,          kMinWeight,
    kMaxLeaves, kMinDecrease, max_bins("256"), max_features("1.0"), bootstrap("true"), kMaxSamples};
constexpr std::array kExtraClassifier = {kTrees,
                                         kGini,
                                         kMaxDepth,
                                         kMinSplit,
                                         kMinLeaf,
                                         kMinWeight,
                                         kMaxLeaves,
                                         kMinDecrease,
                                         max_bins("none"),
                                         max_features("sqrt"),
                                         bootstrap("false"),
                                         kMaxSamples,
                                         kClassWeight};
constexpr std::array kExtraRegressor = {kTrees,
                                        kSquares,
                                        kMaxDepth,
                                        kMinSplit,
                                        kMinLeaf,
                                        kMinWeight,
                                        kMaxLeaves,
                                        kMinDecrease,
                                        max_bins("none"),
                                        max_features("1.0"),
                                        bootstrap("false"),
                                        kMaxSamples};

class ForestModel final : public FittedModel {
 public:
  ForestModel(std::string_view estimator, std::shared_ptr<const TreeEnsemble> trees,
              bool is_classifier)
      : estimator_(estimator), trees_(std::move(trees)), is_classifier_(is_classifier) {}
  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override {
    const ValueId x = TRY(checked_features(graph, features, naming, estimator_, false, true));
    const ValueId narrow = TRY(graph.add(std::make_unique<CastFloat32Op>(), {x}, naming.path));
    const ValueId mean =
        TRY(graph.add(std::make_unique<TreeEnsembleOp>(trees_), {narrow}, naming.path));
    if (!is_classifier_) return value_outputs(mean);
    return probability_outputs(graph, mean, naming);
  }

 private:
  std::string_view estimator_;
  std::shared_ptr<const TreeEnsemble> trees_;
  bool is_classifier_;
};

/// Takes the nodes of trees, each from its root on, and builds the ensemble.
class TreeCollector {
 public:
  TreeCollector(const TrainingData& data, uint32_t outputs, size_t trees)
      : outputs_(outputs), is_classifier_(!data.classes.empty()), builder_(shape(data, trees)) {}

  static void take(void* context, const SlipwayForestNode* node) {
    static_cast<TreeCollector*>(context)->add(*node);
  }

  Result<TreeEnsemble> finish() {
    end_tree();
    TRY_STATUS(std::move(status_));
    return std::move(builder_).finish();
  }

 private:
  TreeEnsemble shape(const TrainingData& data, size_t trees) const {
    TreeEnsemble ensemble;
    ensemble.features = data.columns;
    ensemble.outputs = outputs_;
    ensemble.leaf_width = outputs_;
    ensemble.divisor = static_cast<double>(trees);
    ensemble.base.assign(outputs_, 0.0);
    return ensemble;
  }

  void add(const SlipwayForestNode& node) {
    if (node.level == 0) end_tree();
    const auto index = static_cast<int64_t>(nodes_.size());
    if (node.level > 0 && node.level <= path_.size()) {
      // The first child to come is the left one.
      SourceTreeNode& parent = nodes_[static_cast<size_t>(path_[node.level - 1])];
      (parent.left == 0 ? parent.left : parent.right) = index;
    }
    path_.resize(node.level);
    path_.push_back(index);
    SourceTreeNode made;
    made.is_leaf = node.feature < 0;
    made.feature = made.is_leaf ? 0 : node.feature;
    made.threshold = node.threshold;
    nodes_.push_back(made);
    values_.resize(values_.size() + outputs_, 0.0);
    double* values = values_.data() + values_.size() - outputs_;
    if (!made.is_leaf) return;
    if (!is_classifier_) {
      values[0] = node.value;
    } else if (node.classes != nullptr) {
      std::copy_n(node.classes, outputs_, values);
    } else {
      values[std::min(static_cast<uint32_t>(node.value), outputs_ - 1)] = 1;
    }
  }

  void end_tree() {
    if (!nodes_.empty() && status_.ok()) status_ = builder_.add_tree(nodes_, values_, 0);
    nodes_.clear();
    values_.clear();
    path_.clear();
  }

  uint32_t outputs_;
  bool is_classifier_;
  TreeEnsembleBuilder builder_;
  std::vector<SourceTreeNode> nodes_;  // of the tree that is being taken
  std::vector<double> values_;
  std::vector<int64_t> path_;  // the node last seen on each level
  Status status_;
};

/// float32, as scikit-learn's trees see their input.
Result<std::vector<float>> narrowed(const Learner& learner, const TrainingData& data) {
  std::vector<float> narrow(data.rows * data.columns);
  for (size_t at = 0; at < narrow.size(); ++at) {
    narrow[at] = static_cast<float>(data.x[at]);
    if (!std::isfinite(narrow[at])) {
      return invalid_argument(
          fmt::format("{} takes numbers within float32's range: row {}, column "
                      "{} has {}",
                      learner.name, at / data.columns, at % data.columns, data.x[at]));
    }
  }
  return narrow;
}

uint64_t features_per_node(const Hyperparameters& parameters, uint32_t columns) {
  const std::string_view word = parameters.word("max_features");
  if (word == "none") return columns;
  const double all = columns;
  if (word == "sqrt") return std::max<uint64_t>(1, static_cast<uint64_t>(std::sqrt(all)));
  if (word == "log2") return std::max<uint64_t>(1, static_cast<uint64_t>(std::log2(all)));
  return std::min<uint64_t>(parameters.count("max_features", columns), columns);
}

uint64_t integer_or_zero(const Hyperparameters& parameters, std::string_view name) {
  return parameters.word(name).empty() ? static_cast<uint64_t>(parameters.integer(name)) : 0;
}

/// The generator takes 32 bits, and 0 for 1: neighbouring seeds are spread (splitmix64).
uint64_t generator_seed(uint64_t seed) {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111eb;
  return (seed ^ (seed >> 31)) >> 32;
}

/// All but the data.
SlipwayForestTask task_of(const TrainingData& data, const Hyperparameters& parameters,
                          const FitOptions& options) {
  SlipwayForestTask task = {};
  task.rows = data.rows;
  task.columns = data.columns;
  task.classes = data.class_count;
  task.features_per_node = features_per_node(parameters, data.columns);
  task.depth_max = integer_or_zero(parameters, "max_depth");
  task.leaves_max = integer_or_zero(parameters, "max_leaf_nodes");
  task.split_rows_min =
      std::max<uint64_t>(2, parameters.count("min_samples_split", data.rows, true));
  task.leaf_rows_min = parameters.count("min_samples_leaf", data.rows, true);
  task.leaf_weight_share_min = parameters.number("min_weight_fraction_leaf");
  task.impurity_decrease_min = parameters.number("min_impurity_decrease");
  task.bins = integer_or_zero(parameters, "max_bins");
  task.seed = generator_seed(options.seed);
  task.threads = std::max(1U, options.threads);
  task.trees = 1;
  task.rows_share = 1;
  return task;
}

Result<Fit> grow(const Learner& learner, const TrainingData& data, SlipwayForestTask task) {
  const SlipwayOnedalPlugin* library = TRY(onedal_library());
  const std::vector<float> x = TRY(narrowed(learner, data));
  std::vector<float> y(data.rows);
  for (size_t i = 0; i < data.rows; ++i) {
    y[i] = data.classes.empty() ? static_cast<float>(data.values[i])
                                : static_cast<float>(data.classes[i]);
  }
  const std::vector<float> weights(data.weights.begin(), data.weights.end());
  task.x = x.data();
  task.y = y.data();
  task.weights = weights.empty() ? nullptr : weights.data();
  const uint32_t outputs = std::max(1U, data.class_count);
  TreeCollector collector(data, outputs, task.trees);
  char message[512] = "";
  if (library->forest(&task, &TreeCollector::take, &collector, {message, sizeof message}) != 0) {
    return internal_error(fmt::format("{}: oneDAL says: {}", learner.name, message));
  }
  TreeEnsemble trees = TRY(collector.finish());
  Fit fit;
  fit.model = std::make_unique<ForestModel>(learner.estimator,
                                            std::make_shared<const TreeEnsemble>(std::move(trees)),
                                            !data.classes.empty());
  return fit;
}

Result<Fit> train_tree(const Learner& learner, const TrainingData& data,
                       const Hyperparameters& parameters, const FitOptions& options) {
  SlipwayForestTask task = task_of(data, parameters, options);
  task.random_splits = parameters.word("splitter") == "random" ? 1 : 0;
  return grow(learner, data, task);
}

Result<Fit> train_forest(const Learner& learner, const TrainingData& data,
                         const Hyperparameters& parameters, const FitOptions& options,
                         bool random_splits) {
  SlipwayForestTask task = task_of(data, parameters, options);
  task.trees = static_cast<size_t>(parameters.integer("n_estimators"));
  task.bootstrap = parameters.flag("bootstrap") ? 1 : 0;
  task.random_splits = random_splits ? 1 : 0;
  if (parameters.word("max_samples").empty()) {
    if (task.bootstrap == 0) {
      return invalid_argument(fmt::format(
          "hyperparameter max_samples of {} goes with bootstrap true only", learner.name));
    }
    const uint64_t rows = parameters.count("max_samples", data.rows);
    if (rows > data.rows) {
      return invalid_argument(fmt::format(
          "hyperparameter max_samples of {}: expected at most the number of rows, {}, got {}",
          learner.name, data.rows, rows));
    }
    task.rows_share = static_cast<double>(rows) / static_cast<double>(data.rows);
  }
  return grow(learner, data, task);
}

Result<Fit> train_random_forest(const Learner& learner, const TrainingData& data,
                                const Hyperparameters& parameters, const FitOptions& options) {
  return train_forest(learner, data, parameters, options, false);
}

Result<Fit> train_extra_trees(const Learner& learner, const TrainingData& data,
                              const Hyperparameters& parameters, const FitOptions& options) {
  return train_forest(learner, data, parameters, options, true);
}

}  // namespace

std::span<const Learner> tree_family() {
  static constexpr std::array kTable = {
      Learner{"decision_tree", Task::kClassification, "DecisionTreeClassifier", "oneDAL", false,
              kTreeClassifier, train_tree},
      Learner{"decision_tree", Task::kRegression, "DecisionTreeRegressor", "oneDAL", false,
              kTreeRegressor, train_tree},
      Learner{"random_forest", Task::kClassification, "RandomForestClassifier", "oneDAL", false,
              kForestClassifier, train_random_forest},
      Learner{"random_forest", Task::kRegression, "RandomForestRegressor", "oneDAL", false,
              kForestRegressor, train_random_forest},
      Learner{"extra_trees", Task::kClassification, "ExtraTreesClassifier", "oneDAL", false,
              kExtraClassifier, train_extra_trees},
      Learner{"extra_trees", Task::kRegression, "ExtraTreesRegressor", "oneDAL", false,
              kExtraRegressor, train_extra_trees},
  };
  return kTable;
}

}  // namespace slipway::training
