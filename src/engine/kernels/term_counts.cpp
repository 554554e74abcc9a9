// Kernel of graph/ops/term_counts.h. Exact terms are looked up, every run of words once, so that a
// text costs what it holds; terms within a distance are compared one by one.
#include "graph/ops/term_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "engine/kernel_table.h"
#include "engine/kernels/text_table.h"
#include "text/code_point.h"

namespace slipway::engine {
namespace {

/// As for graph/ops/text.h: each thread keeps what usual texts need.
struct ThreadBuffers {
  TermTokenizer::Buffers tokens;
  std::vector<size_t> costs;
  std::u32string letters[2];

  static ThreadBuffers& mine() {
    thread_local ThreadBuffers buffers;
    return buffers;
  }
  void shrink() {
    constexpr size_t kKept = 1U << 16;
    for (std::string* text : {&tokens.words, &tokens.text, &tokens.spare}) {
      if (text->capacity() > kKept) std::string().swap(*text);
    }
    if (tokens.starts.capacity() > kKept) std::vector<size_t>().swap(tokens.starts);
  }
};

constexpr size_t kTooFar = std::numeric_limits<size_t>::max();

void decode(std::string_view word, std::u32string& letters) {
  letters.clear();
  for (size_t place = 0; place < word.size();) {
    letters.push_back(text::next_code_point(word, place));
  }
}

/// Levenshtein's distance, kTooFar beyond the limit.
size_t distance_of(std::string_view a, std::string_view b, size_t limit, ThreadBuffers& buffers) {
  if (limit == 0) return a == b ? 0 : kTooFar;
  // A code point has at most four bytes.
  if (a.size() > (b.size() + limit) * 4 || b.size() > (a.size() + limit) * 4) return kTooFar;
  std::u32string& x = buffers.letters[0];
  std::u32string& y = buffers.letters[1];
  decode(a, x);
  decode(b, y);
  if (x.size() > y.size() + limit || y.size() > x.size() + limit) return kTooFar;
  std::vector<size_t>& costs = buffers.costs;
  costs.resize(y.size() + 1);
  for (size_t j = 0; j <= y.size(); ++j) costs[j] = j;
  for (size_t i = 1; i <= x.size(); ++i) {
    size_t diagonal = costs[0];
    costs[0] = i;
    size_t least = costs[0];
    for (size_t j = 1; j <= y.size(); ++j) {
      const size_t above = costs[j];
      costs[j] = x[i - 1] == y[j - 1] ? diagonal : 1 + std::min({diagonal, above, costs[j - 1]});
      diagonal = above;
      least = std::min(least, costs[j]);
    }
    if (least > limit) return kTooFar;
  }
  return costs.back() <= limit ? costs.back() : kTooFar;
}

class ScalarTermCounts final : public Kernel {
 public:
  explicit ScalarTermCounts(const TermCountsOp& op)
      : op_(op), table_(op.terms, [](uint32_t) { return true; }) {
    for (const std::string& term : op.terms) {
      const auto words = static_cast<size_t>(std::ranges::count(term, '\0'));
      longest_ = std::max(longest_, words);
    }
  }
  size_t size_bytes() const override { return table_.size_bytes(); }

  Status run(const KernelArgs& args) const override {
    ThreadBuffers& buffers = ThreadBuffers::mine();
    for (size_t row = 0; row < args.rows; ++row) {
      const StringCell& cell = args.input(0).strings(row)[op_.options.column];
      double* out = args.output.dense(row);
      if (!cell.is_text()) {
        std::fill_n(out, op_.terms.size(), std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      Status status = op_.tokenizer->tokenize(cell.view(), buffers.tokens);
      if (!status.ok()) {
        return std::move(status).with_context(fmt::format("row {}", args.first_row + row));
      }
      std::fill_n(out, op_.terms.size(), 0.0);
      if (op_.options.distance == 0) {
        count_exact(buffers.tokens, out);
      } else {
        for (size_t i = 0; i < op_.terms.size(); ++i) out[i] = count_near(op_.terms[i], buffers);
      }
    }
    buffers.shrink();
    return {};
  }

 private:
  void count_exact(const TermTokenizer::Buffers& tokens, double* out) const {
    const std::string_view words = tokens.words;
    const size_t count = tokens.starts.size();
    for (size_t i = 0; i < count; ++i) {
      const size_t start = tokens.starts[i];
      for (size_t n = 1; n <= longest_ && i + n <= count; ++n) {
        const size_t end = i + n < count ? tokens.starts[i + n] : words.size();
        const int64_t place = table_.find(words.substr(start, end - start));
        if (place != TextTable::kUnknown) out[place] += 1;
      }
    }
  }

  double count_near(std::string_view term, ThreadBuffers& buffers) const {
    double count = 0;
    size_t best = kTooFar;
    for (size_t i = 0; i < buffers.tokens.starts.size(); ++i) {
      const size_t distance = distance_at(term, i, buffers);
      if (distance == kTooFar) continue;
      if (!op_.options.best_only || distance == best) {
        count += 1;
      } else if (distance < best) {
        count = 1;
      }
      best = std::min(best, distance);
    }
    return count;
  }

  /// Of the term's words from the text's word `first` on.
  size_t distance_at(std::string_view term, size_t first, ThreadBuffers& buffers) const {
    size_t total = 0;
    for (size_t i = first; !term.empty(); ++i) {
      if (i == buffers.tokens.starts.size()) return kTooFar;
      const size_t end = term.find('\0');
      const size_t distance = distance_of(buffers.tokens.word(i), term.substr(0, end),
                                          op_.options.distance - total, buffers);
      if (distance == kTooFar) return kTooFar;
      total += distance;
      term.remove_prefix(end + 1);
    }
    return total;
  }

  const TermCountsOp& op_;
  const TextTable table_;
  size_t longest_ = 0;  // of the terms, in words
};

}  // namespace

std::span<const KernelEntry> term_count_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"term_counts", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarTermCounts>(static_cast<const TermCountsOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
