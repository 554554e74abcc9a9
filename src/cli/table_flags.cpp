#include "cli/table_flags.h"

#include <algorithm>

#include "base/file.h"
#include "base/machine.h"

namespace slipway::cli {

Result<data::ReadOptions> table_options(const TableFlags& flags) {
  data::ReadOptions options;
  options.format = flags.input_format;
  options.separator = flags.separator;
  options.no_header = flags.no_header;
  // A table that does not fit is told so, rather than the process killed.
  const uint64_t memory = detect_machine().memory_bytes_max;
  if (memory > 0) options.memory_bytes_max = memory / 4 * 3;
  if (!flags.schema.empty()) {
    const std::string text = TRY(read_file(flags.schema, {}));
    Result<data::Schema> schema = data::parse_schema(text);
    if (!schema.ok()) return std::move(schema).status().with_context(flags.schema);
    options.schema = *std::move(schema);
  }
  for (const std::string& type : flags.types) {
    Status added = data::add_column_type(type, options.schema);
    if (!added.ok()) return std::move(added).with_context("--type");
  }
  if (!flags.missing.empty()) {
    options.schema.missing = flags.missing;
    options.schema.missing.emplace_back();
  }
  return options;
}

}  // namespace slipway::cli
