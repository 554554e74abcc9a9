// libslipway_arrow.so: Arrow C++ behind the C ABI of rows/arrow_plugin.h.
#include "rows/arrow_plugin.h"

#include "plugins/arrow/internal/arrow_memory.h"
#include "plugins/arrow/internal/parquet.h"

#include <arrow/array/array_base.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/util/config.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>

using slipway_arrow::fail;
using slipway_arrow::Memory;
using slipway_arrow::open_parquet;

namespace {

constexpr std::string_view kFileMagic = "ARROW1";
constexpr int kNestingMax = 8;

/// The batches of a stream or file, each validated before it is handed on.
class ValidatedReader final : public arrow::RecordBatchReader {
 public:
  static arrow::Result<std::shared_ptr<ValidatedReader>> open(const void* bytes, size_t size,
                                                              int64_t memory_max) {
    auto reader = std::make_shared<ValidatedReader>(memory_max);
    arrow::ipc::IpcReadOptions options;
    options.use_threads = false;
    options.max_recursion_depth = kNestingMax;
    options.memory_pool = &reader->memory_->capped;
    const auto buffer = std::make_shared<arrow::Buffer>(static_cast<const uint8_t*>(bytes),
                                                        static_cast<int64_t>(size));
    auto input = std::make_shared<arrow::io::BufferReader>(buffer);
    if (std::string_view(static_cast<const char*>(bytes), size).starts_with(kFileMagic)) {
      ARROW_ASSIGN_OR_RAISE(reader->file_, arrow::ipc::RecordBatchFileReader::Open(input, options));
      reader->schema_ = reader->file_->schema();
    } else {
      ARROW_ASSIGN_OR_RAISE(reader->stream_,
                            arrow::ipc::RecordBatchStreamReader::Open(input, options));
      reader->schema_ = reader->stream_->schema();
    }
    return reader;
  }

  explicit ValidatedReader(int64_t memory_max) : memory_(std::make_shared<Memory>(memory_max)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (stream_ != nullptr) {
      ARROW_RETURN_NOT_OK(stream_->ReadNext(batch));
    } else if (next_ < file_->num_record_batches()) {
      ARROW_ASSIGN_OR_RAISE(*batch, file_->ReadRecordBatch(next_++));
    } else {
      *batch = nullptr;
    }
    if (*batch == nullptr) return arrow::Status::OK();
    return (*batch)->ValidateFull();
  }

 private:
  std::shared_ptr<Memory> memory_;  // first: the batches' buffers lie in it
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> stream_;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

int open_ipc(const void* bytes, size_t size, int64_t memory_max, ArrowArrayStream* out,
             SlipwayArrowError error) try {
  auto reader = ValidatedReader::open(bytes, size, memory_max);
  if (!reader.ok()) return fail(error, reader.status().message());
  const arrow::Status status =
      arrow::ExportRecordBatchReader(std::shared_ptr<arrow::RecordBatchReader>(*reader), out);
  return status.ok() ? 0 : fail(error, status.message());
} catch (const std::exception& thrown) {
  return fail(error, thrown.what());
}

constexpr SlipwayArrowPlugin kPlugin{kSlipwayArrowAbi, ARROW_VERSION_STRING, open_ipc,
                                     open_parquet};

}  // namespace

extern "C" __attribute__((visibility("default"))) const SlipwayArrowPlugin* slipway_arrow_plugin() {
  return &kPlugin;
}
