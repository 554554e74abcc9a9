#include "data/read_frame.h"

#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/file.h"
#include "data/internal/read_text.h"
#include "rows/arrow_rows.h"
#include "rows/csv_reader.h"
#include "rows/input_stream.h"

namespace slipway::data {
namespace {

using rows::InputStream;
using OpenInput = std::function<Result<std::unique_ptr<InputStream>>()>;

constexpr size_t kStartBytes = 16;

enum class Form : uint8_t { kCsv, kTsv, kJson, kArrow, kParquet };

struct FormName {
  std::string_view name;  // of --input-format
  Form form;
};
constexpr FormName kForms[] = {{"csv", Form::kCsv},
                               {"tsv", Form::kTsv},
                               {"jsonl", Form::kJson},
                               {"arrow", Form::kArrow},
                               {"parquet", Form::kParquet}};
constexpr FormName kEndings[] = {
    {".csv", Form::kCsv},     {".tsv", Form::kTsv},       {".tab", Form::kTsv},
    {".jsonl", Form::kJson},  {".ndjson", Form::kJson},   {".json", Form::kJson},
    {".arrow", Form::kArrow}, {".feather", Form::kArrow}, {".parquet", Form::kParquet}};

Result<Form> form_of(const std::string& name, std::string_view start, const ReadOptions& options) {
  if (options.format != "auto") {
    for (const FormName& known : kForms) {
      if (known.name == options.format) return known.form;
    }
    return invalid_argument(fmt::format(
        "expected the format auto, csv, tsv, jsonl, arrow or parquet, got '{}'", options.format));
  }
  if (rows::holds_parquet(start)) return Form::kParquet;
  if (rows::holds_arrow(start)) return Form::kArrow;
  const std::string_view plain = rows::without_compression(name);
  for (const FormName& known : kEndings) {
    if (plain.ends_with(known.name)) return known.form;
  }
  const size_t first = start.find_first_not_of(" \t\r\n");
  const bool is_json =
      first != std::string_view::npos && (start[first] == '{' || start[first] == '[');
  return is_json ? Form::kJson : Form::kCsv;
}

/// The first bytes, decompressed.
Result<std::string> read_start(const OpenInput& open) {
  const std::unique_ptr<InputStream> input = TRY(open());
  std::string start(input->start().substr(0, kStartBytes));
  TRY_STATUS(input->status());
  return start;
}

Status read_pass(InputStream& input, Form form, const ReadOptions& options, FrameBuilder& builder) {
  Status status;
  if (form == Form::kJson) {
    status = read_json(input, options, builder);
  } else {
    const char found = form == Form::kTsv ? '\t' : rows::CsvReader::kFindSeparator;
    status =
        read_csv(input, options.separator.empty() ? found : options.separator[0], options, builder);
  }
  // A stream that broke says why better than who read it.
  TRY_STATUS(input.status());
  return status;
}

Result<Frame> read_text(const OpenInput& open, Form form, const ReadOptions& options) {
  FrameBuilder builder(options);
  while (true) {
    const std::unique_ptr<InputStream> input = TRY(open());
    TRY_STATUS(read_pass(*input, form, options, builder));
    if (!builder.needs_second_pass()) return builder.finish();
    builder.begin_second_pass();
  }
}

Result<Frame> read_binary(std::string_view bytes, Form form, const ReadOptions& options) {
  FrameBuilder builder(options);
  TRY_STATUS(read_arrow(bytes, form == Form::kParquet, builder));
  return builder.finish();
}

bool is_text(Form form) { return form != Form::kArrow && form != Form::kParquet; }

}  // namespace

Result<Frame> read_frame_bytes(std::string_view bytes, const std::string& name,
                               const ReadOptions& options) {
  const OpenInput open = [bytes]() -> Result<std::unique_ptr<InputStream>> {
    return rows::open_input_bytes(bytes);
  };
  const std::string start = TRY(read_start(open));
  const Form form = TRY(form_of(name, start, options));
  return is_text(form) ? read_text(open, form, options) : read_binary(bytes, form, options);
}

Result<Frame> read_frame(const std::string& path, const ReadOptions& options) {
  if (path == "-") {
    std::string bytes;
    std::string block(1 << 16, '\0');
    while (std::cin) {
      std::cin.read(block.data(), static_cast<std::streamsize>(block.size()));
      bytes.append(block.data(), static_cast<size_t>(std::cin.gcount()));
      if (bytes.size() <= options.memory_bytes_max) continue;
      return resource_exhausted(fmt::format("standard input is over the limit of {} MiB",
                                            options.memory_bytes_max >> 20U));
    }
    return read_frame_bytes(bytes, "", options);
  }
  const OpenInput open = [&path] { return rows::open_input(path); };
  const std::string start = TRY(read_start(open));
  const Form form = TRY(form_of(path, start, options));
  if (is_text(form)) return read_text(open, form, options);
  Limits limits;
  limits.file_bytes_max = options.memory_bytes_max;
  const FileBytes bytes = TRY(map_file(path, limits));
  return read_binary(bytes, form, options);
}

void expect_columns(const Signature& signature, Schema& schema) {
  if (!signature.columns_named) return;
  for (const InputColumn& column : signature.columns) {
    if (!column.is_used || column.is_record()) continue;
    const auto [place, is_new] = schema.columns.try_emplace(column.name);
    ColumnSchema& wanted = place->second;
    wanted.is_optional =
        wanted.is_optional || is_new;  // whoever matches the columns says so better
    if (wanted.kind.has_value() || wanted.is_ignored) continue;
    wanted.kind = column.is_text() ? ColumnKind::kText : ColumnKind::kNumber;
  }
}

}  // namespace slipway::data
