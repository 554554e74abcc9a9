#include "protocols/internal/csv_body.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "rows/row_source.h"

namespace slipway::protocols {

Status read_csv_body(std::string_view body, const Signature& signature, CsvHeader header,
                     InputBuffer& input) {
  std::istringstream stream{std::string(body)};
  rows::CsvOptions options;
  options.no_header = header == CsvHeader::kNone;
  const std::unique_ptr<rows::RowSource> source =
      TRY(rows::open_csv_rows(stream, options, signature, {}));
  std::vector<rows::KeyCell> keys;
  // Each row has a byte of the body at least: the body bounds the rows.
  const size_t count = TRY(source->next(std::max<size_t>(body.size(), 1), input, keys));
  return count > 0 ? Status() : invalid_argument("the request has no rows");
}

}  // namespace slipway::protocols
