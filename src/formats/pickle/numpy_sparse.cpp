// scipy.sparse matrices in compressed rows or columns, whose state is a dict of arrays.
#include <fmt/format.h>

#include <algorithm>

#include "formats/pickle/internal/array_view.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {
namespace {

bool is_compressed_rows(Value value) {
  return value.is("scipy.sparse", "csr_matrix") || value.is("scipy.sparse", "csr_array");
}

bool is_compressed_columns(Value value) {
  return value.is("scipy.sparse", "csc_matrix") || value.is("scipy.sparse", "csc_array");
}

Status bad_sparse(Value value, std::string_view what) {
  return invalid_argument(
      fmt::format("A sparse matrix is not understood at byte {}: {}", value.offset(), what));
}

/// Starts, indices and values of `major` compressed lines with `minor` places each.
Status check_structure(Value value, const Csr& lines, uint64_t major, uint64_t minor) {
  const std::vector<int64_t>& starts = lines.row_starts;
  const uint64_t stored = std::min(lines.column_indices.size(), lines.values.size());
  if (starts.empty() || starts.size() - 1 != major) {
    return bad_sparse(value, fmt::format("{} line starts for {} lines", starts.size(), major));
  }
  if (starts[0] != 0 || !std::is_sorted(starts.begin(), starts.end()) ||
      static_cast<uint64_t>(starts.back()) > stored) {
    return bad_sparse(value, fmt::format("line starts out of order or beyond {}", stored));
  }
  const auto end = lines.column_indices.begin() + starts.back();
  const auto outside = std::find_if(lines.column_indices.begin(), end, [minor](int64_t index) {
    return index < 0 || static_cast<uint64_t>(index) >= minor;
  });
  if (outside != end) {
    return bad_sparse(value, fmt::format("index {} of a width of {}", *outside, minor));
  }
  return {};
}

/// A matrix in compressed columns, held as if they were rows, turned into rows. Counting sort: the
/// order within a row is that of the columns.
Result<Csr> transpose_lines(Value value, const Csr& columns, uint64_t rows) {
  TRY_STATUS(check_memory(value, rows + 1, sizeof(int64_t)));
  Csr out;
  out.rows = rows;
  out.columns = columns.rows;
  const size_t stored = columns.column_indices.size();
  out.row_starts.assign(rows + 1, 0);
  for (const int64_t row : columns.column_indices) ++out.row_starts[static_cast<size_t>(row) + 1];
  for (size_t row = 0; row < rows; ++row) out.row_starts[row + 1] += out.row_starts[row];
  out.column_indices.resize(stored);
  out.values.resize(stored);
  std::vector<int64_t> next(out.row_starts.begin(), out.row_starts.end() - 1);
  for (size_t column = 0; column < columns.rows; ++column) {
    const auto end = static_cast<size_t>(columns.row_starts[column + 1]);
    for (auto i = static_cast<size_t>(columns.row_starts[column]); i < end; ++i) {
      const int64_t at = next[static_cast<size_t>(columns.column_indices[i])]++;
      out.column_indices[static_cast<size_t>(at)] = static_cast<int64_t>(column);
      out.values[static_cast<size_t>(at)] = columns.values[i];
    }
  }
  return out;
}

}  // namespace

bool is_sparse(Value value) {
  constexpr std::string_view kSuffixes[] = {"_matrix", "_array"};
  if (value.kind() != Kind::kObject || !value.module().starts_with("scipy.sparse")) return false;
  return std::any_of(std::begin(kSuffixes), std::end(kSuffixes),
                     [&](std::string_view suffix) { return value.name().ends_with(suffix); });
}

Result<Csr> to_csr(Value value) {
  const bool by_rows = is_compressed_rows(value);
  if (value.kind() != Kind::kObject || (!by_rows && !is_compressed_columns(value))) {
    return bad_sparse(value, fmt::format("expected CSR or CSC, got {}", value.type_name()));
  }
  const Value shape = TRY(value.attr("_shape"));
  if (shape.kind() != Kind::kTuple || shape.size() != 2) return bad_sparse(value, "no 2-D shape");
  const int64_t rows = TRY(shape.at(0).as_int());
  const int64_t columns = TRY(shape.at(1).as_int());
  if (rows < 0 || columns < 0) return bad_sparse(value, "a negative shape");
  Csr lines;
  lines.rows = static_cast<uint64_t>(by_rows ? rows : columns);
  lines.columns = static_cast<uint64_t>(by_rows ? columns : rows);
  const Value starts = TRY(value.attr("indptr"));
  const Value indices = TRY(value.attr("indices"));
  const Value data = TRY(value.attr("data"));
  lines.row_starts = TRY(to_i64(starts)).values;
  lines.column_indices = TRY(to_i64(indices)).values;
  lines.values = TRY(to_f64(data)).values;
  TRY_STATUS(check_structure(value, lines, lines.rows, lines.columns));
  const auto stored = static_cast<size_t>(lines.row_starts.back());
  lines.column_indices.resize(stored);
  lines.values.resize(stored);
  if (by_rows) return lines;
  return transpose_lines(value, lines, lines.columns);
}

Result<Array<double>> to_dense(Value value) {
  constexpr uint64_t kCellsMax = 1U << 28;
  const Csr csr = TRY(to_csr(value));
  if (csr.columns > kCellsMax || csr.rows > kCellsMax / (csr.columns + 1)) {
    return resource_exhausted(
        fmt::format("A sparse matrix is too large to make dense at byte {}: {} x {}",
                    value.offset(), csr.rows, csr.columns));
  }
  TRY_STATUS(check_memory(value, csr.rows * csr.columns, sizeof(double)));
  Array<double> dense;
  dense.shape = {csr.rows, csr.columns};
  dense.values.resize(csr.rows * csr.columns);
  for (uint64_t row = 0; row < csr.rows; ++row) {
    for (int64_t i = csr.row_starts[row]; i < csr.row_starts[row + 1]; ++i) {
      const auto k = static_cast<size_t>(i);
      dense.values[row * csr.columns + static_cast<size_t>(csr.column_indices[k])] += csr.values[k];
    }
  }
  return dense;
}

}  // namespace slipway::pickle
