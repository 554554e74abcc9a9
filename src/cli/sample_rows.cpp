#include "cli/sample_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "cli/expression_trace.h"
#include "graph/ops/basic.h"
#include "graph/ops/boosting.h"
#include "graph/ops/column_functions.h"
#include "graph/ops/encode.h"
#include "graph/ops/float32_scores.h"
#include "graph/ops/impute.h"
#include "graph/ops/interpolate.h"
#include "graph/ops/naive_bayes.h"
#include "graph/ops/neighbors.h"
#include "graph/ops/oblivious_ensemble.h"
#include "graph/ops/pairwise.h"
#include "graph/ops/scale.h"
#include "graph/ops/score_link.h"
#include "graph/ops/svm.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::cli {
namespace {

constexpr size_t kPoolMax = 512;  // of one column
constexpr int64_t kNoSource = -1;

template <typename T>
const T* as(const Node& node) {
  return dynamic_cast<const T*>(node.op.get());
}

}  // namespace

SampleRows::SampleRows(const Graph& graph)
    : signature_(graph.signature()), pools_(graph.signature().columns.size()) {
  trace(graph);
  for (ValueId id = kFirstNode; id < graph.value_count(); ++id) collect(graph, id);
  for (size_t i = 0; i < pools_.size(); ++i) {
    const std::string& example = signature_.columns[i].example;
    double number = 0;
    const auto [end, error] =
        std::from_chars(example.data(), example.data() + example.size(), number);
    if (error == std::errc() && end == example.data() + example.size()) {
      pools_[i].numbers.push_back(number);
    } else if (example.size() >= 2 && example.front() == '"' &&
               example.find('\\') == std::string::npos) {
      pools_[i].texts.push_back(example.substr(1, example.size() - 2));
    }
  }
}

/// Which of the model's columns each column of each value holds, unchanged but for checks, rounding
/// and fills.
void SampleRows::trace(const Graph& graph) {
  for (ValueId id = 0; id < graph.value_count(); ++id) {
    std::vector<int64_t>& to = sources_.emplace_back(graph.type(id).width, kNoSource);
    if (id < kFirstNode) {
      for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<int64_t>(i);
      continue;
    }
    const Node& node = graph.node(id);
    const auto pick = [&](const std::vector<ColumnPick>& picks) {
      for (size_t i = 0; i < picks.size(); ++i) {
        to[i] = sources_[node.inputs[picks[i].input]][picks[i].column];
      }
    };
    const auto choose = [&](const std::vector<uint32_t>& columns) {
      for (size_t i = 0; i < columns.size(); ++i) to[i] = sources_[node.inputs[0]][columns[i]];
    };
    if (const auto* select = as<SelectOp>(node)) pick(select->picks);
    if (const auto* select = as<SelectStringsOp>(node)) pick(select->picks);
    if (const auto* impute = as<ImputeOp>(node)) choose(impute->columns);
    if (const auto* impute = as<ImputeStringsOp>(node)) choose(impute->columns);
    if (const auto* zero = as<ZeroAsMissingOp>(node)) {
      for (size_t i = 0; i < to.size(); ++i)
        to[i] = sources_[node.inputs[0]][zero->picks[i].column];
    }
    if (const auto* expression = as<ExpressionOp>(node)) {
      const ExpressionTrace trace(expression->program);
      for (size_t i = 0; i < to.size() && i < trace.outputs.size(); ++i) {
        if (const auto& from = trace.outputs[i])
          to[i] = sources_[node.inputs[from->input]][from->column];
      }
    }
    if (as<RequireFiniteOp>(node) != nullptr || as<CastFloat32Op>(node) != nullptr ||
        as<RoundFloat32Op>(node) != nullptr || as<Float32MissingOp>(node) != nullptr) {
      to = sources_[node.inputs[0]];
    }
  }
}

void SampleRows::add_number(ValueId value, uint32_t column, double number) {
  const int64_t source = sources_[value][column];
  if (source < 0 || !std::isfinite(number)) return;
  std::vector<double>& pool = pools_[static_cast<size_t>(source)].numbers;
  if (pool.size() < kPoolMax) {
    pool.push_back(number);
  } else {  // later ones take the places of some earlier ones
    pool[random() % kPoolMax] = number;
  }
}

void SampleRows::add_text(ValueId value, uint32_t column, const std::string& text) {
  const int64_t source = sources_[value][column];
  if (source < 0) return;
  std::vector<std::string>& pool = pools_[static_cast<size_t>(source)].texts;
  if (pool.size() < kPoolMax) pool.push_back(text);
}

