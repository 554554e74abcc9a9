// What the ops that solve a problem for each row, and those of manifolds, prove of their constants.
#include "graph/ops/row_solvers.h"

#include <gtest/gtest.h>

#include "graph/ops/manifold.h"

namespace slipway {
namespace {

ValueType dense(uint32_t width) { return {ValueKind::kDense, width}; }

template <typename OpType>
Result<ValueType> infer(const OpType& op, std::vector<ValueType> inputs) {
  return op.infer(inputs);
}

FactorizationOp::Tables factorization() {
  FactorizationOp::Tables tables;
  tables.features = 3;
  tables.components = {1, 2, 3, 4, 5, 6};
  tables.iterations = 200;
  return tables;
}

TEST(FactorizationOp, GivesAColumnForEachComponentFromDenseAndSparseRows) {
  const FactorizationOp op(factorization());
  EXPECT_EQ(infer(op, {dense(3)})->width, 2U);
  EXPECT_TRUE(infer(op, {{ValueKind::kSparse, 3, 2}}).ok());
  EXPECT_FALSE(infer(op, {dense(2)}).ok());
  EXPECT_FALSE(infer(op, {}).ok());
}

TEST(FactorizationOp, RefusesIterationsThatWouldNotEnd) {
  FactorizationOp::Tables tables = factorization();
  tables.iterations = uint64_t{1} << 60;
  EXPECT_EQ(infer(FactorizationOp(tables), {dense(3)}).status().code(),
            StatusCode::kResourceExhausted);
  tables.iterations = 0;
  EXPECT_FALSE(infer(FactorizationOp(tables), {dense(3)}).ok());
}

TEST(FactorizationOp, NeedsWholeComponents) {
  FactorizationOp::Tables tables = factorization();
  tables.components.pop_back();
  EXPECT_FALSE(infer(FactorizationOp(tables), {dense(3)}).ok());
  tables.components.clear();
  EXPECT_FALSE(infer(FactorizationOp(tables), {dense(3)}).ok());
}

TEST(TopicsOp, NeedsWholeTopicsAndAnEnd) {
  TopicsOp::Tables tables;
  tables.features = 2;
  tables.topics = {1, 2, 3, 4, 5, 6};
  tables.iterations = 100;
  EXPECT_EQ(infer(TopicsOp(tables), {dense(2)})->width, 3U);
  EXPECT_FALSE(infer(TopicsOp(tables), {dense(3)}).ok());
  tables.iterations = UINT64_MAX;
  EXPECT_FALSE(infer(TopicsOp(tables), {dense(2)}).ok());
}

TEST(SparseCodeOp, TakesNoMoreAtomsThanThereAre) {
  SparseCodeOp::Tables tables;
  tables.atoms = 2;
  tables.gram = {1, 0, 0, 1};
  tables.atoms_max = 2;
  EXPECT_EQ(infer(SparseCodeOp(tables), {dense(2)})->width, 2U);
  tables.atoms_max = 3;
  EXPECT_FALSE(infer(SparseCodeOp(tables), {dense(2)}).ok());
  tables.atoms_max = 0;
  EXPECT_FALSE(infer(SparseCodeOp(tables), {dense(2)}).ok());
  tables.atoms_max = 1;
  tables.gram.pop_back();
  EXPECT_FALSE(infer(SparseCodeOp(tables), {dense(2)}).ok());
}

TEST(GeodesicOp, NeedsADistanceForEachPairOfPoints) {
  EXPECT_EQ(infer(GeodesicOp(2, {0, 1, 1, 0}), {dense(4)})->width, 2U);
  EXPECT_FALSE(infer(GeodesicOp(2, {0, 1, 1}), {dense(4)}).ok());
  EXPECT_FALSE(infer(GeodesicOp(2, {0, 1, 1, 0}), {dense(3)}).ok());
  EXPECT_FALSE(infer(GeodesicOp(0, {}), {dense(4)}).ok());
}

TEST(BarycenterOp, NeedsAnEmbeddingForEachPoint) {
  BarycenterOp::Tables tables;
  tables.features = 2;
  tables.outputs = 1;
  tables.points = {1, 2, 3, 4};
  tables.embeddings = {1, 2};
  EXPECT_EQ(infer(BarycenterOp(tables), {dense(2), dense(4)})->width, 1U);
  EXPECT_FALSE(infer(BarycenterOp(tables), {dense(2)}).ok());
  EXPECT_FALSE(infer(BarycenterOp(tables), {dense(3), dense(4)}).ok());
  EXPECT_FALSE(
      infer(BarycenterOp(tables), {dense(2), dense(2 * BarycenterOp::kNeighborsMax + 2)}).ok());
  tables.embeddings.pop_back();
  EXPECT_FALSE(infer(BarycenterOp(tables), {dense(2), dense(4)}).ok());
}

}  // namespace
}  // namespace slipway
