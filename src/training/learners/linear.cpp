// linear_regression, ridge, lasso and elastic_net.
//
// All centre the columns and the target by their (weighted) means, fit without intercept, and put
// the intercept back: scikit-learn's way. Rows are multiplied by the square root of their weight.
#include <fmt/format.h>

#include <Eigen/Dense>
#include <array>
#include <cmath>

#include "training/learners/internal/families.h"
#include "training/learners/internal/linear_model.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr std::array kLinearTable = {
    Hyperparameter{"fit_intercept", Kind::kFlag, "true"},
};
constexpr std::array kRidgeTable = {
    Hyperparameter{"alpha", Kind::kNumber, "1.0", 0, 1e300},
    Hyperparameter{"fit_intercept", Kind::kFlag, "true"},
};
constexpr std::array kLassoTable = {
    Hyperparameter{"alpha", Kind::kNumber, "1.0", 0, 1e300},
    Hyperparameter{"fit_intercept", Kind::kFlag, "true"},
    Hyperparameter{"max_iter", Kind::kInteger, "1000", 1, 1e12},
    Hyperparameter{"tol", Kind::kNumber, "0.0001", 0, 1e300},
    Hyperparameter{"positive", Kind::kFlag, "false"},
};
constexpr std::array kElasticNetTable = {
    Hyperparameter{"alpha", Kind::kNumber, "1.0", 0, 1e300},
    Hyperparameter{"l1_ratio", Kind::kNumber, "0.5", 0, 1},
    Hyperparameter{"fit_intercept", Kind::kFlag, "true"},
    Hyperparameter{"max_iter", Kind::kInteger, "1000", 1, 1e12},
    Hyperparameter{"tol", Kind::kNumber, "0.0001", 0, 1e300},
    Hyperparameter{"positive", Kind::kFlag, "false"},
};

/// Centred and weighted rows. Eigen's matrices are column-major.
struct Centred {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;
  std::vector<double> x_means;
  double y_mean = 0;
};

Centred centre(const TrainingData& data, bool has_intercept) {
  const auto rows = static_cast<Eigen::Index>(data.rows);
  const auto columns = static_cast<Eigen::Index>(data.columns);
  Centred made = {Eigen::MatrixXd(rows, columns), Eigen::VectorXd(rows),
                  std::vector<double>(data.columns, 0.0), 0};
  if (has_intercept) {
    Moments moments = moments_of(data);
    made.x_means = std::move(moments.means);
    for (size_t i = 0; i < data.rows; ++i) made.y_mean += data.weight(i) * data.values[i];
    made.y_mean /= moments.weight_sum;
  }
  for (Eigen::Index i = 0; i < rows; ++i) {
    const auto at = static_cast<size_t>(i);
    const double root = std::sqrt(data.weight(at));
    const double* row = data.row(at);
    for (Eigen::Index j = 0; j < columns; ++j) {
      made.x(i, j) = root * (row[j] - made.x_means[static_cast<size_t>(j)]);
    }
    made.y[i] = root * (data.values[at] - made.y_mean);
  }
  return made;
}

Result<Fit> linear_fit(const Learner& learner, const TrainingData& data, const Centred& centred,
                       const Eigen::VectorXd& weights) {
  LinearModel::Coefficients found;
  found.features = data.columns;
  found.weights.assign(weights.data(), weights.data() + weights.size());
  double intercept = centred.y_mean;
  for (uint32_t j = 0; j < data.columns; ++j) intercept -= found.weights[j] * centred.x_means[j];
  found.intercepts = {intercept};
  if (!weights.allFinite()) {
    return invalid_argument(fmt::format("{}: the numbers are too large", learner.name));
  }
  Fit fit;
  fit.model = std::make_unique<LinearModel>(learner.estimator, std::move(found));
  return fit;
}

/// The least-squares solution of least length, as LAPACK's gelsd gives it: columns may depend on
/// each other.
Eigen::VectorXd least_squares(const Centred& centred) {
  Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> decomposition;
  const auto size = static_cast<double>(std::max(centred.x.rows(), centred.x.cols()));
  decomposition.setThreshold(size * std::numeric_limits<double>::epsilon());
  decomposition.compute(centred.x);
  return decomposition.solve(centred.y);
}

Result<Fit> train_linear(const Learner& learner, const TrainingData& data,
                         const Hyperparameters& parameters, const FitOptions& /*options*/) {
  const Centred centred = centre(data, parameters.flag("fit_intercept"));
  return linear_fit(learner, data, centred, least_squares(centred));
}

/// (X'X + alpha)^-1 X'y, or X'(XX' + alpha)^-1 y where that is smaller.
Eigen::VectorXd ridge_weights(const Centred& centred, double alpha) {
  if (alpha == 0) return least_squares(centred);
  const Eigen::MatrixXd& x = centred.x;
  const bool is_wide = x.cols() > x.rows();
  const Eigen::Index size = is_wide ? x.rows() : x.cols();
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(size, size);
  if (is_wide) {
    gram.selfadjointView<Eigen::Lower>().rankUpdate(x);
  } else {
    gram.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  }
  gram.diagonal().array() += alpha;
  const Eigen::LDLT<Eigen::MatrixXd, Eigen::Lower> solver(gram);
  if (is_wide) return x.transpose() * solver.solve(centred.y);
  return solver.solve(x.transpose() * centred.y);
}

