// gradient_boosting: XGBoost trains, and its model is read as a file of its own would be.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/plugin.h"
#include "formats/model_format.h"
#include "formats/xgboost/format.h"
#include "graph/ops/basic.h"
#include "training/learners/internal/families.h"
#include "training/learners/internal/outputs.h"
#include "training/learners/xgboost_plugin.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr const char* kTitle = "gradient boosting (XGBoost)";
constexpr const char* kFileName = "libslipway_xgboost.so";

constexpr Hyperparameter kTrees = {"n_estimators", Kind::kInteger, "100", 1, 1e6};
constexpr Hyperparameter kRate = {"learning_rate", Kind::kNumber, "0.1", 0, 1, true};
constexpr Hyperparameter kDepth = {"max_depth", Kind::kInteger, "3", 1, 100, false, "none"};
constexpr Hyperparameter kLeaves = {
    "max_leaf_nodes", Kind::kInteger, "none", 2, 1e9, false, "none"};
constexpr Hyperparameter kSubsample = {"subsample", Kind::kNumber, "1.0", 0, 1, true};
constexpr Hyperparameter kFeatures = {"max_features", Kind::kCount,    "none", 1, 1e9,
                                      false,          "sqrt|log2|none"};
constexpr Hyperparameter kByTree = {"colsample_bytree", Kind::kNumber, "1.0", 0, 1, true};
constexpr Hyperparameter kMinChild = {"min_child_weight", Kind::kNumber, "1.0", 0, 1e300};
constexpr Hyperparameter kLambda = {"reg_lambda", Kind::kNumber, "1.0", 0, 1e300};
constexpr Hyperparameter kAlpha = {"reg_alpha", Kind::kNumber, "0.0", 0, 1e300};
constexpr Hyperparameter kGamma = {"gamma", Kind::kNumber, "0.0", 0, 1e300};
constexpr Hyperparameter kBins = {"max_bins", Kind::kInteger, "256", 2, 65536, false, "none"};

constexpr std::array kRegressor = {kTrees,  kRate,     kDepth,  kLeaves, kSubsample, kFeatures,
                                   kByTree, kMinChild, kLambda, kAlpha,  kGamma,     kBins};
constexpr std::array kClassifier = {
    kTrees,
    kRate,
    kDepth,
    kLeaves,
    kSubsample,
    kFeatures,
    kByTree,
    kMinChild,
    kLambda,
    kAlpha,
    kGamma,
    kBins,
    Hyperparameter{"class_weight", Kind::kWord, "none", 0, 0, false, "none|balanced"}};

Result<const SlipwayXgboostPlugin*> open_library() {
  void* symbol = TRY(plugin_symbol(kTitle, kFileName, "slipway_xgboost_plugin"));
  const SlipwayXgboostPlugin* plugin = reinterpret_cast<SlipwayXgboostEntry>(symbol)();
  if (plugin->abi != kSlipwayXgboostAbi) return other_plugin_version(kTitle, kFileName);
  return plugin;
}

Result<const SlipwayXgboostPlugin*> xgboost_library() {
  static const Result<const SlipwayXgboostPlugin*> library = open_library();
  return library;
}

class BoostedModel final : public FittedModel {
 public:
  BoostedModel(std::string_view estimator, std::unique_ptr<const formats::ForeignModel> booster,
               bool is_classifier)
      : estimator_(estimator), booster_(std::move(booster)), is_classifier_(is_classifier) {}

  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override {
    const ValueId x = TRY(checked_features(graph, features, naming, estimator_, true));
    formats::ForeignInputs inputs;
    inputs.numbers = x;
    const std::vector<OutputSpec> found = TRY(booster_->lower(graph, inputs, {}, naming.path));
    ValueId value = found[0].value;  // "predict"
    if (!is_classifier_) return value_outputs(value);
    if (found[0].width == 1) {
      auto pair = std::make_unique<ActivationOp>(ActivationOp::Function::kComplementPair);
      value = TRY(graph.add(std::move(pair), {value}, naming.path));
    }
    return probability_outputs(graph, value, naming);
  }

 private:
  std::string_view estimator_;
  std::unique_ptr<const formats::ForeignModel> booster_;
  bool is_classifier_;
};

/// XGBoost's parameters, as texts that live as long as this.
class BoosterParameters {
 public:
  void add(const char* name, std::string value) {
    names_.push_back(name);
    values_.push_back(std::move(value));
  }
  void fill(SlipwayXgboostTask& task) {
    pointers_.clear();
    pointers_.reserve(values_.size());
    for (const std::string& value : values_) pointers_.push_back(value.c_str());
    task.names = names_.data();
    task.values = pointers_.data();
    task.parameters = names_.size();
  }

 private:
  std::vector<const char*> names_;
  std::vector<std::string> values_;
  std::vector<const char*> pointers_;
};

/// The share of the columns that each split looks at.
double feature_share(const Hyperparameters& parameters, uint32_t columns) {
  const std::string_view word = parameters.word("max_features");
  const double all = columns;
  if (word == "none") return 1;
  if (word == "sqrt") return std::max(1.0, std::floor(std::sqrt(all))) / all;
  if (word == "log2") return std::max(1.0, std::floor(std::log2(all))) / all;
  return std::min(1.0, static_cast<double>(parameters.count("max_features", columns)) / all);
}

