#include "protocols/internal/csv_body.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace slipway::protocols {

Result<CsvKeys> read_csv_rows(std::string_view body, const Signature& signature,
                              const rows::CsvOptions& options,
                              const std::vector<std::string>& names, InputBuffer& input) {
  std::istringstream stream{std::string(body)};
  const std::unique_ptr<rows::RowSource> source =
      TRY(rows::open_csv_rows(stream, options, signature, names));
  CsvKeys keys;
  // Each row has a byte of the body at least: the body bounds the rows.
  const size_t count = TRY(source->next(std::max<size_t>(body.size(), 1), input, keys.cells));
  if (count == 0) return invalid_argument("the request has no rows");
  keys.names = source->key_names();
  return keys;
}

Status read_csv_body(std::string_view body, const Signature& signature, CsvHeader header,
                     InputBuffer& input, KeyFields& keys) {
  rows::CsvOptions options;
  options.no_header = header == CsvHeader::kNone;
  const bool by_place = !signature.columns_named && !keys.empty() && !options.no_header;
  const CsvKeys read = TRY(read_csv_rows(
      body, signature, options, by_place ? keys.names() : std::vector<std::string>(), input));
  keys.take(read.names, read.cells, input.rows());
  return {};
}

}  // namespace slipway::protocols
