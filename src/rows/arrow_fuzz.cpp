// Fuzz target: any bytes as an Arrow stream or file, against models of numbers, texts and records.
// The plug-in itself is Arrow's; what is sought is a table that it lets pass and we misread, and a
// plain stream that we read otherwise than it.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "rows/arrow_plain.h"
#include "rows/arrow_rows.h"

namespace {

slipway::Signature model(slipway::ColumnType type, bool rows_are_records) {
  slipway::Signature signature;
  for (const char* name : {"x", "utf8", "view", "category", "decimal", "half", "record"}) {
    signature.columns.push_back({name, type});
    signature.columns.back().takes_integers = true;
    if (rows_are_records) break;
  }
  signature.rows_are_records = rows_are_records;
  signature.matrices = {.strings = type == slipway::ColumnType::kText,
                        .records = type == slipway::ColumnType::kRecord};
  return signature;
}

constexpr size_t kRowsMax = 64;

bool read(std::string_view bytes, const slipway::Signature& signature,
          slipway::InputBuffer& input) {
  auto source = slipway::rows::open_arrow_rows(bytes, signature, {});
  if (!source.ok()) return false;
  std::vector<slipway::rows::KeyCell> keys;
  return (*source)->next(kRowsMax, input, keys).ok();
}

bool same_cells(slipway::InputBuffer& one, slipway::InputBuffer& other, bool texts) {
  if (one.rows() != other.rows()) return false;
  for (size_t row = 0; row < one.rows(); ++row) {
    if (texts) {
      const slipway::StringCell& a = one.string_row(row)[0];
      const slipway::StringCell& b = other.string_row(row)[0];
      if (a.missing() != b.missing() || (!a.missing() && a.view() != b.view())) return false;
    } else if (std::memcmp(one.number_row(row), other.number_row(row), sizeof(double)) != 0) {
      return false;
    }
  }
  return true;
}

/// Column by column, a plain stream against what Arrow C++ makes of it: without the mark that
/// begins its first message it is no plain one, but Arrow takes it.
void compare_plain(std::string_view bytes) {
  ArrowArrayStream stream{};
  if (!slipway::rows::open_plain_arrow(bytes, stream)) return;
  ArrowSchema schema{};
  stream.get_schema(&stream, &schema);
  for (int64_t i = 0; i < std::min<int64_t>(schema.n_children, 16); ++i) {
    const ArrowSchema& field = *schema.children[i];
    const bool is_text = field.format[0] == 'u' || field.format[0] == 'U';
    using slipway::ColumnType;
    slipway::Signature signature;
    signature.columns.push_back({field.name, is_text ? ColumnType::kText : ColumnType::kNumber});
    signature.columns_named = true;
    signature.matrices.strings = is_text;
    slipway::InputBuffer plain;
    slipway::InputBuffer arrow;
    if (!read(bytes, signature, plain) || !read(bytes.substr(4), signature, arrow)) continue;
    if (!same_cells(plain, arrow, is_text)) std::abort();
  }
  schema.release(&schema);
  stream.release(&stream);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_FUZZ_PLUGIN_DIR, 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using slipway::ColumnType;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  compare_plain(bytes);
  for (slipway::Signature signature :
       {model(ColumnType::kNumber, false), model(ColumnType::kText, false),
        model(ColumnType::kRecord, false), model(ColumnType::kRecord, true)}) {
    for (slipway::InputColumn& column : signature.columns) {
      // One column at a time: most tables have only some of them.
      for (slipway::InputColumn& other : signature.columns) other.is_used = &other == &column;
      signature.columns_named = true;
      auto source = slipway::rows::open_arrow_rows(bytes, signature, {});
      if (!source.ok()) continue;
      slipway::InputBuffer input;
      std::vector<slipway::rows::KeyCell> keys;
      for (int batch = 0; batch < 4; ++batch) {
        const auto count = (*source)->next(kRowsMax, input, keys);
        if (!count.ok() || *count == 0) break;
      }
    }
  }
  return 0;
}
