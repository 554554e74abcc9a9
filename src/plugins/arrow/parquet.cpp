#include "plugins/arrow/internal/parquet.h"

#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "plugins/arrow/internal/arrow_memory.h"

namespace slipway_arrow {
namespace {

constexpr int64_t kBatchRows = 1 << 16;
/// What a file's footer, which is decoded before anything else, may hold.
constexpr int kFooterBytesMax = 64 << 20;
constexpr int kFooterItemsMax = 1'000'000;

/// The batches of a file, each validated before it is handed on. A table of its row groups is never
/// made.
class ParquetBatches final : public arrow::RecordBatchReader {
 public:
  explicit ParquetBatches(int64_t memory_max) : memory_(std::make_shared<Memory>(memory_max)) {}

  arrow::Status open(const void* bytes, size_t size) {
    auto buffer = std::make_shared<arrow::Buffer>(static_cast<const uint8_t*>(bytes),
                                                  static_cast<int64_t>(size));
    parquet::ReaderProperties properties(&memory_->capped);
    properties.set_thrift_string_size_limit(kFooterBytesMax);
    properties.set_thrift_container_size_limit(kFooterItemsMax);
    properties.set_page_checksum_verification(true);
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kBatchRows);
    arrow_properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(
        builder.Open(std::make_shared<arrow::io::BufferReader>(std::move(buffer)), properties));
    builder.memory_pool(&memory_->capped)->properties(arrow_properties);
    ARROW_ASSIGN_OR_RAISE(file_, builder.Build());
    ARROW_ASSIGN_OR_RAISE(batches_, file_->GetRecordBatchReader());
    return arrow::Status::OK();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }

  // What libparquet throws, its own errors and the standard library's, ends here.
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override try {
    ARROW_RETURN_NOT_OK(batches_->ReadNext(batch));
    return *batch == nullptr ? arrow::Status::OK() : (*batch)->ValidateFull();
  } catch (const std::exception& thrown) {
    return arrow::Status::Invalid(thrown.what());
  }

 private:
  std::shared_ptr<Memory> memory_;  // first: the batches' buffers lie in it
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

}  // namespace

int open_parquet(const void* bytes, size_t size, int64_t memory_max, ArrowArrayStream* out,
                 SlipwayArrowError error) try {
  auto reader = std::make_shared<ParquetBatches>(memory_max);
  if (const arrow::Status status = reader->open(bytes, size); !status.ok()) {
    return fail(error, status.message());
  }
  const arrow::Status status =
      arrow::ExportRecordBatchReader(std::shared_ptr<arrow::RecordBatchReader>(reader), out);
  return status.ok() ? 0 : fail(error, status.message());
} catch (const std::exception& thrown) {
  return fail(error, thrown.what());
}

}  // namespace slipway_arrow
