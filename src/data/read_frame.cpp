#include "data/read_frame.h"

#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "base/file.h"
#include "data/internal/hashed_file.h"
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

/// Of each pass the digest: a file that changes between two of them is none.
Result<Table> read_hashed_text(const std::string& path, Form form, const ReadOptions& options) {
  std::unique_ptr<HashedFile> file;
  std::optional<FileFacts> before;
  const OpenInput open = [&]() -> Result<std::unique_ptr<InputStream>> {
    if (file != nullptr) before = file->finish();
    file = std::make_unique<HashedFile>(path);
    if (!*file) return not_found(fmt::format("cannot read {}", path));
    return rows::open_input_stream(*file);
  };
  Frame frame = TRY(read_text(open, form, options));
  Table table{std::move(frame), file->finish()};
  if (!before || *before == table.file) return table;
  return unavailable("the file changed while it was read");
}

Result<std::string> read_standard_input(const ReadOptions& options) {
  std::string bytes;
  std::string block(1 << 16, '\0');
  while (std::cin) {
    std::cin.read(block.data(), static_cast<std::streamsize>(block.size()));
    bytes.append(block.data(), static_cast<size_t>(std::cin.gcount()));
    if (bytes.size() <= options.memory_bytes_max) continue;
    return resource_exhausted(
        fmt::format("standard input is over the limit of {} MiB", options.memory_bytes_max >> 20U));
  }
  return bytes;
}

Result<FileBytes> map_table(const std::string& path, const ReadOptions& options) {
  Limits limits;
  limits.file_bytes_max = options.memory_bytes_max;
  return map_file(path, limits);
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
    const std::string bytes = TRY(read_standard_input(options));
    return read_frame_bytes(bytes, "", options);
  }
  const OpenInput open = [&path] { return rows::open_input(path); };
  const std::string start = TRY(read_start(open));
  const Form form = TRY(form_of(path, start, options));
  if (is_text(form)) return read_text(open, form, options);
  const FileBytes bytes = TRY(map_table(path, options));
  return read_binary(bytes, form, options);
}

Result<Table> read_table(const std::string& path, const ReadOptions& options) {
  if (path == "-") {
    const std::string bytes = TRY(read_standard_input(options));
    Frame frame = TRY(read_frame_bytes(bytes, "", options));
    return Table{std::move(frame), {bytes.size(), sha256_hex(bytes)}};
  }
  const std::string start = TRY(read_start([&path] { return rows::open_input(path); }));
  const Form form = TRY(form_of(path, start, options));
  if (is_text(form)) return read_hashed_text(path, form, options);
  const FileBytes bytes = TRY(map_table(path, options));
  Frame frame = TRY(read_binary(bytes, form, options));
  return Table{std::move(frame), {bytes.size(), sha256_hex(bytes)}};
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
