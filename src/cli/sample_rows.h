// SampleRows: rows made up for a model, so that two forms of it can be compared where no data are
// at hand.
//
// What a column is compared with in the graph (thresholds of trees, categories, means of scalers,
// support vectors) is what its values are drawn from, beside plain numbers; so the rows fall on
// both sides of most splits, and exactly on them. Later rows also have missing and unknown values.
// The same rows each time.
//
//   SampleRows rows(*graph);
//   rows.fill(256, input);
//
// Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/batch.h"

namespace slipway::cli {

class SampleRows {
 public:
  explicit SampleRows(const Graph& graph);
  /// The first half plain rows, the second half with odd values among them. Columns of records stay
  /// empty.
  void fill(size_t rows, InputBuffer& input);

 private:
  struct Pool {
    std::vector<double> numbers;
    std::vector<std::string> texts;
  };

  void trace(const Graph& graph);
  void collect(const Graph& graph, ValueId id);
  void add_number(ValueId value, uint32_t column, double number);
  void add_text(ValueId value, uint32_t column, const std::string& text);
  double number_of(const Pool& pool, bool odd);
  uint64_t random();
  double fraction() { return static_cast<double>(random() >> 11) * 0x1p-53; }

  const Signature& signature_;
  std::vector<Pool> pools_;                    // of each column
  std::vector<std::vector<int64_t>> sources_;  // per value, per column: the model's column or -1
  uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace slipway::cli
