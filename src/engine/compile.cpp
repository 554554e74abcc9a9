#include "engine/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kScratchTarget = 512 * 1024;  // chunk scratch that stays in the L2 cache
constexpr size_t kScratchMax = 1ULL << 30;
constexpr size_t kChunkRowsMax = 256;
constexpr size_t kOutputCellsMax = size_t{1} << 26;  // of one output of one batch

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct Step {
  std::unique_ptr<const Kernel> kernel;
  std::vector<ValueId> inputs;
  ValueId output = 0;
  OutputMask needed_by = 0;  // outputs of the signature that depend on it
};

/// Bytes of the three parts of a value's buffer, for so many rows.
struct BufferSize {
  size_t data = 0;
  size_t columns = 0;
  size_t row_starts = 0;
  size_t total() const { return aligned(data) + aligned(columns) + aligned(row_starts); }
};

BufferSize buffer_size(const ValueType& type, size_t rows) {
  const size_t cells = rows * type.width;
  switch (type.kind) {
    case ValueKind::kDense: return {cells * sizeof(double)};
    case ValueKind::kDense32: return {cells * sizeof(float)};
    case ValueKind::kString: return {cells * sizeof(StringCell), rows * type.text_bytes};
    case ValueKind::kIndex: return {cells * sizeof(int32_t)};
    case ValueKind::kRecord: return {};  // always the caller's
    case ValueKind::kSparse:
      return {rows * type.nonzeros_max * sizeof(double),
              rows * type.nonzeros_max * sizeof(uint32_t), (rows + 1) * sizeof(uint32_t)};
  }
  return {};
}

class GraphScratch final : public Scratch {
 public:
  struct FreeAligned {
    void operator()(std::byte* memory) const {
      ::operator delete[](memory, std::align_val_t{kAlignment});
    }
  };

  /// The values stand in the arena too: what one thread writes shares no cache line with what
  /// another thread's scratch holds.
  GraphScratch(size_t value_bytes, size_t value_count)
      : bytes(aligned(value_count * sizeof(ValueBuffer)) + value_bytes),
        arena(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{kAlignment}))),
        values(reinterpret_cast<ValueBuffer*>(arena.get()), value_count),
        rest(arena.get() + aligned(value_count * sizeof(ValueBuffer))) {
    static_assert(std::is_trivially_destructible_v<ValueBuffer>);
    std::uninitialized_default_construct(values.begin(), values.end());
  }

  size_t bytes;  // of the arena
  std::unique_ptr<std::byte[], FreeAligned> arena;
  std::span<ValueBuffer> values;
  std::byte* rest;  // of the arena
  std::byte* workspace = nullptr;
};

/// Texts that lie in the scratch, which the next chunk overwrites, move into the output.
void keep_made_texts(const GraphScratch& scratch, std::span<StringCell> cells,
                     OutputBuffer& output) {
  const auto begin = reinterpret_cast<uintptr_t>(scratch.arena.get());
  const auto end = begin + scratch.bytes;
  for (StringCell& cell : cells) {
    if (!cell.is_text()) continue;
    const auto place = reinterpret_cast<uintptr_t>(cell.data);
    if (place < begin || place >= end) continue;
    char* kept = output.texts->take(cell.size);
    std::copy_n(cell.data, cell.size, kept);
    cell.data = kept;
  }
}

class GraphExecutable final : public Executable {
 public:
  GraphExecutable(std::shared_ptr<const Graph> graph, std::vector<Step> steps, size_t chunk_rows)
      : graph_(std::move(graph)), steps_(std::move(steps)), chunk_rows_(chunk_rows) {
    for (const Step& step : steps_) {
      workspace_bytes_ = std::max(workspace_bytes_, step.kernel->workspace_bytes(chunk_rows_));
      makes_texts_ = makes_texts_ || graph_->type(step.output).text_bytes > 0;
    }
  }

  const Signature& signature() const override { return graph_->signature(); }
  size_t size_bytes() const override {
    size_t total = graph_->size_bytes() + heap_bytes(steps_);
    for (const Step& step : steps_) total += step.kernel->size_bytes();
    return total;
  }
  size_t scratch_bytes() const override {
    size_t total = kAlignment + aligned(workspace_bytes_);
    for (const Step& step : steps_) {
      if (step.kernel->passes_input_through()) continue;
      total += buffer_size(graph_->type(step.output), chunk_rows_).total();
    }
    return total;
  }

  std::unique_ptr<Scratch> make_scratch() const override;
  Status run(const Batch& batch, OutputMask wanted, Scratch& scratch,
             std::vector<OutputBuffer>& outputs) const override;

