// NearestNeighborModel: the nearest rows of the training by a ComparisonMeasure vote or average.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/measures.h"

namespace slipway::pmml {
namespace {

constexpr uint32_t kNeighborsMax = 4096;
constexpr size_t kTableMax = size_t{1} << 20;  // classes times neighbours

class Neighbors {
 public:
  explicit Neighbors(const ModelInput& input)
      : input_(input), context_(input.scope.context()), terms_(context_.terms), f_(terms_) {}

  Result<Prediction> run() {
    TRY_STATUS(read_rows());
    const std::vector<Element> fields = input_.model.child("KNNInputs").children("KNNInput");
    comparison_ = TRY(comparison_of(input_, fields));
    TRY_STATUS(context_.charge(input_.model, rows_.size(), fields.size()));
    std::vector<double> points(rows_.size() * fields.size());
    for (size_t i = 0; i < fields.size(); ++i) TRY_STATUS(add_field(fields, i, points));
    const uint32_t most = std::min(kNeighborsMax, static_cast<uint32_t>(rows_.size()));
    const uint32_t count = TRY(input_.model.count("numberOfNeighbors", 1, most));
    // Tables of ids and of the target, one for each neighbour.
    TRY_STATUS(context_.charge(input_.model, rows_.size(), 2 * size_t{count}));
    const ValueId compared = TRY(compare(input_, comparison_, std::move(points)));
    found_ =
        TRY(nearest(input_, comparison_, compared, static_cast<uint32_t>(rows_.size()), count));
    Prediction prediction;
    prediction.has_value = true;
    TRY_STATUS(add_entities(prediction));
    const std::string_view function = input_.model.attribute_or("functionName", "");
    if (function == "clustering") {
      prediction.value = {*prediction.entity, DataType::kString};
      return prediction;
    }
    if (input_.target.name.empty()) return input_.model.unsupported("neighbours without a target");
    const std::vector<std::string> values = TRY(column_of(input_.model, input_.target.name));
    if (input_.target.is_categorical) {
      prediction.is_classification = true;
      prediction.value = TRY(vote(values));
    } else {
      prediction.value = {TRY(average(values)), DataType::kDouble};
    }
    return prediction;
  }

 private:
  Status read_rows() {
    const Element instances = input_.model.child("TrainingInstances");
    if (!instances) return input_.model.invalid("expected TrainingInstances");
    for (const Element& field : instances.child("InstanceFields").children("InstanceField")) {
      const std::string name(TRY(field.required("field")));
      columns_.insert_or_assign(name, std::string(field.attribute_or("column", name)));
    }
    const Element table = instances.child("InlineTable");
    if (!table) return instances.unsupported("a table outside the file");
    rows_ = table.children("row");
    if (rows_.empty()) return table.invalid("expected a row");
    for (const Element& row : rows_) {
      auto& cells = cells_.emplace_back();
      for (const Element& cell : row.children()) cells.emplace(cell.name(), cell.text());
    }
    return {};
  }

  /// The texts of a field in all rows; empty where a row lacks it.
  Result<std::vector<std::string>> column_of(const Element& at, std::string_view field) {
    const auto found = columns_.find(field);
    if (found == columns_.end()) {
      return at.unsupported(
          fmt::format("the training rows have no field \"{}\"", field.substr(0, 128)));
    }
    // The name of an element cannot hold a prefix here.
    const std::string_view wanted =
        std::string_view(found->second).substr(found->second.find(':') + 1);
    std::vector<std::string> texts;
    for (const auto& cells : cells_) {
      const auto cell = cells.find(wanted);
      texts.emplace_back(cell == cells.end() ? std::string_view() : cell->second);
    }
    return texts;
  }

  static double number_of(const std::string& text) {
    return parse_double(text).value_or(std::numeric_limits<double>::quiet_NaN());
  }

  Status add_field(const std::vector<Element>& fields, size_t index, std::vector<double>& points) {
    using Compare = MeasureOp::Compare;
    const Element& field = fields[index];
    const std::string name(TRY(field.required("field")));
    const std::vector<std::string> texts = TRY(column_of(field, name));
    const Typed value = TRY(input_.scope.resolve(field, name));
    const Compare compare = comparison_.fields[index].compare;
    if (context_.is_text(value)) {
      if (compare != Compare::kDelta && compare != Compare::kEqual) {
        return field.invalid("texts compare by delta or equal");
      }
      Labels labels;
      for (size_t row = 0; row < texts.size(); ++row) {
        points[row * fields.size() + index] = static_cast<double>(labels.place(texts[row]));
      }
      comparison_.values.push_back(TRY(position_in(context_, field, value, labels.list())));
      return {};
    }
    for (size_t row = 0; row < texts.size(); ++row) {
      double number = number_of(texts[row]);
      if (value.type == DataType::kBoolean && texts[row] == "true") number = 1;
      if (value.type == DataType::kBoolean && texts[row] == "false") number = 0;
      if (number != number && !texts[row].empty()) {
        return rows_[row].invalid(fmt::format("\"{}\" must be a number", name.substr(0, 64)));
      }
      points[row * fields.size() + index] = number;
    }
    comparison_.values.push_back(value.term);
    return {};
  }

