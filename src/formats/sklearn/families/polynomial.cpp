// PolynomialFeatures.
#include "graph/ops/polynomial.h"

#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

constexpr size_t kFactorsMax = size_t{1} << 22;

struct Terms {
  std::vector<uint32_t> starts{0};
  std::vector<uint32_t> factors;

  void add(const std::vector<uint32_t>& term) {
    factors.insert(factors.end(), term.begin(), term.end());
    starts.push_back(static_cast<uint32_t>(factors.size()));
  }
};

/// Moves to the next term of the same degree in itertools' order; false behind the last one.
/// `step` is 1 if a feature occurs once per term, 0 if it may repeat.
bool next_term(std::vector<uint32_t>& term, uint32_t features, uint32_t step) {
  for (size_t i = term.size(); i-- > 0;) {
    const size_t behind = term.size() - 1 - i;
    if (uint64_t{term[i]} + 1 + behind * step >= features) continue;
    ++term[i];
    for (size_t k = i + 1; k < term.size(); ++k) term[k] = term[k - 1] + step;
    return true;
  }
  return false;
}

Status add_degree(int64_t degree, uint32_t features, bool interaction_only, Terms& terms) {
  if (features == 0 || (interaction_only && degree > int64_t{features})) return {};
  if (degree > int64_t{kFactorsMax}) return resource_exhausted("the degree is too high");
  const uint32_t step = interaction_only ? 1 : 0;
  std::vector<uint32_t> term(static_cast<size_t>(degree));
  for (uint32_t i = 0; i < term.size(); ++i) term[i] = i * step;
  do {
    if (terms.factors.size() + term.size() > kFactorsMax || terms.starts.size() > kWidthMax) {
      return resource_exhausted("the polynomial has too many terms");
    }
    terms.add(term);
  } while (next_term(term, features, step));
  return {};
}

/// "a^2 b", as get_feature_names_out() writes it.
std::vector<std::string> term_names(const Terms& terms, const Features& input) {
  std::vector<std::string> names;
  for (size_t t = 0; t + 1 < terms.starts.size(); ++t) {
    std::string text;
    for (uint32_t k = terms.starts[t]; k < terms.starts[t + 1];) {
      const uint32_t feature = terms.factors[k];
      uint32_t power = 0;
      for (; k < terms.starts[t + 1] && terms.factors[k] == feature; ++k) ++power;
      text += (text.empty() ? "" : " ") + input.name(feature);
      if (power > 1) text += fmt::format("^{}", power);
    }
    names.push_back(text.empty() ? "1" : std::move(text));
  }
  return names;
}

/// Lowest and highest degree: an int, or a pair since 1.0.
Result<std::pair<int64_t, int64_t>> degree_range(pickle::Value self) {
  const pickle::Value degree = TRY(self.attr("degree"));
  if (degree.kind() != pickle::Kind::kTuple && degree.kind() != pickle::Kind::kList) {
    return std::pair<int64_t, int64_t>(0, TRY(degree.as_int()));
  }
  if (degree.size() != 2) return invalid_argument("PolynomialFeatures.degree: expected a pair");
  const int64_t lowest = TRY(degree.at(0).as_int());
  return std::pair(lowest, TRY(degree.at(1).as_int()));
}

Result<Step> lower_polynomial(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const auto [lowest, highest] = TRY(degree_range(self));
  const bool interaction_only = TRY(bool_attr_or(self, "interaction_only", false));
  Terms terms;
  if (TRY(bool_attr_or(self, "include_bias", true))) terms.add({});
  for (int64_t degree = std::max<int64_t>(1, lowest); degree <= highest; ++degree) {
    if (interaction_only && degree > int64_t{features}) break;
    TRY_STATUS(add_degree(degree, features, interaction_only, terms));
    if (features == 0) break;
  }
  TRY_STATUS(lowering.spend(terms.factors.size() + terms.starts.size(), input.longest_name()));
  std::vector<std::string> names = term_names(terms, input);
  const ValueId y = TRY(lowering.add(
      std::make_unique<PolynomialOp>(features, std::move(terms.starts), std::move(terms.factors)),
      {x}));
  return transformed(y, lowering.type(y).width, std::move(names));
}

}  // namespace

std::span<const EstimatorEntry> polynomial_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"PolynomialFeatures", lower_polynomial},
  };
  return kTable;
}

}  // namespace slipway::sklearn
