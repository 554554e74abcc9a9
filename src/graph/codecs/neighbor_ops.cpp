// Distances to points, and what models make of neighbours.
#include <algorithm>
#include <array>

#include "graph/codecs/tables.h"
#include "graph/ops/manifold.h"
#include "graph/ops/measure.h"
#include "graph/ops/neighborhood.h"
#include "graph/ops/neighbors.h"

namespace slipway {
namespace {

void distance(OpFields& f, NeighborsOp::Distance& d) {
  f("metric", d.metric, {"euclidean",    "squared_euclidean",
                         "manhattan",    "chebyshev",
                         "minkowski",    "weighted_minkowski",
                         "standardized", "mahalanobis",
                         "hamming",      "canberra",
                         "bray_curtis",  "jaccard",
                         "matching",     "dice",
                         "kulsinski",    "rogers_tanimoto",
                         "russell_rao",  "sokal_sneath",
                         "yule",         "haversine",
                         "cosine",       "correlation",
                         "nan_euclidean"});
  f("expanded", d.expanded);
  f("p", d.p);
  f("weights", d.weights);
  f("matrix", d.matrix);
}

void targets(OpFields& f, NeighborsOp::Targets& t) {
  f("class_counts", t.class_counts);
  f("labels", t.labels);
  f("value_count", t.value_count);
  f("values", t.values);
  f("lists", t.lists);
}

void neighbors(OpFields& f, NeighborsOp::Options& options, uint32_t& features,
               std::vector<double>& points, NeighborsOp::Distance& d, NeighborsOp::Tree& tree,
               NeighborsOp::Targets& t) {
  using Node = NeighborsOp::Node;
  f("search", options.search, {"heap", "partition", "kd_tree", "ball_tree"});
  f("neighbors", options.neighbors);
  f("distance_weights", options.distance_weights);
  f("features", features);
  f("points", points);
  distance(f, d);
  f.each("starts", tree.nodes, &Node::start);
  f.each("ends", tree.nodes, &Node::end);
  f.each("leaves", tree.nodes, &Node::is_leaf);
  f.each("radii", tree.nodes, &Node::radius);
  f("order", tree.order);
  f("bounds", tree.bounds);
  targets(f, t);
}

void radius_neighbors(OpFields& f, RadiusNeighborsOp::Search& search, NeighborsOp::Targets& t,
                      RadiusNeighborsOp::Outlier& outlier) {
  f("radius", search.radius);
  f("distance_weights", search.distance_weights);
  f("features", search.features);
  f("points", search.points);
  distance(f, search.distance);
  targets(f, t);
  f("outliers_refused", outlier.refuse);
  f("outlier_labels", outlier.labels);
}

void kernel_density(OpFields& f, KernelDensityOp::Tables& t) {
  f("function", t.function,
    {"gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"});
  f("bandwidth", t.bandwidth);
  f("offset", t.offset);
  f("features", t.features);
  f("points", t.points);
  f("log_weights", t.log_weights);
  distance(f, t.distance);
}

void outlier_factor(OpFields& f, std::vector<double>& farthest, std::vector<double>& densities) {
  f("farthest", farthest);
  f("densities", densities);
}

void neighbor_graph(OpFields& f, uint32_t& points, bool& distances) {
  f("points", points);
  f("distances", distances);
}

void geodesic(OpFields& f, uint32_t& points, std::vector<double>& distances) {
  f("points", points);
  f("distances", distances);
}

void barycenter(OpFields& f, BarycenterOp::Tables& t) {
  f("features", t.features);
  f("outputs", t.outputs);
  f("regularization", t.regularization);
  f("points", t.points);
  f("embeddings", t.embeddings);
}

/// Exactly four.
void factors(OpFields& f, std::string_view name, std::array<double, 4>& x) {
  std::vector<double> all(x.begin(), x.end());
  f(name, all);
  if (all.size() != x.size()) {
    f.fail(invalid_argument("a measure's similarity needs four factors"));
    return;
  }
  std::ranges::copy(all, x.begin());
}

void measure(OpFields& f, MeasureOp::Parameters& parameters, std::vector<MeasureOp::Field>& fields,
             std::vector<double>& points) {
  using Field = MeasureOp::Field;
  f("measure", parameters.measure,
    {"euclidean", "squared_euclidean", "city_block", "chebychev", "minkowski", "binary"});
  f("p", parameters.p);
  factors(f, "numerator", parameters.numerator);
  factors(f, "denominator", parameters.denominator);
  f.each("compare", fields, &Field::compare, {"absolute_difference", "gaussian", "delta", "equal"});
  f.each("weights", fields, &Field::weight);
  f.each("scales", fields, &Field::scale);
  f.each("missing_weights", fields, &Field::missing_weight);
  f("points", points);
}

void smallest(OpFields& f, uint32_t& count) { f("count", count); }

}  // namespace

std::span<const OpCodec> neighbor_codecs() {
  static constexpr std::array kTable = {
      op_codec<NeighborsOp, neighbors, &NeighborsOp::options, &NeighborsOp::features,
               &NeighborsOp::points, &NeighborsOp::distance, &NeighborsOp::tree,
               &NeighborsOp::targets>("neighbors", "Neighbors"),
      op_codec<RadiusNeighborsOp, radius_neighbors, &RadiusNeighborsOp::search,
               &RadiusNeighborsOp::targets, &RadiusNeighborsOp::outlier>("radius_neighbors",
                                                                         "RadiusNeighbors"),
      op_codec<KernelDensityOp, kernel_density, &KernelDensityOp::tables>("kernel_density",
                                                                          "KernelDensity"),
      op_codec<OutlierFactorOp, outlier_factor, &OutlierFactorOp::farthest,
               &OutlierFactorOp::densities>("outlier_factor", "OutlierFactor"),
      op_codec<NeighborGraphOp, neighbor_graph, &NeighborGraphOp::points,
               &NeighborGraphOp::distances>("neighbor_graph", "NeighborGraph"),
      op_codec<GeodesicOp, geodesic, &GeodesicOp::points, &GeodesicOp::distances>("geodesic",
                                                                                  "Geodesic"),
      op_codec<BarycenterOp, barycenter, &BarycenterOp::tables>("barycenter", "Barycenter"),
      op_codec<MeasureOp, measure, &MeasureOp::parameters, &MeasureOp::fields, &MeasureOp::points>(
          "measure", "Measure"),
      op_codec<SmallestOp, smallest, &SmallestOp::count>("smallest", "Smallest"),
  };
  return kTable;
}

}  // namespace slipway