Result<Fit> train_ridge(const Learner& learner, const TrainingData& data,
                        const Hyperparameters& parameters, const FitOptions& /*options*/) {
  const Centred centred = centre(data, parameters.flag("fit_intercept"));
  return linear_fit(learner, data, centred, ridge_weights(centred, parameters.number("alpha")));
}

struct ElasticNet {
  double l1;  // both times the number of rows
  double l2;
  double tolerance;
  int64_t iterations_max;
  bool positive;
};

/// The duality gap of a lasso or elastic net at these weights and residuals.
double duality_gap(const Centred& centred, const ElasticNet& net, const Eigen::VectorXd& weights,
                   const Eigen::VectorXd& residuals) {
  const Eigen::VectorXd slopes = centred.x.transpose() * residuals - net.l2 * weights;
  const double slope = net.positive ? slopes.maxCoeff() : slopes.cwiseAbs().maxCoeff();
  const double squares = residuals.squaredNorm();
  const double factor = slope > net.l1 ? net.l1 / slope : 1;
  double gap = slope > net.l1 ? (squares + squares * factor * factor) / 2 : squares;
  gap += net.l1 * weights.lpNorm<1>() - factor * residuals.dot(centred.y);
  return gap + net.l2 * (1 + factor * factor) * weights.squaredNorm() / 2;
}

/// One pass over the columns; gives the largest change relative to the largest weight.
double descend(const Centred& centred, const ElasticNet& net, const Eigen::VectorXd& squares,
               Eigen::VectorXd& weights, Eigen::VectorXd& residuals) {
  double change_max = 0;
  double weight_max = 0;
  for (Eigen::Index j = 0; j < weights.size(); ++j) {
    if (squares[j] == 0) continue;
    const double before = weights[j];
    const double target = centred.x.col(j).dot(residuals) + before * squares[j];
    const double size = std::max(std::fabs(target) - net.l1, 0.0) / (squares[j] + net.l2);
    const double after = net.positive && target < 0 ? 0 : std::copysign(size, target);
    if (after != before) {
      residuals -= (after - before) * centred.x.col(j);
      weights[j] = after;
    }
    change_max = std::max(change_max, std::fabs(after - before));
    weight_max = std::max(weight_max, std::fabs(after));
  }
  return weight_max == 0 ? 0 : change_max / weight_max;
}

/// Cyclic coordinate descent with scikit-learn's order and rule for stopping: a small change, and
/// then a duality gap below tol |y|^2.
Result<Fit> fit_elastic_net(const Learner& learner, const TrainingData& data, ElasticNet net,
                            const Hyperparameters& parameters, const FitOptions& options) {
  double weight_sum = 0;
  for (size_t i = 0; i < data.rows; ++i) weight_sum += data.weight(i);
  net.l1 *= weight_sum;
  net.l2 *= weight_sum;
  net.tolerance = parameters.number("tol");
  net.iterations_max = parameters.integer("max_iter");
  net.positive = parameters.flag("positive");
  const Centred centred = centre(data, parameters.flag("fit_intercept"));
  const Eigen::VectorXd squares = centred.x.colwise().squaredNorm();
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(centred.x.cols());
  Eigen::VectorXd residuals = centred.y;
  const double gap_max = net.tolerance * centred.y.squaredNorm();
  bool converged = false;
  for (int64_t i = 0; i < net.iterations_max && !converged; ++i) {
    if (options.is_stopped()) return Status(StatusCode::kCancelled, "training was stopped");
    const double change = descend(centred, net, squares, weights, residuals);
    if (change > net.tolerance && i + 1 < net.iterations_max) continue;
    converged = duality_gap(centred, net, weights, residuals) <= gap_max;
  }
  Fit fit = TRY(linear_fit(learner, data, centred, weights));
  if (!converged) {
    fit.warnings.push_back(
        fmt::format("did not converge in {} iterations (max_iter)", net.iterations_max));
  }
  return fit;
}

Result<Fit> train_lasso(const Learner& learner, const TrainingData& data,
                        const Hyperparameters& parameters, const FitOptions& options) {
  const ElasticNet net = {parameters.number("alpha"), 0, 0, 0, false};
  return fit_elastic_net(learner, data, net, parameters, options);
}

Result<Fit> train_elastic_net(const Learner& learner, const TrainingData& data,
                              const Hyperparameters& parameters, const FitOptions& options) {
  const double alpha = parameters.number("alpha");
  const double ratio = parameters.number("l1_ratio");
  const ElasticNet net = {alpha * ratio, alpha * (1 - ratio), 0, 0, false};
  return fit_elastic_net(learner, data, net, parameters, options);
}

}  // namespace

std::span<const Learner> linear_family() {
  static constexpr std::array kTable = {
      Learner{"linear_regression", Task::kRegression, "LinearRegression", "", false, kLinearTable,
              train_linear},
      Learner{"ridge", Task::kRegression, "Ridge", "", false, kRidgeTable, train_ridge},
      Learner{"lasso", Task::kRegression, "Lasso", "", false, kLassoTable, train_lasso},
      Learner{"elastic_net", Task::kRegression, "ElasticNet", "", false, kElasticNetTable,
              train_elastic_net},
  };
  return kTable;
}

}  // namespace slipway::training
