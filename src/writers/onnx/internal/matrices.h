// Formulas over rows and stored points that several operators share.
#pragma once

#include <cstdint>
#include <span>

#include "writers/onnx/internal/model.h"

namespace slipway::writers::onnx {

/// [rows, points]: <x, y> with each of the points (row-major).
Name products(Model& m, const Name& x, std::span<const double> points, size_t features);
/// [rows, points]: |x - y|^2, as |x|^2 - 2 <x, y> + |y|^2 around the points' mean.
Name squared_distances(Model& m, const Name& x, std::span<const double> points, size_t features);
/// [rows, points, features]: x - y.
Name differences(Model& m, const Name& x, std::span<const double> points, size_t features);

/// Numbers of pairs of classes, (0,1), (0,2), ... (1,2), ..., to sums of classes: the pair's first
/// class counts `first` times, its second `second` times.
Name pairs_to_classes(Model& m, const Name& pairs, uint32_t classes, double first, double second);
/// sum / (3 (|sum| + 1)): confidences as a third of a vote.
Name squeezed(Model& m, const Name& sums);

}  // namespace slipway::writers::onnx
