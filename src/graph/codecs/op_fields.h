// OpFields: the constants of an operator under names, as Slipway's container holds them.
//
//   Op --save--> OpFields --attributes of a node--> file --OpFields--load--> Op
//
// One function says which fields an operator has, and serves both ways: it hands each field to
// operator(), which reads it when an operator is saved and fills it when one is loaded. The first
// thing that is wrong stays in status(), and what comes after it does nothing, so that such a
// function needs no branches. Loading proves types and ranges of single fields; what they mean
// together, the operator's infer() proves.
//
// Ownership: values. Thread rule: single-sequence.
//
//   void fields(OpFields& f, uint32_t& classes, std::vector<double>& a) {
//     f("classes", classes);
//     f("a", a);
//   }
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/status.h"

namespace slipway {

class OpFields {
 public:
  /// A truth value is an integer, a single real number a list of one.
  using Value = std::variant<int64_t, std::vector<int64_t>, std::vector<double>, std::string,
                             std::vector<std::string>>;
  using Values = std::map<std::string, Value, std::less<>>;
  using Words = std::initializer_list<std::string_view>;

  /// To save into.
  OpFields() : is_saving_(true) {}
  /// To load from.
  explicit OpFields(Values values) : values_(std::move(values)) {}

  void operator()(std::string_view name, bool& x);
  void operator()(std::string_view name, uint32_t& x);
  void operator()(std::string_view name, uint64_t& x);
  void operator()(std::string_view name, double& x);
  void operator()(std::string_view name, std::string& x);
  void operator()(std::string_view name, std::vector<uint32_t>& x);
  void operator()(std::string_view name, std::vector<double>& x);
  void operator()(std::string_view name, std::vector<std::string>& x);
  /// Left out where there is none.
  void operator()(std::string_view name, std::optional<double>& x);
  /// All elements one behind the other, and, as NAME_sizes, how many each list has.
  void operator()(std::string_view name, std::vector<std::vector<double>>& x);
  void operator()(std::string_view name, std::vector<std::vector<std::string>>& x);
  /// An enumeration from 0 on, by the word of each value.
  template <typename E>
    requires std::is_enum_v<E>
  void operator()(std::string_view name, E& x, Words words) {
    auto place = static_cast<uint32_t>(x);
    word(name, place, words);
    if (!is_saving_ && status_.ok()) x = static_cast<E>(place);
  }

  /// One member of every element of a list. The first such field of a list says how long it is.
  template <typename T, typename M>
  void each(std::string_view name, std::vector<T>& list, M T::*member) {
    std::vector<Stored<M>> values;
    if (is_saving_) {
      values.reserve(list.size());
      for (T& element : list) values.push_back(element.*member);
    }
    (*this)(name, values);
    if (!fits(name, list, values.size())) return;
    for (size_t i = 0; i < list.size(); ++i) list[i].*member = static_cast<M>(std::move(values[i]));
  }
  template <typename T, typename E>
    requires std::is_enum_v<E>
  void each(std::string_view name, std::vector<T>& list, E T::*member, Words words) {
    std::vector<uint32_t> places;
    if (is_saving_) {
      places.reserve(list.size());
      for (T& element : list) places.push_back(static_cast<uint32_t>(element.*member));
    }
    all_words(name, places, words);
    if (!fits(name, list, places.size())) return;
    for (size_t i = 0; i < list.size(); ++i) list[i].*member = static_cast<E>(places[i]);
  }

  bool is_saving() const { return is_saving_; }
  void fail(Status status);
  bool ok() const { return status_.ok(); }
  /// INVALID_ARGUMENT names the field that is missing, of another type or out of range.
  const Status& status() const { return status_; }
  /// The same for fields that nothing asked for: they might have changed the answers.
  Status finish() const;
  const Values& values() const { return values_; }

 private:
  template <typename M>
  using Stored = std::conditional_t<std::is_same_v<M, bool>, uint32_t, M>;

  template <typename T>
  bool fits(std::string_view name, std::vector<T>& list, size_t size) {
    if (is_saving_ || !status_.ok()) return false;
    if (list.empty()) list.resize(size);
    if (list.size() != size) fail_size(name);
    return status_.ok();
  }
  template <typename T>
  void exchange(std::string_view name, T& x);
  template <typename T>
  void lists(std::string_view name, std::vector<std::vector<T>>& x);
  void whole(std::string_view name, uint64_t& x, uint64_t max);
  void word(std::string_view name, uint32_t& place, Words words);
  void all_words(std::string_view name, std::vector<uint32_t>& places, Words words);
  uint32_t place_of(std::string_view name, std::string_view given, Words words);
  void fail_size(std::string_view name);

  const bool is_saving_ = false;
  Values values_;
  size_t taken_ = 0;
  Status status_;
};

}  // namespace slipway
