#include "formats/lightgbm/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace slipway::lightgbm {
namespace {

using Conversion = Objective::Conversion;

struct Entry {
  std::string_view name;
  Conversion conversion;
  bool takes_sqrt = false;  // it may predict the square root of the target
};

/// Under all the names that files of some version hold.
constexpr std::array kObjectives = {
    Entry{"regression", Conversion::kNone, true},
    Entry{"regression_l2", Conversion::kNone, true},
    Entry{"regression_l1", Conversion::kNone, true},
    Entry{"huber", Conversion::kNone},
    Entry{"fair", Conversion::kNone, true},
    Entry{"quantile", Conversion::kNone, true},
    Entry{"mape", Conversion::kNone, true},
    Entry{"poisson", Conversion::kExp},
    Entry{"gamma", Conversion::kExp},
    Entry{"tweedie", Conversion::kExp},
    Entry{"binary", Conversion::kSigmoid},
    Entry{"multiclass", Conversion::kSoftmax},
    Entry{"multiclassova", Conversion::kSigmoid},
    Entry{"cross_entropy", Conversion::kSigmoid},
    Entry{"xentropy", Conversion::kSigmoid},
    Entry{"cross_entropy_lambda", Conversion::kSoftplus},
    Entry{"xentlambda", Conversion::kSoftplus},
    Entry{"lambdarank", Conversion::kNone},
    Entry{"rank_xendcg", Conversion::kNone},
    Entry{"none", Conversion::kNone},
    Entry{"custom", Conversion::kNone},
};

/// The next word, taken off the text.
std::string_view take_word(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

}  // namespace

Result<Objective> parse_objective(std::string_view text) {
  constexpr std::string_view kSigmoidPrefix = "sigmoid:";
  Objective objective;
  const std::string_view name = take_word(text);
  if (name.empty()) return objective;
  const auto entry = std::find_if(kObjectives.begin(), kObjectives.end(),
                                  [name](const Entry& known) { return known.name == name; });
  if (entry == kObjectives.end()) {
    return unimplemented(fmt::format("its objective '{}' is not known", name.substr(0, 40)));
  }
  objective.conversion = entry->conversion;
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (word == "sqrt" && entry->takes_sqrt) objective.conversion = Conversion::kSignedSquare;
    if (!word.starts_with(kSigmoidPrefix)) continue;
    const std::string_view number = word.substr(kSigmoidPrefix.size());
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), objective.sigmoid);
    if (error != std::errc() || end != number.data() + number.size() || !(objective.sigmoid > 0)) {
      return invalid_argument(
          fmt::format("objective: expected a number above 0, got '{}'", word.substr(0, 40)));
    }
  }
  return objective;
}

}  // namespace slipway::lightgbm