 private:
  Status check_batch(const Batch& batch, OutputMask wanted) const;
  Status run_chunk(size_t first_row, size_t rows, OutputMask wanted, GraphScratch& scratch) const;
  void copy_output(const OutputSpec& spec, size_t first_row, size_t rows,
                   const GraphScratch& scratch, OutputBuffer& output) const;

  std::shared_ptr<const Graph> graph_;
  std::vector<Step> steps_;
  size_t chunk_rows_;
  size_t workspace_bytes_ = 0;
  bool makes_texts_ = false;  // some node has texts of its own in the scratch
};

std::unique_ptr<Scratch> GraphExecutable::make_scratch() const {
  auto scratch = std::make_unique<GraphScratch>(scratch_bytes(), graph_->value_count());
  std::byte* place = scratch->rest;
  const auto take = [&place](size_t bytes) {
    std::byte* taken = place;
    place += aligned(bytes);
    return taken;
  };
  scratch->workspace = take(workspace_bytes_);
  for (ValueId id = 0; id < graph_->value_count(); ++id) {
    const ValueType type = graph_->type(id);
    ValueBuffer& value = scratch->values[id];
    value.kind = type.kind;
    value.width = type.width;
    value.nonzeros_max = type.nonzeros_max;
  }
  for (const Step& step : steps_) {
    if (step.kernel->passes_input_through()) continue;
    const BufferSize size = buffer_size(graph_->type(step.output), chunk_rows_);
    ValueBuffer& value = scratch->values[step.output];
    value.data = take(size.data);
    value.columns = reinterpret_cast<uint32_t*>(take(size.columns));
    value.row_starts = reinterpret_cast<uint32_t*>(take(size.row_starts));
  }
  return scratch;
}

Status GraphExecutable::run_chunk(size_t first_row, size_t rows, OutputMask wanted,
                                  GraphScratch& scratch) const {
  for (const Step& step : steps_) {
    if ((step.needed_by & wanted) == 0) continue;
    ValueBuffer& output = scratch.values[step.output];
    if (step.kernel->passes_input_through()) {
      const ValueBuffer& input = scratch.values[step.inputs[0]];
      output.data = input.data;
      output.columns = input.columns;
      output.row_starts = input.row_starts;
    }
    TRY_STATUS(step.kernel->run(
        {rows, first_row, scratch.values.data(), step.inputs.data(), output, scratch.workspace}));
  }
  return {};
}

void GraphExecutable::copy_output(const OutputSpec& spec, size_t first_row, size_t rows,
                                  const GraphScratch& scratch, OutputBuffer& output) const {
  const ValueBuffer& value = scratch.values[spec.value];
  const size_t offset = first_row * spec.width;
  const size_t count = rows * spec.width;
  switch (value.kind) {
    case ValueKind::kDense:
      std::copy_n(value.dense(0), count, output.numbers.data() + offset);
      break;
    case ValueKind::kIndex:
      std::copy_n(value.index(0), count, output.indices.data() + offset);
      break;
    case ValueKind::kString:
      std::copy_n(value.strings(0), count, output.strings.data() + offset);
      if (makes_texts_) {
        keep_made_texts(scratch, std::span(output.strings).subspan(offset, count), output);
      }
      break;
    case ValueKind::kDense32:
    case ValueKind::kSparse:
    case ValueKind::kRecord: CHECK(false);  // the verifier admits no such output
  }
}

Status GraphExecutable::check_batch(const Batch& batch, OutputMask wanted) const {
  const Signature& signature = graph_->signature();
  if (batch.rows > 0 && ((signature.matrices.strings && batch.strings == nullptr) ||
                         (signature.matrices.records && batch.records == nullptr))) {
    return internal_error("a model with text or record columns got a batch without them");
  }
  // A wide answer is much larger than the request that asks for it.
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    const size_t width = signature.outputs[i].width;
    if ((wanted >> i & 1U) == 0 || width == 0 || batch.rows <= kOutputCellsMax / width) continue;
    return invalid_argument(fmt::format(
        "the answer would hold {} rows of {} values, at most {} values; send fewer rows at once",
        batch.rows, width, kOutputCellsMax));
  }
  return {};
}

