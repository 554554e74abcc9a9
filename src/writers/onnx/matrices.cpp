#include "writers/onnx/internal/matrices.h"

#include <vector>

namespace slipway::writers::onnx {

Name products(Model& m, const Name& x, std::span<const double> points, size_t features) {
  const size_t count = points.size() / features;
  std::vector<double> columns(points.size());
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < features; ++j) columns[j * count + i] = points[i * features + j];
  }
  return m.matmul(
      x, m.numbers({static_cast<int64_t>(features), static_cast<int64_t>(count)}, columns));
}

Name squared_distances(Model& m, const Name& x, std::span<const double> points, size_t features) {
  const size_t count = points.size() / features;
  // Around the mean, the squares are small and little of their difference is lost.
  std::vector<double> mean(features, 0.0);
  for (size_t i = 0; i < points.size(); ++i) {
    mean[i % features] += points[i] / static_cast<double>(count);
  }
  std::vector<double> around(points.begin(), points.end());
  std::vector<double> squares(count, 0.0);
  for (size_t i = 0; i < points.size(); ++i) {
    around[i] -= mean[i % features];
    squares[i / features] += around[i] * around[i];
  }
  const Name row = m.sub(x, m.row(mean));
  const Name sum = m.add(m.reduce("ReduceSumSquare", row), m.row(squares));
  const Name distance = m.sub(sum, m.mul(m.number(2), products(m, row, around, features)));
  return m.where(m.less(distance, m.number(0)), m.number(0), distance);
}

Name differences(Model& m, const Name& x, std::span<const double> points, size_t features) {
  const auto count = static_cast<int64_t>(points.size() / features);
  return m.sub(m.unsqueeze(x, 1), m.numbers({1, count, static_cast<int64_t>(features)}, points));
}

Name pairs_to_classes(Model& m, const Name& pairs, uint32_t classes, double first, double second) {
  std::vector<double> table;
  for (uint32_t i = 0; i < classes; ++i) {
    for (uint32_t j = i + 1; j < classes; ++j) {
      table.resize(table.size() + classes, 0.0);
      double* row = table.data() + table.size() - classes;
      row[i] = first;
      row[j] = second;
    }
  }
  const auto rows = static_cast<int64_t>(table.size() / classes);
  return m.matmul(pairs, m.numbers({rows, int64_t{classes}}, table));
}

Name squeezed(Model& m, const Name& sums) {
  return m.div(sums, m.mul(m.number(3), m.add(m.abs(sums), m.number(1))));
}

}  // namespace slipway::writers::onnx
