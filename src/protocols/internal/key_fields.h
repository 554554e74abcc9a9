// KeyFields: what a request's rows hold beside the model's columns, and what is to come back with
// their predictions, so that a client finds them again: {"id": 7, "age": 3} -> {"id": 7, "predict":
// ...}. Which fields these are is the operator's to say (serving/model_settings.h).
//
//   RowFiller, CSV --KeyFields::set--> values --append_keyed_rows--> answer
//
// A value is a text, a number, true, false or null, given back as it was spelled; null where a row
// has none. Ownership: the names are the model's. Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rows/row_source.h"
#include "tensor/batch.h"

namespace slipway::protocols {

struct BaseCall;

class KeyFields {
 public:
  /// Of a new request; without names there are none.
  void begin(const std::vector<std::string>* names) {
    names_ = names;
    values_.clear();
  }
  bool empty() const { return names_ == nullptr || names_->empty(); }
  size_t size() const { return empty() ? 0 : names_->size(); }
  const std::vector<std::string>& names() const { return *names_; }
  /// The number of a key field; none if this is no key field's name.
  std::optional<size_t> find(std::string_view name) const;

  /// Takes a text, or a number and the like as it is spelled. JSON: read_key_field() (json.h).
  void set(size_t row, size_t key, std::string_view text, bool is_json);

  /// Takes what a table of named columns holds beside the model's columns: rows x names cells.
  void take(const std::vector<std::string>& names, const std::vector<rows::KeyCell>& cells,
            size_t rows);
  /// The value as a text, as it is spelled; none for null.
  StringCell cell(size_t row, size_t key) const;

  /// `"id":7,"name":"a",`: the members of an object that goes on.
  void append_members(std::string& out, size_t row) const;
  /// The value of one key as JSON.
  void append_value(std::string& out, size_t row, size_t key) const;
  /// `7,a,`: the cells that begin a line of CSV, and those of its header.
  void append_cells(std::string& out, size_t row) const;
  void append_names(std::string& out) const;

 private:
  struct Value {
    std::string text = "null";
    bool is_json = true;
  };
  const Value& value(size_t row, size_t key) const;

  const std::vector<std::string>* names_ = nullptr;
  std::vector<Value> values_;  // rows x names, as far as they came
};

/// The rows of an output: [a, b], or, where the request had key fields,
/// [{"id": 7, "predict": a}, ...].
void append_keyed_rows(std::string& out, const BaseCall& call, uint32_t output);

}  // namespace slipway::protocols
