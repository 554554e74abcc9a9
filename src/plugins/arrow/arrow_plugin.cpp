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
#include <arrow/ipc/writer.h>
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

/// Hands on what is written.
class SinkStream final : public arrow::io::OutputStream {
 public:
  SinkStream(void (*sink)(void*, const void*, size_t), void* context)
      : sink_(sink), context_(context) {}

  arrow::Status Write(const void* bytes, int64_t size) override {
    sink_(context_, bytes, static_cast<size_t>(size));
    written_ += size;
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return written_; }
  bool closed() const override { return closed_; }

 private:
  void (*sink_)(void*, const void*, size_t);
  void* context_;
  int64_t written_ = 0;
  bool closed_ = false;
};

arrow::Status write_all(ArrowArrayStream* in, SinkStream& out) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ImportRecordBatchReader(in));
  arrow::ipc::IpcWriteOptions options;
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        arrow::ipc::MakeStreamWriter(&out, reader->schema(), options));
  std::shared_ptr<arrow::RecordBatch> batch;
  ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
  for (; batch != nullptr;) {
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
  }
  return writer->Close();
}

int write_ipc(ArrowArrayStream* in, void (*sink)(void*, const void*, size_t), void* context,
              SlipwayArrowError error) try {
  SinkStream out(sink, context);
  const arrow::Status status = write_all(in, out);
  return status.ok() ? 0 : fail(error, status.message());
} catch (const std::exception& thrown) {
  return fail(error, thrown.what());
}

constexpr SlipwayArrowPlugin kPlugin{kSlipwayArrowAbi, ARROW_VERSION_STRING, open_ipc, write_ipc,
                                     open_parquet};

}  // namespace

extern "C" __attribute__((visibility("default"))) const SlipwayArrowPlugin* slipway_arrow_plugin() {
  return &kPlugin;
}
