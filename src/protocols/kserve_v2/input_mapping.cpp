#include "protocols/kserve_v2/input_mapping.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/internal/closest.h"
#include "protocols/internal/dialect.h"
#include "protocols/json_output.h"

namespace slipway::protocols::kserve_v2 {
namespace {

constexpr std::string_view kDataTypes =
    "BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FP16, BF16, FP32, FP64, BYTES";

constexpr uint64_t kCellsMax = 1ULL << 28;  // of one request's rows x columns

std::string shape_text(const Tensor& tensor) {
  return tensor.rank == 1 ? fmt::format("[{}]", tensor.dims[0])
                          : fmt::format("[{}, {}]", tensor.dims[0], tensor.dims[1]);
}

Status check_type(const Tensor& tensor, ColumnType type) {
  const bool is_text = type != ColumnType::kNumber;
  if ((tensor.dtype == DType::kString) == is_text) return {};
  return invalid_argument(fmt::format("input {}: expected {}, got {}", in_quotes(tensor.name),
                                      is_text ? "BYTES" : "a datatype of numbers",
                                      oip_name(tensor.dtype)));
}

}  // namespace

ModelInputs inputs_of(const BaseCall& call) {
  const serving::ServedModel& model = *call.infer.model;
  return {model.signature(), model.column_places, call.loop->server.shared_memory.get(),
          model.chosen_output(kKserveV2Dialect.name)};
}

Result<size_t> shared_bytes_of(std::span<const Tensor> tensors, const ModelInputs& model) {
  uint64_t bytes = 0;
  const uint64_t most = model.shared == nullptr ? 0 : model.shared->slice_bytes_max();
  for (const Tensor& tensor : tensors) {
    if (!tensor.shared) continue;
    bytes += tensor.shared.bytes;  // each at most `most`, and there are few
    if (bytes <= most) continue;
    return resource_exhausted(
        fmt::format("the inputs in shared memory are too large: at most {} bytes together", most));
  }
  return bytes;
}

void release_shared(std::span<Tensor> tensors, std::string& bytes) {
  constexpr size_t kKeptBytes = 1U << 20;
  for (Tensor& tensor : tensors) tensor.shared = {};
  if (bytes.capacity() > kKeptBytes) bytes = std::string();
}

Status check_tensor_count(size_t count, const Signature& signature) {
  if (count <= signature.columns.size()) return {};
  return invalid_argument(
      fmt::format("too many input tensors: the model has {} columns", signature.columns.size()));
}

Result<DType> parse_datatype(std::string_view name) {
  if (const auto dtype = dtype_from_oip_name(name)) return *dtype;
  return invalid_argument(
      fmt::format("unknown datatype {}; expected one of {}", in_quotes(name), kDataTypes));
}

std::optional<uint32_t> InputMapping::find_column(std::string_view name) const {
  if (places_.empty()) return signature_.find_column(name);
  const auto place = places_.find(name);
  return place == places_.end() ? std::nullopt : std::optional(place->second);
}

Status InputMapping::assign(std::span<Tensor> tensors, size_t bytes) {
  seen_.assign(columns(), 0);
  bool by_column = signature_.columns_named || tensors.size() > 1;
  const std::optional<ColumnType> type = signature_.uniform_type();
  const bool matrix_possible = tensors.size() == 1 && type.has_value();
  if (matrix_possible && (!by_column || !find_column(tensors[0].name) || columns() == 1)) {
    by_column = false;
  }
  matrix_ = !by_column && matrix_possible;
  if (matrix_) {
    matrix_type_ = *type;
    TRY_STATUS(check_matrix(tensors[0]));
  } else {
    TRY_STATUS(assign_columns(tensors));
  }
  const uint64_t rows = tensors[0].dims[0];
  const size_t cells_in_row = matrix_ ? std::max<size_t>(columns(), 1) : tensors.size();
  if (rows > bytes / cells_in_row || rows > kCellsMax / std::max<size_t>(columns(), 1)) {
    return invalid_argument(
        fmt::format("input {}: the shape says {} rows, more than the body holds",
                    in_quotes(tensors[0].name), rows));
  }
  input_.reset(rows, columns(), signature_.matrices);
  return {};
}

Status InputMapping::assign_columns(std::span<Tensor> tensors) {
  for (Tensor& tensor : tensors) TRY_STATUS(check_column(tensor, tensors[0]));
  for (size_t i = 0; i < columns(); ++i) {
    if (seen_[i] != 0 || !signature_.columns[i].is_used) continue;
    return invalid_argument(
        fmt::format("input {} is missing; expected one tensor for each of the {} columns",
                    in_quotes(signature_.columns[i].name), columns()));
  }
  return {};
}

Status InputMapping::check_matrix(const Tensor& tensor) const {
  TRY_STATUS(check_type(tensor, matrix_type_));
  const bool fits = tensor.rank == 2 ? tensor.dims[1] == columns() : columns() == 1;
  if (fits) return {};
  return invalid_argument(fmt::format("input {}: expected shape [rows, {}], got {}{}",
                                      in_quotes(tensor.name), columns(), shape_text(tensor),
                                      tensor.rank == 1 ? "; one row is [1, n]" : ""));
}

Status InputMapping::check_column(Tensor& tensor, const Tensor& first) {
  const auto column = find_column(tensor.name);
  if (!column) {
    return invalid_argument(fmt::format("unknown input {}{}", in_quotes(tensor.name),
                                        column_hint(signature_, tensor.name)));
  }
  if (seen_[*column] != 0) {
    return invalid_argument(fmt::format("input {} is given twice", in_quotes(tensor.name)));
  }
  seen_[*column] = 1;
  tensor.column = *column;
  if (signature_.columns[*column].is_used) {
    TRY_STATUS(check_type(tensor, signature_.columns[*column].type));
  }
  if (tensor.rank == 2 && tensor.dims[1] != 1) {
    return invalid_argument(
        fmt::format("input {} is one column: expected shape [rows] or [rows, 1], got {}",
                    in_quotes(tensor.name), shape_text(tensor)));
  }
  if (tensor.dims[0] == first.dims[0]) return {};
  return invalid_argument(fmt::format("input {} has {} rows, but {} has {}", in_quotes(tensor.name),
                                      tensor.dims[0], in_quotes(first.name), first.dims[0]));
}

Place InputMapping::place_of(const Tensor& tensor) {
  const size_t rows = input_.rows();
  if (matrix_) return {input_, 0, 1, rows * columns(), columns(), matrix_type_, nested_};
  const ColumnType type = signature_.columns[tensor.column].type;
  return {input_, tensor.column, columns(), rows, 1, type, nested_};
}

Result<uint32_t> OutputChoice::find(std::string_view name) const {
  if (const auto index = signature_.find_output(name)) return *index;
  std::string names;
  for (const OutputSpec& output : signature_.outputs) {
    names += (names.empty() ? "" : ", ") + output.name;
  }
  return invalid_argument(
      fmt::format("unknown output {}; the model has: {}", in_quotes(name), names));
}

Result<SharedSlice> SharedPlace::slice(const ModelInputs& model) const {
  if (!region) return SharedSlice();
  if (model.shared == nullptr) {
    return not_found(
        fmt::format("Unable to find shared memory region: '{}'", region->substr(0, 256)));
  }
  return model.shared->slice(*region, offset, bytes);
}

Status OutputChoice::check_form(uint32_t index, const OutputForm& form) const {
  if (form.shared.region && form.classes > 0) {
    return invalid_argument("Output can't set both 'shared_memory_region' and 'classification'");
  }
  if (form.shared.region && form.binary.value_or(false)) {
    return invalid_argument("Output can't set both 'shared_memory_region' and 'binary_data'");
  }
  const DType dtype = output_dtype(signature_.outputs[index]);
  if (form.classes == 0 || dtype == DType::kInt64 || dtype == DType::kFloat64) return {};
  return invalid_argument(fmt::format(
      "class result not available for output due to unsupported type '{}'", oip_name(dtype)));
}

Status OutputChoice::add(uint32_t index, const OutputForm& form) {
  const OutputMask bit = OutputMask{1} << index;
  if ((wanted_ & bit) != 0) {
    return invalid_argument(
        fmt::format("output {} is asked for twice", in_quotes(signature_.outputs[index].name)));
  }
  TRY_STATUS(check_form(index, form));
  wanted_ |= bit;
  RequestedOutput output{.index = index, .binary = form.binary.value_or(false)};
  const uint64_t width = signature_.outputs[index].width;
  output.classes = static_cast<uint32_t>(std::min(form.classes, width));
  output.shared = TRY(form.shared.slice(model_));
  plan_.outputs.push_back(std::move(output));
  if (!form.binary) undecided_ |= bit;
  return {};
}

void OutputChoice::finish(bool binary_default) {
  if (plan_.outputs.empty()) {
    const uint32_t output = model_.unnamed_output.value_or(signature_.default_output);
    plan_.outputs.push_back({.index = output, .binary = binary_default});
    wanted_ = OutputMask{1} << output;
    return;
  }
  for (RequestedOutput& output : plan_.outputs) {
    if ((undecided_ >> output.index & 1U) != 0) output.binary = binary_default;
  }
}

}  // namespace slipway::protocols::kserve_v2
