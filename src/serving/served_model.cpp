#include "serving/served_model.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

constexpr size_t kWarmRows = 64;
constexpr size_t kWarmCells = 1 << 18;  // a wide model is warmed with fewer rows
constexpr std::chrono::milliseconds kWarmTimeMax{20};
constexpr int kWarmRunsMax = 50;

/// Times one run of the default output, in seconds.
double timed_run(const Executable& executable, const InputBuffer& input, Scratch& scratch,
                 std::vector<OutputBuffer>& outputs) {
  const auto begin = std::chrono::steady_clock::now();
  // A model may refuse made-up rows (an unknown category); what it did until then is measured.
  static_cast<void>(executable.run(
      input.batch(), OutputMask{1} << executable.signature().default_output, scratch, outputs));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void fill_rows(const Signature& signature, size_t rows, InputBuffer& input) {
  input.reset(rows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      switch (signature.columns[column].type) {
        case ColumnType::kNumber: input.number_row(row)[column] = 0; break;
        case ColumnType::kText: input.string_row(row)[column] = StringCell::text(""); break;
        case ColumnType::kRecord: input.begin_record(row, column); break;
      }
    }
  }
}

/// Pages the model in and measures what one row, and each further row, costs: the least of several
/// runs, within a bounded time.
void warm(ServedModel& model, uint32_t loops) {
  const Executable& executable = model.executable();
  const auto scratch = executable.make_scratch();
  std::vector<OutputBuffer> outputs;
  InputBuffer input;
  const auto least = [&](size_t rows) {
    fill_rows(model.signature(), rows, input);
    const auto deadline = std::chrono::steady_clock::now() + kWarmTimeMax;
    double seconds = timed_run(executable, input, *scratch, outputs);
    for (int i = 1; i < kWarmRunsMax && std::chrono::steady_clock::now() < deadline; ++i) {
      seconds = std::min(seconds, timed_run(executable, input, *scratch, outputs));
    }
    return seconds;
  };
  model.seconds_first_row = least(1);
  const size_t columns = std::max<size_t>(1, model.signature().columns.size());
  const size_t rows = std::clamp<size_t>(kWarmCells / columns, 2, kWarmRows);
  model.seconds_per_row =
      std::max(0.0, (least(rows) - model.seconds_first_row) / static_cast<double>(rows - 1));
  // The loops' scratches are made here, so that no loop's first request has to.
  fill_rows(model.signature(), 1, input);
  for (uint32_t loop = 0; loop < loops; ++loop) {
    timed_run(executable, input, model.scratches->of_loop(loop, executable), outputs);
  }
}

}  // namespace

std::shared_ptr<const ServedModel> make_served_model(std::string name, std::string version,
                                                     std::string path, LoadedModel loaded,
                                                     ServingMetrics& metrics) {
  auto model = std::make_shared<ServedModel>();
  model->name = std::move(name);
  model->version = std::move(version);
  model->path = std::move(path);
  model->loaded = std::move(loaded);
  const auto& columns = model->signature().columns;
  for (uint32_t i = 0; i < columns.size(); ++i) model->column_places.emplace(columns[i].name, i);
  const uint32_t loops = metrics.registry().loops();
  model->scratches = std::make_shared<ScratchStore>(loops + 1);  // one more for an admin listener
  warm(*model, loops);
  // The map's nodes: the entry, its hash, a pointer, the allocator's share.
  constexpr uint64_t kMapNodeBytes = 64;
  model->constant_bytes =
      sizeof(ServedModel) + model->executable().size_bytes() + columns.size() * kMapNodeBytes;
  model->metrics = &metrics.model(model->name, model->version);
  metrics.set_loaded(*model);
  return model;
}

}  // namespace slipway::serving
