// Kernel of graph/ops/text.h: each feature of a text is looked up or hashed, and counted. A sparse
// row costs what its text holds, however large the vocabulary is.
#include "graph/ops/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/kernel_table.h"
#include "engine/kernels/murmur_hash.h"
#include "engine/kernels/text_table.h"

namespace slipway::engine {
namespace {

/// What the texts of a thread are taken apart in. Texts have no bound that a scratch could make
/// room for; so that a warm run allocates nothing, each thread keeps what usual texts need.
struct ThreadBuffers {
  text::TextBuffers text;
  std::vector<uint32_t> hits;  // column * 2, and 1 more if it counts down

  static ThreadBuffers& mine() {
    thread_local ThreadBuffers buffers;
    return buffers;
  }
  void shrink() {
    constexpr size_t kKept = 1U << 16;
    text.shrink();
    if (hits.capacity() > kKept) std::vector<uint32_t>().swap(hits);
  }
};

class ScalarVectorizeText final : public Kernel {
 public:
  explicit ScalarVectorizeText(const VectorizeTextOp& op)
      : op_(op), table_(op.vocabulary, [](uint32_t) { return true; }) {}
  size_t size_bytes() const override { return table_.size_bytes(); }

  Status run(const KernelArgs& args) const override {
    ThreadBuffers& buffers = ThreadBuffers::mine();
    uint32_t place = 0;
    for (size_t row = 0; row < args.rows; ++row) {
      TRY_STATUS(collect(args, row, buffers));
      if (op_.options.sparse) {
        args.output.row_starts[row] = place;
        TRY_STATUS(put_sparse(args, row, buffers.hits, place));
      } else {
        put_dense(args.output.dense(row), buffers.hits);
      }
    }
    if (op_.options.sparse) args.output.row_starts[args.rows] = place;
    buffers.shrink();
    return {};
  }

 private:
  class LookUp final : public text::FeatureSink {
   public:
    LookUp(const TextTable& table, std::vector<uint32_t>& hits) : table_(table), hits_(hits) {}
    void add(std::string_view feature) override {
      const int64_t position = table_.find(feature);
      if (position != TextTable::kUnknown) hits_.push_back(static_cast<uint32_t>(position) * 2);
    }

   private:
    const TextTable& table_;
    std::vector<uint32_t>& hits_;
  };

  class Hash final : public text::FeatureSink {
   public:
    Hash(const VectorizeTextOp::Options& options, std::vector<uint32_t>& hits)
        : options_(options), hits_(hits) {}
    void add(std::string_view feature) override {
      const int32_t hash = murmur_hash(feature);
      const uint32_t down = options_.alternate_sign && hash < 0 ? 1 : 0;
      hits_.push_back(hashed_column(hash, options_.hashed_columns) * 2 + down);
    }

   private:
    const VectorizeTextOp::Options& options_;
    std::vector<uint32_t>& hits_;
  };

  /// All features of a row's text.
  Status collect(const KernelArgs& args, size_t row, ThreadBuffers& buffers) const {
    const StringCell& cell = args.input(0).strings(row)[op_.options.column];
    if (!cell.is_text()) {
      return invalid_argument(fmt::format("row {}: expected a text, got {}", args.first_row + row,
                                          cell.is_number() ? "a number" : "a missing value"));
    }
    buffers.hits.clear();
    Status status;
    if (op_.options.hashed_columns != 0) {
      Hash sink(op_.options, buffers.hits);
      status = op_.analyzer->analyze(cell.view(), buffers.text, sink);
    } else {
      LookUp sink(table_, buffers.hits);
      status = op_.analyzer->analyze(cell.view(), buffers.text, sink);
    }
    if (status.ok()) return {};
    return std::move(status).with_context(fmt::format("row {}", args.first_row + row));
  }

  void put_dense(double* out, const std::vector<uint32_t>& hits) const {
    std::fill_n(out, width(), 0.0);
    for (const uint32_t hit : hits) {
      if (op_.options.binary) {
        out[hit / 2] = 1;
      } else {
        out[hit / 2] += hit % 2 == 0 ? 1 : -1;
      }
    }
  }

  Status put_sparse(const KernelArgs& args, size_t row, std::vector<uint32_t>& hits,
                    uint32_t& place) const {
    std::ranges::sort(hits);
    auto* values = static_cast<double*>(args.output.data);
    const uint32_t begin = place;
    for (size_t i = 0; i < hits.size();) {
      const uint32_t column = hits[i] / 2;
      double sum = 0;
      for (; i < hits.size() && hits[i] / 2 == column; ++i) sum += hits[i] % 2 == 0 ? 1 : -1;
      if (place - begin == args.output.nonzeros_max) {
        return invalid_argument(fmt::format("row {}: the text has more than {} different features",
                                            args.first_row + row, args.output.nonzeros_max));
      }
      values[place] = op_.options.binary ? 1 : sum;
      args.output.columns[place++] = column;
    }
    return {};
  }

  size_t width() const {
    return op_.options.hashed_columns != 0 ? op_.options.hashed_columns : op_.vocabulary.size();
  }

  const VectorizeTextOp& op_;
  const TextTable table_;
};

}  // namespace

std::span<const KernelEntry> text_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"vectorize_text", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarVectorizeText>(
                        static_cast<const VectorizeTextOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
