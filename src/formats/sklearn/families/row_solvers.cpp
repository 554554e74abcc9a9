// Transformers that solve a small problem for each row: NMF, MiniBatchNMF,
// LatentDirichletAllocation, DictionaryLearning, MiniBatchDictionaryLearning, SparseCoder.
#include "graph/ops/row_solvers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/random_features.h"

namespace slipway::sklearn {
namespace {

Step numbered(ValueId y, uint32_t width, std::string_view stem) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < width; ++i) names.push_back(fmt::format("{}{}", stem, i));
  return transformed(y, width, std::move(names));
}

Result<uint64_t> iterations_attr(pickle::Value self, std::string_view name, int64_t fallback) {
  const int64_t count = TRY(int_attr_or(self, name, fallback));
  if (count < 1) return invalid_argument(fmt::format("{}.{}: {}", self.name(), name, count));
  return static_cast<uint64_t>(count);
}

/// components_ as rows for `features` columns.
Result<std::vector<double>> components_of(pickle::Value self, std::string_view name,
                                          uint32_t features) {
  pickle::Array<double> components = TRY(matrix_attr(self, name));
  if (components.columns() != features) {
    return invalid_argument(fmt::format("{}.{}: expected {} columns, got {}", self.name(), name,
                                        features, components.columns()));
  }
  return std::move(components.values);
}

Result<double> beta_of(pickle::Value self) {
  const pickle::Value loss = TRY(self.attr("beta_loss"));
  if (!loss.is_string()) return loss.as_double();
  const std::string_view name = TRY(loss.as_string());
  if (name == "frobenius") return 2.0;
  if (name == "kullback-leibler") return 1.0;
  if (name == "itakura-saito") return 0.0;
  return unimplemented(fmt::format("beta_loss '{}' is not known", name));
}

/// The penalties of the weights, which scikit-learn scales with the number of features.
Status set_penalties(pickle::Value self, FactorizationOp::Tables& tables) {
  const double alpha = TRY(double_attr_or(self, "alpha_W", 0));
  const double share = TRY(double_attr_or(self, "l1_ratio", 0));
  const auto old = self.find_attr("alpha");  // until 1.1, and not scaled
  if (old.has_value() && !old->is_string() && !old->is_none() && TRY(old->as_double()) != 0) {
    return unimplemented("its parameter alpha is that of scikit-learn before 1.2: use alpha_W");
  }
  tables.l1 = tables.features * alpha * share;
  tables.l2 = tables.features * alpha * (1 - share);
  return {};
}

Result<Step> lower_factorization(Lowering& lowering, pickle::Value self, const Features& input) {
  using Solver = FactorizationOp::Solver;
  const bool mini = self.name() == "MiniBatchNMF";
  ValueId x = TRY(lowering.finite_or_sparse(self, input));
  FactorizationOp::Tables tables;
  tables.features = lowering.type(x).width;
  tables.components = TRY(components_of(self, "components_", tables.features));
  tables.beta = TRY(beta_of(self));
  tables.tolerance = TRY(double_attr_or(self, "tol", 1e-4));
  TRY_STATUS(set_penalties(self, tables));
  if (mini) {
    tables.solver = Solver::kMiniBatch;
    const auto own = self.find_attr("transform_max_iter");
    const bool has_own = own.has_value() && !own->is_none();
    tables.iterations =
        TRY(iterations_attr(self, has_own ? "transform_max_iter" : "max_iter", 200));
  } else {
    const std::string solver = string_attr_or(self, "solver", "cd");
    if (solver != "cd" && solver != "mu") {
      return unimplemented(fmt::format("NMF.solver '{}' is not known", solver));
    }
    tables.solver = solver == "cd" ? Solver::kCoordinateDescent : Solver::kMultiplicative;
    if (solver == "cd" && TRY(bool_attr_or(self, "shuffle", false))) {
      return unimplemented("NMF with shuffle=True draws at random");
    }
    tables.iterations = TRY(iterations_attr(self, "max_iter", 200));
    if (lowering.type(x).kind == ValueKind::kDense) {
      x = TRY(lowering.add(std::make_unique<RequireAboveOp>(0, tables.beta <= 0, "NMF"), {x}));
    }
  }
  const ValueId y = TRY(lowering.add(std::make_unique<FactorizationOp>(std::move(tables)), {x}));
  return numbered(y, lowering.type(y).width, mini ? "minibatchnmf" : "nmf");
}

Result<Step> lower_topics(Lowering& lowering, pickle::Value self, const Features& input) {
  ValueId x = TRY(lowering.finite_or_sparse(self, input));
  if (lowering.type(x).kind == ValueKind::kDense) {
    x = TRY(
        lowering.add(std::make_unique<RequireAboveOp>(0, false, "LatentDirichletAllocation"), {x}));
  }
  TopicsOp::Tables tables;
  tables.features = lowering.type(x).width;
  tables.topics = TRY(components_of(self, "exp_dirichlet_component_", tables.features));
  tables.prior = TRY(TRY(self.attr("doc_topic_prior_")).as_double());
  tables.tolerance = TRY(double_attr_or(self, "mean_change_tol", 1e-3));
  tables.iterations = TRY(iterations_attr(self, "max_doc_update_iter", 100));
  const ValueId y = TRY(lowering.add(std::make_unique<TopicsOp>(std::move(tables)), {x}));
  return numbered(y, lowering.type(y).width, "latentdirichletallocation");
}