  Status add_entities(Prediction& prediction) {
    std::vector<std::string> ids;
    if (const auto name = input_.model.attribute("instanceIdVariable")) {
      ids = TRY(column_of(input_.model, *name));
    } else {
      for (size_t i = 0; i < rows_.size(); ++i) ids.push_back(std::to_string(i + 1));
    }
    for (const TermId position : found_.positions) {
      prediction.ranked_entities.push_back(TRY(terms_.pick(position, ids)));
    }
    prediction.ranked_affinities = found_.values;
    prediction.entity = prediction.ranked_entities[0];
    return {};
  }

  /// 1 / (distance + threshold).
  Result<std::vector<TermId>> weights() {
    if (comparison_.is_similarity) {
      return input_.model.unsupported("neighbours weighted by a similarity");
    }
    const double threshold = TRY(input_.model.number_or("threshold", 0.001));
    std::vector<TermId> list;
    list.reserve(found_.values.size());
    for (const TermId distance : found_.values) {
      list.push_back(f_.over(f_.number(1), f_.plus(distance, f_.number(threshold))));
    }
    TRY_STATUS(f_.status());
    return list;
  }

  Result<TermId> average(const std::vector<std::string>& texts) {
    std::vector<double> numbers;
    for (size_t i = 0; i < texts.size(); ++i) {
      numbers.push_back(number_of(texts[i]));
      if (numbers[i] != numbers[i]) return rows_[i].invalid("the target must be a number");
    }
    std::vector<TermId> values;
    values.reserve(found_.positions.size());
    for (const TermId position : found_.positions) values.push_back(f_.pick(position, numbers));
    const std::string_view method = input_.model.attribute_or("continuousScoringMethod", "average");
    if (method == "average") {
      return f_.take(f_.over(f_.sum(values), f_.number(static_cast<double>(values.size()))));
    }
    if (method == "median") return f_.take(f_.of(Code::kMedianOf, values));
    if (method != "weightedAverage") {
      return input_.model.unsupported(
          fmt::format("continuousScoringMethod {}", method.substr(0, 64)));
    }
    const std::vector<TermId> shares = TRY(weights());
    for (size_t i = 0; i < values.size(); ++i) values[i] = f_.times(values[i], shares[i]);
    return f_.take(f_.over(f_.sum(values), f_.sum(shares)));
  }

  /// The class with most votes; of equals the one with most training rows, then the first by name.
  Result<Typed> vote(const std::vector<std::string>& texts) {
    std::map<std::string, size_t> counts;
    for (const std::string& text : texts) ++counts[text];
    std::vector<std::pair<std::string, size_t>> ordered(counts.begin(), counts.end());
    std::ranges::stable_sort(ordered, std::greater<>(),
                             [](const auto& entry) { return entry.second; });
    if (ordered.size() > kTableMax / found_.positions.size()) {
      return resource_exhausted(fmt::format("{} classes are too many", ordered.size()));
    }
    std::vector<std::string> classes;
    std::map<std::string, double> places;
    for (const auto& [label, rows] : ordered) {
      places.emplace(label, static_cast<double>(classes.size()));
      classes.push_back(label);
    }
    std::vector<double> labels;
    labels.reserve(texts.size());
    for (const std::string& text : texts) labels.push_back(places[text]);
    const std::string_view method =
        input_.model.attribute_or("categoricalScoringMethod", "majorityVote");
    std::vector<TermId> shares(found_.positions.size(), f_.number(1));
    if (method == "weightedMajorityVote") {
      shares = TRY(weights());
    } else if (method != "majorityVote") {
      return input_.model.unsupported(
          fmt::format("categoricalScoringMethod {}", method.substr(0, 64)));
    }
    std::vector<std::vector<TermId>> parts(classes.size());
    for (size_t j = 0; j < found_.positions.size(); ++j) {
      const TermId label = f_.pick(found_.positions[j], labels);
      for (size_t i = 0; i < classes.size(); ++i) {
        const TermId is = f_.equal(label, f_.number(static_cast<double>(i)));
        parts[i].push_back(f_.choose(is, shares[j], f_.number(0)));
      }
    }
    std::vector<TermId> votes;
    votes.reserve(parts.size());
    for (const auto& of_class : parts) votes.push_back(f_.sum(of_class));
    TRY_STATUS(f_.status());
    const TermId winner = TRY(first_largest(context_, input_.model, votes));
    return label_at(context_, input_.model, input_.target, classes, winner);
  }

  const ModelInput& input_;
  Context& context_;
  ExpressionBuilder& terms_;
  Formula f_;
  std::map<std::string, std::string, std::less<>> columns_;  // of fields in the rows
  std::vector<Element> rows_;
  std::vector<std::map<std::string_view, std::string_view>> cells_;  // of the rows, by name
  Comparison comparison_;
  Nearest found_;
};

}  // namespace

Result<Prediction> lower_nearest_neighbors(const ModelInput& input) {
  return Neighbors(input).run();
}

}  // namespace slipway::pmml
