// RowFiller: JSON values into the cells of a model's rows, by column name or by place.
//
//   {"age": 3, "city": "Rome"}, [3, "Rome"] --RowFiller--> InputBuffer
//
// What every dialect that sends rows shares: the conversion of a cell by its column's type, and the
// errors, which name the feature and the row. Rows count from 0, as the answer's elements do.
// Single-sequence; holds references only.
//
//   RowFiller rows(model.signature(), model.column_places, buffers, input);
//   rows.reset();
//   TRY_STATUS(rows.read_object_row(value));
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/signature.h"
#include "protocols/internal/json.h"
#include "tensor/batch.h"

namespace slipway::protocols {

class RowFiller {
 public:
  /// `places` may be empty: then names are looked for one by one.
  RowFiller(const Signature& signature,
            const std::unordered_map<std::string_view, uint32_t>& places, ReadBuffers& buffers,
            InputBuffer& input);

  /// Begins anew, without rows.
  void reset();
  size_t columns() const { return signature_.columns.size(); }
  /// `expected`: where it stands if the client sends the columns in the order of training.
  std::optional<uint32_t> find_column(std::string_view name, uint32_t expected) const;

  /// One more row, unset. RESOURCE_EXHAUSTED over the cells that a request may hold.
  Status add_row();
  Status read_cell(ondemand::value& value, size_t row, uint32_t column);
  /// A row whose values come in the order of the columns.
  Status read_values(ondemand::array& array);
  /// An object that is a row: a record, or named columns.
  Status read_object_row(ondemand::value& value);
  /// One more field of the last row's object; `place` counts the fields. Of a model that was
  /// trained without names the fields come in the order of the columns.
  Status read_field(ondemand::field& field, uint32_t& place);
  /// INVALID_ARGUMENT if a column that is needed did not come among the `count` fields.
  Status end_fields(uint32_t count) const;

  /// A key field of the last row, or nothing: true if `name` is one (key_fields.h).
  Result<bool> read_key(std::string_view name, ondemand::value& value);

  /// The error of a row of `got` values.
  Status count_error(size_t got) const;
  /// "row 2: ...", unless the body is no JSON at all.
  Status in_row(Status status, size_t row) const;
  /// `feature "age" in row 2`
  std::string cell_name(size_t row, uint32_t column) const;

 private:
  Status read_named_row(ondemand::object& object);
  Status unknown_feature(std::string_view name, ondemand::value& value) const;

  const Signature& signature_;
  const std::unordered_map<std::string_view, uint32_t>& places_;
  JsonInput& json_;
  KeyFields* const keys_;        // null: there are none
  std::vector<uint64_t>& seen_;  // per column, the count of rows when it was last given
  InputBuffer& input_;
};

}  // namespace slipway::protocols