void add_tree_parameters(const TrainingData& data, const Hyperparameters& parameters,
                         BoosterParameters& made) {
  for (const auto& [ours, theirs] :
       {std::pair("learning_rate", "eta"), std::pair("subsample", "subsample"),
        std::pair("colsample_bytree", "colsample_bytree"),
        std::pair("min_child_weight", "min_child_weight"), std::pair("reg_lambda", "lambda"),
        std::pair("reg_alpha", "alpha"), std::pair("gamma", "gamma")}) {
    made.add(theirs, fmt::format("{}", parameters.number(ours)));
  }
  made.add("colsample_bynode", fmt::format("{}", feature_share(parameters, data.columns)));
  const bool has_depth = parameters.word("max_depth").empty();
  made.add("max_depth", has_depth ? fmt::format("{}", parameters.integer("max_depth")) : "0");
  if (parameters.word("max_leaf_nodes").empty()) {
    made.add("max_leaves", fmt::format("{}", parameters.integer("max_leaf_nodes")));
    made.add("grow_policy", "lossguide");
  }
  if (parameters.word("max_bins").empty()) {
    made.add("tree_method", "hist");
    made.add("max_bin", fmt::format("{}", parameters.integer("max_bins")));
  } else {
    made.add("tree_method", "exact");
  }
}

/// What the sums start from: the mean, or the share of the second class, as scikit-learn starts.
double base_score(const TrainingData& data) {
  double sum = 0;
  double weights = 0;
  for (size_t i = 0; i < data.rows; ++i) {
    const double y = data.classes.empty() ? data.values[i] : static_cast<double>(data.classes[i]);
    sum += data.weight(i) * y;
    weights += data.weight(i);
  }
  return sum / weights;
}

BoosterParameters booster_parameters(const TrainingData& data, const Hyperparameters& parameters,
                                     const FitOptions& options) {
  BoosterParameters made;
  made.add("verbosity", "0");
  made.add("nthread", fmt::format("{}", std::max(1U, options.threads)));
  made.add("seed", fmt::format("{}", options.seed & 0x7fffffff));
  if (data.class_count > 2) {
    made.add("objective", "multi:softprob");
    made.add("num_class", fmt::format("{}", data.class_count));
  } else {
    made.add("objective", data.classes.empty() ? "reg:squarederror" : "binary:logistic");
    made.add("base_score", fmt::format("{:.9g}", base_score(data)));
  }
  add_tree_parameters(data, parameters, made);
  return made;
}

/// What the plug-in calls back.
struct Session {
  const FitOptions& options;
  std::string bytes;

  static int may_go_on(void* context) {
    return static_cast<Session*>(context)->options.is_stopped() ? 0 : 1;
  }
  static void take(void* context, const char* bytes, size_t size) {
    static_cast<Session*>(context)->bytes.assign(bytes, size);
  }
};

Result<std::vector<float>> narrowed(const TrainingData& data) {
  std::vector<float> narrow(data.rows * data.columns);
  for (size_t at = 0; at < narrow.size(); ++at) {
    narrow[at] = static_cast<float>(data.x[at]);
    if (std::isinf(narrow[at])) {
      return invalid_argument(
          fmt::format("gradient_boosting takes numbers within float32's range: row {}, column {} "
                      "has {}",
                      at / data.columns, at % data.columns, data.x[at]));
    }
  }
  return narrow;
}

Result<Fit> train_boosting(const Learner& learner, const TrainingData& data,
                           const Hyperparameters& parameters, const FitOptions& options) {
  const SlipwayXgboostPlugin* library = TRY(xgboost_library());
  const std::vector<float> x = TRY(narrowed(data));
  std::vector<float> y(data.rows);
  for (size_t i = 0; i < data.rows; ++i) {
    y[i] = data.classes.empty() ? static_cast<float>(data.values[i])
                                : static_cast<float>(data.classes[i]);
  }
  const std::vector<float> weights(data.weights.begin(), data.weights.end());
  BoosterParameters booster = booster_parameters(data, parameters, options);
  Session session{options, {}};
  SlipwayXgboostTask task = {};
  task.x = x.data();
  task.rows = data.rows;
  task.columns = data.columns;
  task.y = y.data();
  task.weights = weights.empty() ? nullptr : weights.data();
  task.rounds = static_cast<int32_t>(parameters.integer("n_estimators"));
  task.may_go_on = &Session::may_go_on;
  task.take = &Session::take;
  task.context = &session;
  booster.fill(task);
  char message[512] = "";
  if (library->train(&task, {message, sizeof message}) != 0) {
    if (options.is_stopped()) return Status(StatusCode::kCancelled, "training was stopped");
    return internal_error(fmt::format("{}: XGBoost says: {}", learner.name, message));
  }
  const std::unique_ptr<const formats::ModelFormat> format = xgboost::make_format();
  std::unique_ptr<const formats::ForeignModel> model = TRY(format->parse(session.bytes, Limits{}));
  Fit fit;
  fit.model =
      std::make_unique<BoostedModel>(learner.estimator, std::move(model), !data.classes.empty());
  return fit;
}

}  // namespace

std::span<const Learner> boosting_family() {
  static constexpr std::array kTable = {
      Learner{"gradient_boosting", Task::kClassification, "XGBClassifier", "XGBoost", true,
              kClassifier, train_boosting},
      Learner{"gradient_boosting", Task::kRegression, "XGBRegressor", "XGBoost", true, kRegressor,
              train_boosting},
  };
  return kTable;
}

}  // namespace slipway::training
