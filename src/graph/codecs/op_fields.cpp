#include "graph/codecs/op_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace slipway {

void OpFields::fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
}

void OpFields::fail_size(std::string_view name) {
  fail(invalid_argument(fmt::format("the attribute {} has another length than its fellows", name)));
}

template <typename T>
void OpFields::exchange(std::string_view name, T& x) {
  if (!status_.ok()) return;
  if (is_saving_) {
    values_.insert_or_assign(std::string(name), x);
    return;
  }
  const auto found = values_.find(name);
  if (found == values_.end()) {
    fail(invalid_argument(fmt::format("the attribute {} is missing", name)));
  } else if (auto* value = std::get_if<T>(&found->second)) {
    x = std::move(*value);
    ++taken_;
  } else {
    fail(invalid_argument(fmt::format("the attribute {} is of another type", name)));
  }
}

void OpFields::whole(std::string_view name, uint64_t& x, uint64_t max) {
  auto value = static_cast<int64_t>(x);
  exchange(name, value);
  if (value < 0 || static_cast<uint64_t>(value) > max) {
    fail(invalid_argument(
        fmt::format("the attribute {} is {}, expected 0 to {}", name, value, max)));
  }
  x = static_cast<uint64_t>(value);
}

void OpFields::operator()(std::string_view name, bool& x) {
  uint64_t value = x ? 1 : 0;
  whole(name, value, 1);
  x = value == 1;
}

void OpFields::operator()(std::string_view name, uint32_t& x) {
  uint64_t value = x;
  whole(name, value, UINT32_MAX);
  x = static_cast<uint32_t>(value);
}

void OpFields::operator()(std::string_view name, uint64_t& x) { whole(name, x, INT64_MAX); }

void OpFields::operator()(std::string_view name, double& x) {
  std::vector<double> value = {x};
  exchange(name, value);
  if (value.size() != 1) {
    fail(invalid_argument(fmt::format("the attribute {} is not one number", name)));
    return;
  }
  x = value[0];
}

void OpFields::operator()(std::string_view name, std::optional<double>& x) {
  if (is_saving_ ? !x.has_value() : !values_.contains(name)) return;
  double value = x.value_or(0);
  (*this)(name, value);
  x = value;
}

void OpFields::operator()(std::string_view name, std::string& x) { exchange(name, x); }
void OpFields::operator()(std::string_view name, std::vector<double>& x) { exchange(name, x); }
void OpFields::operator()(std::string_view name, std::vector<std::string>& x) { exchange(name, x); }

void OpFields::operator()(std::string_view name, std::vector<uint32_t>& x) {
  std::vector<int64_t> values(x.begin(), x.end());
  exchange(name, values);
  if (is_saving_ || !status_.ok()) return;
  const auto outside = [](int64_t value) { return value < 0 || value > int64_t{UINT32_MAX}; };
  if (std::ranges::any_of(values, outside)) {
    fail(invalid_argument(fmt::format("the attribute {} has an element out of range", name)));
    return;
  }
  x.assign(values.begin(), values.end());
}

template <typename T>
void OpFields::lists(std::string_view name, std::vector<std::vector<T>>& x) {
  std::vector<T> all;
  std::vector<uint32_t> sizes;
  for (const std::vector<T>& list : x) {
    all.insert(all.end(), list.begin(), list.end());
    sizes.push_back(static_cast<uint32_t>(list.size()));
  }
  (*this)(name, all);
  (*this)(fmt::format("{}_sizes", name), sizes);
  if (is_saving_ || !status_.ok()) return;
  x.clear();
  auto rest = std::span<T>(all);
  for (const uint32_t size : sizes) {
    if (size > rest.size()) return fail_size(name);
    x.emplace_back(std::make_move_iterator(rest.begin()),
                   std::make_move_iterator(rest.begin() + size));
    rest = rest.subspan(size);
  }
  if (!rest.empty()) fail_size(name);
}

void OpFields::operator()(std::string_view name, std::vector<std::vector<double>>& x) {
  lists(name, x);
}
void OpFields::operator()(std::string_view name, std::vector<std::vector<std::string>>& x) {
  lists(name, x);
}

uint32_t OpFields::place_of(std::string_view name, std::string_view given, Words words) {
  const auto* const found = std::ranges::find(words, given);
  if (found == words.end()) {
    fail(invalid_argument(fmt::format("the attribute {} says '{}', expected one of: {}", name,
                                      given, fmt::join(words, ", "))));
    return 0;
  }
  return static_cast<uint32_t>(found - words.begin());
}

void OpFields::word(std::string_view name, uint32_t& place, Words words) {
  std::string text = is_saving_ ? std::string(words.begin()[place]) : std::string();
  exchange(name, text);
  if (!is_saving_ && status_.ok()) place = place_of(name, text, words);
}

void OpFields::all_words(std::string_view name, std::vector<uint32_t>& places, Words words) {
  std::vector<std::string> texts;
  texts.reserve(places.size());
  for (const uint32_t place : places) texts.emplace_back(words.begin()[place]);
  exchange(name, texts);
  if (is_saving_) return;
  places.clear();
  places.reserve(texts.size());
  for (const std::string& text : texts) {
    places.push_back(place_of(name, text, words));
    if (!status_.ok()) return;
  }
}

Status OpFields::finish() const {
  TRY_STATUS(status_);
  if (is_saving_ || taken_ == values_.size()) return {};
  // Which of them, whoever wrote the file knows best: the names are few.
  std::vector<std::string_view> names;
  for (const auto& [name, value] : values_) names.push_back(name);
  return invalid_argument(fmt::format("it has {} attributes, expected {}; there are: {}",
                                      values_.size(), taken_, fmt::join(names, ", ")));
}

}  // namespace slipway
