// Products of features: all up to a degree, or only those of different ones; in the order of
// scikit-learn's PolynomialFeatures, without its column of ones.
#include <fmt/format.h>

#include <utility>

#include "graph/ops/polynomial.h"
#include "training/preparation/internal/part.h"

namespace slipway::training {
namespace {

constexpr size_t kTermsMax = 20'000;

/// As PolynomialOp has them.
struct Terms {
  std::vector<uint32_t> starts = {0};
  std::vector<uint32_t> factors;

  size_t size() const { return starts.size() - 1; }
  std::span<const uint32_t> term(size_t i) const {
    return std::span(factors).subspan(starts[i], starts[i + 1] - starts[i]);
  }
};

/// The next combination of ascending places, equal ones or only different ones; false: it was the
/// last.
bool advance(std::vector<uint32_t>& places, uint32_t features, bool different) {
  const auto degree = static_cast<uint32_t>(places.size());
  for (uint32_t i = degree; i-- > 0;) {
    const uint32_t last = different ? features - (degree - i) : features - 1;
    if (places[i] == last) continue;
    ++places[i];
    for (uint32_t k = i + 1; k < degree; ++k) places[k] = places[k - 1] + (different ? 1 : 0);
    return true;
  }
  return false;
}

Result<Terms> terms_of(uint32_t features, const PreparationPlan& plan) {
  Terms terms;
  const bool different = plan.interactions_only;
  for (uint32_t degree = 1; degree <= plan.degree; ++degree) {
    if (different && degree > features) break;
    std::vector<uint32_t> places(degree);
    for (uint32_t i = 0; i < degree; ++i) places[i] = different ? i : 0;
    do {
      if (terms.size() == kTermsMax) {
        return invalid_argument(
            fmt::format("products of {} features up to degree {} are over {}; choose a lower "
                        "degree or fewer columns",
                        features, plan.degree, kTermsMax));
      }
      terms.factors.insert(terms.factors.end(), places.begin(), places.end());
      terms.starts.push_back(static_cast<uint32_t>(terms.factors.size()));
    } while (advance(places, features, different));
  }
  return terms;
}

/// "age", "age^2", "age * height".
std::string name_of(std::span<const uint32_t> factors, std::span<const std::string> features) {
  std::string name;
  for (size_t i = 0; i < factors.size();) {
    size_t power = 1;
    while (i + power < factors.size() && factors[i + power] == factors[i]) ++power;
    if (!name.empty()) name.append(" * ");
    name.append(features[factors[i]]);
    if (power > 1) name.append(fmt::format("^{}", power));
    i += power;
  }
  return name;
}

class Polynomial final : public Step {
 public:
  Polynomial(Terms terms, std::span<const std::string> features)
      : terms_(std::move(terms)), features_(static_cast<uint32_t>(features.size())) {
    names_.reserve(terms_.size());
    for (size_t i = 0; i < terms_.size(); ++i) names_.push_back(name_of(terms_.term(i), features));
  }
  std::vector<std::string> names() const override { return names_; }
  Result<ValueId> append(GraphBuilder& graph, ValueId matrix,
                         const std::string& path) const override {
    return graph.add(std::make_unique<PolynomialOp>(features_, terms_.starts, terms_.factors),
                     {matrix}, path + ".polynomial");
  }

 private:
  const Terms terms_;
  const uint32_t features_;
  std::vector<std::string> names_;
};

}  // namespace

Result<std::shared_ptr<const Step>> fit_polynomial(const StepInput& input) {
  Terms terms = TRY(terms_of(static_cast<uint32_t>(input.names.size()), input.plan));
  return std::shared_ptr<const Step>(std::make_shared<Polynomial>(std::move(terms), input.names));
}

}  // namespace slipway::training
