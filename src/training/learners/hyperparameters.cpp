#include "training/learners/hyperparameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/edit_distance.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool holds_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const size_t end = std::min(words.find('|'), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// "a number above 0, or none": for messages.
std::string expected(const Hyperparameter& entry) {
  if (entry.kind == Kind::kFlag) return "true or false";
  std::string words(entry.words);
  for (size_t at = words.find('|'); at != std::string::npos; at = words.find('|', at)) {
    words.replace(at, 1, ", ");
  }
  if (entry.kind == Kind::kWord) return "one of " + words;
  std::string text = entry.kind == Kind::kInteger ? "a whole number" : "a number";
  if (entry.kind == Kind::kCount) text = "a whole number or a share of at most 1.0";
  const bool is_bounded = std::isfinite(entry.low);
  if (is_bounded && entry.above_low) text.append(fmt::format(" above {}", entry.low));
  if (is_bounded && !entry.above_low) text.append(fmt::format(" from {}", entry.low));
  if (std::isfinite(entry.high)) text.append(fmt::format(" to {}", entry.high));
  if (!words.empty()) text.append(", or one of ").append(words);
  return text;
}

Status refused(std::string_view learner, const Hyperparameter& entry, std::string_view text) {
  return invalid_argument(fmt::format("hyperparameter {} of {}: expected {}, got '{}'", entry.name,
                                      learner, expected(entry), text));
}

}  // namespace

Result<Hyperparameters::Value> Hyperparameters::parse(std::string_view learner,
                                                      const Hyperparameter& entry,
                                                      const std::string& text) {
  Value value;
  const std::string word = lower_case(text);
  if (entry.kind == Kind::kFlag) {
    if (word != "true" && word != "false") return refused(learner, entry, text);
    value.number = word == "true" ? 1 : 0;
    return value;
  }
  // YAML's and JSON's null is Python's None.
  value.word = word == "null" ? "none" : word;
  if (holds_word(entry.words, value.word)) return value;
  value.word.clear();
  const std::optional<double> number =
      entry.kind == Kind::kWord ? std::nullopt : parse_number(text);
  if (!number.has_value()) return refused(learner, entry, text);
  value.number = *number;
  value.is_whole = text.find_first_of(".eE") == std::string::npos;
  bool is_right = entry.above_low ? *number > entry.low : *number >= entry.low;
  if (entry.kind == Kind::kCount && !value.is_whole) is_right = *number > 0 && *number <= 1;
  if (entry.kind == Kind::kInteger) {
    is_right = is_right && *number == std::trunc(*number) && std::fabs(*number) <= 1e15;
  }
  if (!is_right || *number > entry.high) return refused(learner, entry, text);
  return value;
}

Result<Hyperparameters> Hyperparameters::check(std::string_view learner,
                                               std::span<const Hyperparameter> table,
                                               const HyperparameterTexts& given) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const Hyperparameter& entry : table) names.emplace_back(entry.name);
  for (const auto& [name, text] : given) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string nearest = nearest_name(name, names);
    return invalid_argument(fmt::format("{} has no hyperparameter '{}'{}", learner, name,
                                        nearest.empty()
                                            ? fmt::format("; it has {}", fmt::join(names, ", "))
                                            : "; did you mean " + nearest + "?"));
  }
  Hyperparameters checked;
  for (const Hyperparameter& entry : table) {
    const auto found = given.find(std::string(entry.name));
    const std::string text = found == given.end() ? std::string(entry.fallback) : found->second;
    Value value = TRY(parse(learner, entry, text));
    checked.values_.emplace(entry.name, std::move(value));
    checked.texts_.emplace(entry.name, text);
  }
  return checked;
}

const Hyperparameters::Value& Hyperparameters::at(std::string_view name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second;
}

double Hyperparameters::number(std::string_view name) const {
  const Value& value = at(name);
  CHECK(value.word.empty());
  return value.number;
}

int64_t Hyperparameters::integer(std::string_view name) const {
  return static_cast<int64_t>(number(name));
}

bool Hyperparameters::flag(std::string_view name) const { return number(name) != 0; }

std::string_view Hyperparameters::word(std::string_view name) const { return at(name).word; }

bool Hyperparameters::is_whole(std::string_view name) const { return at(name).is_whole; }

uint64_t Hyperparameters::count(std::string_view name, uint64_t all, bool round_up) const {
  const double value = number(name);
  if (is_whole(name)) return static_cast<uint64_t>(value);
  const double share = value * static_cast<double>(all);
  return std::max<uint64_t>(1, static_cast<uint64_t>(round_up ? std::ceil(share) : share));
}

}  // namespace slipway::training
