// Transforms that solve a small problem of their own for each row: factorizations with fixed
// components, topics of documents, sparse codes. The iterations and their ends are scikit-learn's,
// asked for that row alone, so that a row's answer does not depend on the others of its batch.
//
//   FactorizationOp({.features = 4, .components = h, .iterations = 200, .tolerance = 1e-4})
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// The most multiply-adds that one row may take: an honest model stays far below.
inline constexpr uint64_t kRowWorkMax = 4'000'000'000;

/// Dense or sparse rows x, which must not be negative, to w >= 0 with x close to w H: non-negative
/// matrix factorization.
class FactorizationOp final : public Op {
 public:
  enum class Solver : uint8_t {
    kCoordinateDescent,
    kMultiplicative,  // asks every ten steps whether the divergence still falls
    kMiniBatch,       // multiplicative too, until w does not change
  };
  struct Tables {
    Solver solver = Solver::kCoordinateDescent;
    uint32_t features = 0;
    std::vector<double> components;  // H: row-major, `features` numbers each
    double beta = 2;                 // of the divergence
    double l1 = 0;
    double l2 = 0;
    double tolerance = 0;
    uint64_t iterations = 0;
  };
  explicit FactorizationOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "factorization"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(tables.components); }
  uint32_t width() const;

  const Tables tables;
};

/// Dense or sparse rows of word counts to shares of topics: latent Dirichlet allocation.
/// Hoffman et al., "Online Learning for Latent Dirichlet Allocation" (2010).
class TopicsOp final : public Op {
 public:
  struct Tables {
    uint32_t features = 0;
    std::vector<double> topics;  // exp(E[log beta]): row-major, `features` numbers each
    double prior = 0;            // of a document's topics
    double tolerance = 0;
    uint64_t iterations = 0;
  };
  explicit TopicsOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "topics"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(tables.topics); }
  uint32_t width() const;

  const Tables tables;
};

/// Products of dense rows with the atoms of a dictionary, <x, d_k>, to sparse codes.
class SparseCodeOp final : public Op {
 public:
  enum class Algorithm : uint8_t {
    kMatchingPursuit,  // orthogonal, `atoms_max` atoms
    kLasso,            // min |x - c D|^2 / 2 + penalty |c|_1
  };
  struct Tables {
    Algorithm algorithm = Algorithm::kMatchingPursuit;
    uint32_t atoms = 0;
    std::vector<double> gram;  // atoms x atoms: products of the atoms with each other
    uint32_t atoms_max = 0;
    double penalty = 0;
    bool positive = false;  // kLasso: c >= 0
  };
  /// kLasso: rounds over all atoms before a row is given up with what has been reached.
  static constexpr uint32_t kRoundsMax = 2'000;

  explicit SparseCodeOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "sparse_code"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(tables.gram); }

  const Tables tables;
};

}  // namespace slipway
