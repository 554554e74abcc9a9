// Models, and what turns their scores into others.
#include <array>

#include "graph/codecs/tables.h"
#include "graph/ops/cluster_tree.h"
#include "graph/ops/gaussian_process.h"
#include "graph/ops/naive_bayes.h"
#include "graph/ops/quadratic.h"
#include "graph/ops/row_solvers.h"
#include "graph/ops/svm.h"

namespace slipway {
namespace {

void svm_probability(OpFields& f, uint32_t& classes, std::vector<double>& a,
                     std::vector<double>& b) {
  f("classes", classes);
  f("a", a);
  f("b", b);
}

void categorical_bayes(OpFields& f, CategoricalBayesOp::Tables& t) {
  f("features", t.features);
  f("priors", t.priors);
}

void quadratic_forms(OpFields& f, uint32_t& features, double& factor,
                     std::vector<QuadraticFormsOp::Form>& forms) {
  using Form = QuadraticFormsOp::Form;
  f("features", features);
  f("factor", factor);
  f.each("kinds", forms, &Form::kind, {"square", "diagonal", "bilinear"});
  f.each("means", forms, &Form::mean);
  f.each("matrices", forms, &Form::matrix);
  f.each("constants", forms, &Form::constant);
}

void cluster_tree(OpFields& f, ClusterTreeOp::Tables& t) {
  f("features", t.features);
  f.each("left", t.nodes, &ClusterTreeOp::Node::left);
  f.each("labels", t.nodes, &ClusterTreeOp::Node::label);
  f("centers", t.centers);
}

void laplace(OpFields& f, LaplaceOp::Tables& t) {
  f("rows", t.rows);
  f("residuals", t.residuals);
  f("roots", t.roots);
  f("triangle", t.triangle);
}

void factorization(OpFields& f, FactorizationOp::Tables& t) {
  f("solver", t.solver, {"coordinate_descent", "multiplicative", "mini_batch"});
  f("features", t.features);
  f("components", t.components);
  f("beta", t.beta);
  f("l1", t.l1);
  f("l2", t.l2);
  f("tolerance", t.tolerance);
  f("iterations", t.iterations);
}

void topics(OpFields& f, TopicsOp::Tables& t) {
  f("features", t.features);
  f("topics", t.topics);
  f("prior", t.prior);
  f("tolerance", t.tolerance);
  f("iterations", t.iterations);
}

void sparse_code(OpFields& f, SparseCodeOp::Tables& t) {
  f("algorithm", t.algorithm, {"matching_pursuit", "lasso"});
  f("atoms", t.atoms);
  f("gram", t.gram);
  f("atoms_max", t.atoms_max);
  f("penalty", t.penalty);
  f("positive", t.positive);
}

}  // namespace

std::span<const OpCodec> model_codecs() {
  static constexpr std::array kTable = {
      op_codec<SvmProbabilityOp, svm_probability, &SvmProbabilityOp::classes, &SvmProbabilityOp::a,
               &SvmProbabilityOp::b>("svm_probability", "SvmProbability"),
      op_codec<CategoricalBayesOp, categorical_bayes, &CategoricalBayesOp::tables>(
          "categorical_bayes", "CategoricalBayes"),
      op_codec<QuadraticFormsOp, quadratic_forms, &QuadraticFormsOp::features,
               &QuadraticFormsOp::factor, &QuadraticFormsOp::forms>("quadratic_forms",
                                                                    "QuadraticForms"),
      op_codec<ClusterTreeOp, cluster_tree, &ClusterTreeOp::tables>("cluster_tree", "ClusterTree"),
      op_codec<LaplaceOp, laplace, &LaplaceOp::tables>("laplace", "Laplace"),
      op_codec<FactorizationOp, factorization, &FactorizationOp::tables>("factorization",
                                                                         "Factorization"),
      op_codec<TopicsOp, topics, &TopicsOp::tables>("topics", "Topics"),
      op_codec<SparseCodeOp, sparse_code, &SparseCodeOp::tables>("sparse_code", "SparseCode"),
  };
  return kTable;
}

}  // namespace slipway