void SampleRows::collect(const Graph& graph, ValueId id) {
  const Node& node = graph.node(id);
  const auto rows = [&](std::span<const double> points) {
    const size_t width = sources_[node.inputs[0]].size();
    for (size_t i = 0; i < points.size() && width > 0; ++i) {
      add_number(node.inputs[0], static_cast<uint32_t>(i % width), points[i]);
    }
  };
  const auto categories = [&](const Categories& table) {
    const ValueId from = node.inputs[table.from.input];
    for (const double number : table.numbers) add_number(from, table.from.column, number);
    for (uint32_t i = 0; i < table.texts.size(); ++i) {
      if (table.none != i && table.nan != i) add_text(from, table.from.column, table.texts[i]);
    }
  };
  if (const auto* trees = as<TreeEnsembleOp>(node)) {
    for (const TreeNode& one : trees->ensemble.nodes) {
      if (one.is_leaf()) continue;
      if (one.is_categorical()) {
        add_number(node.inputs[0], one.feature(), static_cast<double>(random() % 8));
      } else {
        add_number(node.inputs[0], one.feature(), one.threshold);
      }
    }
  } else if (const auto* oblivious = as<ObliviousEnsembleOp>(node)) {
    for (const ObliviousEnsemble::Feature& feature : oblivious->ensemble.features) {
      for (uint32_t i = 0; i < feature.border_count; ++i) {
        add_number(node.inputs[0], feature.column,
                   double{oblivious->ensemble.borders[feature.first_border + i]});
      }
    }
  } else if (const auto* one_hot = as<OneHotOp>(node)) {
    for (const OneHotOp::Column& column : one_hot->columns) categories(column.categories);
  } else if (const auto* ordinal = as<OrdinalOp>(node)) {
    for (const OrdinalOp::Column& column : ordinal->columns) categories(column.categories);
  } else if (const auto* scale = as<ScaleOp>(node)) {
    const bool divides = scale->form == ScaleOp::Form::kSubtractDivide;
    for (uint32_t i = 0; i < scale->width; ++i) {
      const double shift = scale->shift.empty() ? 0 : scale->shift[i];
      const double factor = scale->factor.empty() ? 1 : scale->factor[i];
      for (const double place : {-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0}) {
        add_number(node.inputs[0], i, divides ? shift + place * factor : (place - shift) / factor);
      }
    }
  } else if (const auto* bayes = as<GaussianBayesOp>(node)) {
    rows(bayes->tables.means);
  } else if (const auto* neighbors = as<NeighborsOp>(node)) {
    rows(neighbors->points);
  } else if (const auto* pairwise = as<PairwiseOp>(node)) {
    rows(pairwise->points);
  } else if (const auto* svm = as<SvmOp>(node)) {
    rows(svm->tables.vectors);
  } else if (const auto* bins = as<BinsOp>(node)) {
    for (uint32_t i = 0; i < bins->edges.size(); ++i) {
      for (const double edge : bins->edges[i]) add_number(node.inputs[0], i, edge);
    }
  } else if (const auto* expression = as<ExpressionOp>(node)) {
    const ExpressionTrace trace(expression->program);
    for (const auto& [from, number] : trace.numbers) {
      add_number(node.inputs[from.input], from.column, number);
    }
    for (const auto& [from, text] : trace.texts) {
      add_text(node.inputs[from.input], from.column, text);
    }
  } else if (const auto* line = as<InterpolateOp>(node)) {
    for (const double x : line->x) add_number(node.inputs[0], 0, x);
  }
}

uint64_t SampleRows::random() {  // SplitMix64
  state_ += 0x9E3779B97F4A7C15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

double SampleRows::number_of(const Pool& pool, bool odd) {
  if (odd && random() % 2 == 0) return std::numeric_limits<double>::quiet_NaN();
  if (!pool.numbers.empty() && random() % 8 != 0) {
    const double number = pool.numbers[random() % pool.numbers.size()];
    const double step = 0.2 * (std::fabs(number) + 0.1) * (fraction() - 0.5);
    return random() % 2 == 0 ? number : number + step;
  }
  switch (random() % 4) {
    case 0: return static_cast<double>(random() % 4);
    case 1: return fraction();
    case 2: return 4 * (fraction() + fraction() + fraction() - 1.5);
    default: return 20 * (fraction() - 0.25);
  }
}

void SampleRows::fill(size_t rows, InputBuffer& input) {
  const size_t columns = pools_.size();
  input.reset(rows, columns, signature_.matrices);
  for (size_t row = 0; row < rows; ++row) {
    // An odd value in one column at most: what refuses it leaves enough other rows.
    const size_t odd_column = row >= rows / 2 ? random() % std::max<size_t>(1, columns) : columns;
    for (size_t i = 0; i < columns; ++i) {
      const InputColumn& column = signature_.columns[i];
      const bool odd = i == odd_column;
      if (column.is_text()) {
        const std::vector<std::string>& texts = pools_[i].texts;
        const bool unknown = texts.empty() || (odd && random() % 2 == 0);
        if (odd && !unknown) continue;  // missing
        input.string_row(row)[i] =
            input.store(unknown ? std::string("?") : texts[random() % texts.size()]);
      } else if (!column.is_record()) {
        input.number_row(row)[i] = number_of(pools_[i], odd);
      }
    }
  }
}

}  // namespace slipway::cli