/// The penalty of codes: transform_alpha, else since 1.2 alpha, else 1.
Result<double> code_penalty(pickle::Value self) {
  const double fallback = written_since(self, 1, 2) ? TRY(double_attr_or(self, "alpha", 1.0)) : 1.0;
  return double_attr_or(self, "transform_alpha", fallback);
}

/// Products with atoms to sign(p) max(|p| - penalty, 0).
Result<ValueId> soft_threshold(Lowering& lowering, ValueId products, double penalty,
                               bool positive) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto part = [&](double sign) -> Result<ValueId> {
    const ValueId shifted = TRY(scaled(lowering, products, sign, -penalty));
    return lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kClip,
                                                        ElementwiseOp::Parameters{0, kInfinity, 0}),
                        {shifted});
  };
  const ValueId above = TRY(part(1));
  if (positive) return above;
  const ValueId below = TRY(part(-1));
  return combined(lowering, {above, below}, {1, -1});
}

Result<ValueId> sparse_code(Lowering& lowering, pickle::Value self, ValueId products,
                            const std::vector<double>& dictionary, uint32_t features) {
  using Algorithm = SparseCodeOp::Algorithm;
  const std::string algorithm = string_attr_or(self, "transform_algorithm", "omp");
  const bool positive = TRY(bool_attr_or(self, "positive_code", false));
  const uint32_t atoms = lowering.type(products).width;
  SparseCodeOp::Tables tables;
  tables.atoms = atoms;
  tables.positive = positive;
  if (algorithm == "threshold") {
    return soft_threshold(lowering, products, TRY(code_penalty(self)), positive);
  }
  if (algorithm == "lasso_lars") {
    tables.algorithm = Algorithm::kLasso;
    tables.penalty = TRY(code_penalty(self));
  } else if (algorithm == "omp") {
    const int64_t fallback = std::min<int64_t>(std::max<int64_t>(features / 10, 1), atoms);
    const int64_t most = TRY(int_attr_or(self, "transform_n_nonzero_coefs", fallback));
    if (most < 1 || most > atoms) {
      return invalid_argument(
          fmt::format("transform_n_nonzero_coefs: {} of {} atoms", most, atoms));
    }
    tables.atoms_max = static_cast<uint32_t>(most);
  } else {
    return unimplemented(
        fmt::format("transform_algorithm '{}' is not supported: its answers hang on where it stops",
                    algorithm));
  }
  TRY_STATUS(lowering.spend(uint64_t{atoms} * atoms / 8));
  tables.gram.resize(uint64_t{atoms} * atoms);
  for (size_t i = 0; i < atoms; ++i) {
    for (size_t k = 0; k < atoms; ++k) {
      double sum = 0;
      for (size_t j = 0; j < features; ++j) {
        sum += dictionary[i * features + j] * dictionary[k * features + j];
      }
      tables.gram[i * atoms + k] = sum;
    }
  }
  return lowering.add(std::make_unique<SparseCodeOp>(std::move(tables)), {products});
}

Result<Step> lower_dictionary(Lowering& lowering, pickle::Value self, const Features& input) {
  constexpr uint64_t kAtomsMax = 4'096;
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const bool given = self.name() == "SparseCoder";
  const std::vector<double> dictionary =
      TRY(components_of(self, given ? "dictionary" : "components_", features));
  const uint64_t atoms = features == 0 ? 0 : dictionary.size() / features;
  if (atoms == 0 || atoms > kAtomsMax) {
    return resource_exhausted(fmt::format("a dictionary of {} atoms", atoms));
  }
  const auto width = static_cast<uint32_t>(atoms);
  const ValueId products = TRY(lowering.add(
      std::make_unique<LinearOp>(width, features, dictionary, std::vector<double>(width)), {x}));
  ValueId code = TRY(sparse_code(lowering, self, products, dictionary, features));
  if (TRY(bool_attr_or(self, "split_sign", false))) {
    const ValueId above = TRY(soft_threshold(lowering, code, 0, true));
    const ValueId below = TRY(soft_threshold(lowering, TRY(scaled(lowering, code, -1)), 0, true));
    code = TRY(side_by_side(lowering, {above, below}));
  }
  std::string stem(self.name());
  std::transform(stem.begin(), stem.end(), stem.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return numbered(code, lowering.type(code).width, stem);
}

}  // namespace

std::span<const EstimatorEntry> row_solver_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"NMF", lower_factorization},
      EstimatorEntry{"MiniBatchNMF", lower_factorization},
      EstimatorEntry{"LatentDirichletAllocation", lower_topics},
      EstimatorEntry{"DictionaryLearning", lower_dictionary},
      EstimatorEntry{"MiniBatchDictionaryLearning", lower_dictionary},
      EstimatorEntry{"SparseCoder", lower_dictionary},
  };
  return kTable;
}

}  // namespace slipway::sklearn