Status GraphExecutable::run(const Batch& batch, OutputMask wanted, Scratch& scratch,
                            std::vector<OutputBuffer>& outputs) const {
  auto& own = static_cast<GraphScratch&>(scratch);
  const Signature& signature = graph_->signature();
  const size_t columns = signature.columns.size();
  TRY_STATUS(check_batch(batch, wanted));
  outputs.resize(signature.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if ((wanted >> i & 1U) == 0) continue;
    const OutputSpec& spec = signature.outputs[i];
    const ValueKind kind = graph_->type(spec.value).kind;
    const size_t cells = batch.rows * spec.width;
    outputs[i].rows = batch.rows;
    outputs[i].width = spec.width;
    outputs[i].numbers.resize(kind == ValueKind::kDense ? cells : 0);
    outputs[i].indices.resize(kind == ValueKind::kIndex ? cells : 0);
    outputs[i].strings.resize(kind == ValueKind::kString ? cells : 0);
    if (!makes_texts_ || kind != ValueKind::kString) continue;
    // A new one for each run: rows of a joined run, which went to others, may point into the last.
    outputs[i].texts = std::make_shared<TextStore>();
  }
  for (size_t first = 0; first < batch.rows; first += chunk_rows_) {
    const size_t rows = std::min(chunk_rows_, batch.rows - first);
    if (first > 0 && own.watch != nullptr) TRY_STATUS(own.watch->check());
    // Kernels only read their inputs; ValueBuffer is not const because outputs share the type.
    own.values[kNumbersInput].data =
        batch.numbers == nullptr ? nullptr : const_cast<double*>(batch.numbers + first * columns);
    own.values[kRecordsInput].data =
        batch.records == nullptr ? nullptr : const_cast<Record*>(batch.records + first * columns);
    own.values[kRecordsInput].fields = batch.fields;
    own.values[kStringsInput].data = batch.strings == nullptr
                                         ? nullptr
                                         : const_cast<StringCell*>(batch.strings + first * columns);
    TRY_STATUS(run_chunk(first, rows, wanted, own));
    for (size_t i = 0; i < outputs.size(); ++i) {
      if ((wanted >> i & 1U) != 0) copy_output(signature.outputs[i], first, rows, own, outputs[i]);
    }
  }
  return {};
}

Result<std::unique_ptr<const Kernel>> choose_kernel(const Graph& graph, const Node& node,
                                                    const CpuFeatures& cpu,
                                                    const EngineOptions& options) {
  std::vector<ValueType> types;
  types.reserve(node.inputs.size());
  for (const ValueId input : node.inputs) types.push_back(graph.type(input));
  const auto forced = options.forced_kernels.find(std::string(node.op->name()));
  std::string names;
  for (const auto table : kernel_tables()) {
    for (const KernelEntry& entry : table) {
      if (entry.op != node.op->name()) continue;
      if (!names.empty()) names += ", ";
      names += entry.name;
      if (forced != options.forced_kernels.end() && forced->second != entry.name) continue;
      if (!entry.supported(cpu)) continue;
      if (auto kernel = entry.make(*node.op, types)) return kernel;
    }
  }
  if (forced != options.forced_kernels.end()) {
    return not_found(fmt::format("kernel {} of {} is not there or does not fit; there are: {}",
                                 forced->second, node.op->name(), names));
  }
  return internal_error(fmt::format("no kernel computes {} at {}", node.op->name(), node.path));
}

/// For each value, the outputs that depend on it.
std::vector<OutputMask> output_dependencies(const Graph& graph) {
  std::vector<OutputMask> masks(graph.value_count(), 0);
  const auto& outputs = graph.signature().outputs;
  for (size_t i = 0; i < outputs.size(); ++i) masks[outputs[i].value] |= OutputMask{1} << i;
  for (ValueId id = static_cast<ValueId>(graph.value_count()); id-- > kFirstNode;) {
    for (const ValueId input : graph.node(id).inputs) masks[input] |= masks[id];
  }
  return masks;
}

size_t default_chunk_rows(const Graph& graph) {
  size_t row_bytes = 1;
  for (ValueId id = kFirstNode; id < graph.value_count(); ++id) {
    row_bytes += buffer_size(graph.type(id), 1).total();
  }
  return std::clamp<size_t>(kScratchTarget / row_bytes, 1, kChunkRowsMax);
}

}  // namespace

Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Graph> graph,
                                                  const EngineOptions& options) {
  const CpuFeatures cpu = detect_cpu();
  const std::vector<OutputMask> needed_by = output_dependencies(*graph);
  std::vector<Step> steps;
  for (ValueId id = kFirstNode; id < graph->value_count(); ++id) {
    const Node& node = graph->node(id);
    steps.push_back(
        {TRY(choose_kernel(*graph, node, cpu, options)), node.inputs, id, needed_by[id]});
  }
  const size_t chunk_rows =
      options.chunk_rows != 0 ? options.chunk_rows : default_chunk_rows(*graph);
  auto made =
      std::make_shared<const GraphExecutable>(std::move(graph), std::move(steps), chunk_rows);
  if (made->scratch_bytes() > kScratchMax) {
    return resource_exhausted(fmt::format("one request would need {} bytes of scratch, limit {}",
                                          made->scratch_bytes(), kScratchMax));
  }
  return std::shared_ptr<const Executable>(std::move(made));
}

}  // namespace slipway::engine
