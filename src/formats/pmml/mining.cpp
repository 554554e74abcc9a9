// MiningModel: models in models. Every segment is computed; its predicate says whether it counts.
#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/forest.h"
#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/mining.h"

namespace slipway::pmml {
namespace {

constexpr size_t kMedianMax = 500;

class Mining {
 public:
  explicit Mining(const ModelInput& input)
      : input_(input), context_(input.scope.context()), terms_(context_.terms) {}

  Result<Prediction> run() {
    const Element segmentation = input_.model.child("Segmentation");
    if (!segmentation) return input_.model.unsupported("a MiningModel without a Segmentation");
    method_ = TRY(segmentation.required("multipleModelMethod"));
    // Names of what 4.4 took over from extensions.
    if (method_ == "x-multiModelChain" || method_ == "x-weightedSum") method_.remove_prefix(2);
    missing_ = segmentation.attribute_or("missingPredictionTreatment", "continue");
    threshold_ = TRY(segmentation.number_or("missingThreshold", 1));
    if (!(threshold_ >= 0) || !(threshold_ <= 1)) {
      return segmentation.invalid("missingThreshold must be from 0 to 1");
    }
    is_classification_ = input_.model.attribute_or("functionName", "") == "classification";
    const std::vector<Element> elements = segmentation.children("Segment");
    if (elements.empty()) return segmentation.invalid("expected a Segment");
    if (threshold_ == 1 && !asks_for_segments()) {
      if (auto forest = TRY(lower_forest(input_, elements, method_, missing_))) return *forest;
    }
    for (const Element& element : elements) TRY_STATUS(add_segment(element));
    Prediction result = TRY(combine(segmentation));
    if (asks_for_segments()) TRY_STATUS(keep_segments(result));
    return result;
  }

 private:
  /// Whether a field of Output is about one segment.
  bool asks_for_segments() const {
    const std::vector<Element> fields = input_.model.child("Output").children("OutputField");
    return std::ranges::any_of(
        fields, [](const Element& field) { return field.attribute("segmentId").has_value(); });
  }
  Status keep_segments(Prediction& result) {
    TermId free = terms_.number(1);  // no segment before this one has been selected
    for (const Segment& segment : segments_) {
      const TermId counts = TRY(terms_.apply(Code::kAnd, {free, segment.holds}));
      Prediction own = TRY(only_where(context_, counts, segment.prediction));
      result.segments.push_back({segment.id, std::make_shared<const Prediction>(std::move(own))});
      if (method_ != "selectFirst") continue;
      const TermId none = TRY(terms_.apply(Code::kNot, {segment.holds}));
      free = TRY(terms_.apply(Code::kAnd, {free, none}));
    }
    return {};
  }

  Status add_segment(const Element& element) {
    Segment segment;
    segment.element = element;
    segment.id = element.attribute_or("id", std::to_string(segments_.size() + 1));
    for (Element child = element.first(); child; child = child.next()) {
      if (is_model(child)) segment.model = child;
    }
    if (!segment.model) return element.invalid("expected a model");
    const Element predicate = predicate_of(element);
    if (!predicate) return element.invalid("expected a predicate");
    segment.always = predicate.is("True");
    const size_t before = terms_.size();
    const TermId holds = TRY(terms_.apply(
        Code::kCoalesce, {TRY(compile_predicate(input_.scope, predicate)), terms_.number(0)}));
    segment.holds = TRY(context_.keep({holds, DataType::kBoolean}, before, element.place())).term;
    segment.weight = TRY(element.number_or("weight", 1));
    segment.scope = std::make_unique<Scope>(context_, &input_.scope);
    inherit_fields(input_.file, segment.model, *segment.scope);
    segment.prediction =
        TRY(lower_model(input_.file, segment.model, *segment.scope, input_.depth + 1));
    const TargetField target = TRY(target_of(input_.file, segment.model));
    segment.target = target.name;
    if (method_ == "selectFirst" && missing_ == "skipSegment") {
      segment.holds = TRY(counts(segment));
      segment.always = false;
    }
    if (method_ == "modelChain" || method_ == "multiModelChain") {
      for (const auto& [name, value] : segment.prediction.outputs) {
        input_.scope.define(name, TRY(only_if_holds(segment, value)));
      }
    }
    segments_.push_back(std::move(segment));
    return {};
  }

  TermId missing_like(const Typed& value) {
    return context_.is_text(value) ? terms_.missing_text() : terms_.missing_number();
  }
  Result<TermId> choose(const Typed& like, TermId condition, TermId yes, TermId no) {
    return terms_.apply(context_.is_text(like) ? Code::kChooseText : Code::kChoose,
                        {condition, yes, no});
  }
  Result<Typed> only_if_holds(const Segment& segment, const Typed& value) {
    if (segment.always) return value;
    return Typed{TRY(choose(value, segment.holds, value.term, missing_like(value))), value.type};
  }

  Result<Prediction> combine(const Element& at) {
    if (is_selection(method_)) {
      return select_segments(input_, segments_, method_, missing_);
    }
    const bool is_clustering = input_.model.attribute_or("functionName", "") == "clustering";
    if (is_classification_ || is_clustering) {
      if (method_ == "majorityVote" || method_ == "weightedMajorityVote") return vote();
      if (method_ == "average" || method_ == "weightedAverage") return average_probabilities(at);
      if (method_ == "max" || method_ == "median") return order_probabilities(at);
    } else if (method_ == "average" || method_ == "weightedAverage" || method_ == "sum" ||
               method_ == "weightedSum" || method_ == "x-weightedSum" || method_ == "median" ||
               method_ == "weightedMedian") {
      return aggregate();
    }
    return at.unsupported(fmt::format("multipleModelMethod {}", method_.substr(0, 64)));
  }

  bool weighted() const { return method_.find("eighted") != std::string_view::npos; }

  /// Whether a segment counts: it holds, and its prediction is not missing where such are skipped.
  Result<TermId> counts(const Segment& segment) {
    if (missing_ != "skipSegment") return segment.holds;
    const TermId there = TRY(terms_.apply(Code::kNot, {TRY(is_absent(segment))}));
    return terms_.apply(Code::kAnd, {segment.holds, there});
  }
  Result<TermId> is_absent(const Segment& segment) {
    return pmml::is_absent(context_, segment.prediction);
  }
  /// The weights of the segments that hold, all of them or those without a prediction.
  Result<TermId> weight_sum(bool only_absent) {
    Formula f(terms_);
    TermId total = f.number(0);
    for (const Segment& segment : segments_) {
      TermId part = segment.holds;
      if (only_absent) part = f.both(part, TRY(is_absent(segment)));
      total = f.plus(total, f.times(part, segment.weight));
    }
    return f.take(total);
  }
  /// A number, or nothing where too many of the segments have no prediction.
  Result<TermId> within_threshold(TermId x) {
    if (threshold_ == 1) return x;
    Formula f(terms_);
    const TermId share = f.over(TRY(weight_sum(true)), TRY(weight_sum(false)));
    return f.take(f.choose(f.less(f.number(threshold_), share), f.missing(), x));
  }

  Result<TermId> sum(const std::vector<TermId>& parts) {
    TermId total = parts[0];
    for (size_t i = 1; i < parts.size(); ++i) {
      total = TRY(terms_.apply(Code::kAdd, {total, parts[i]}));
    }
    return total;
  }
  Result<TermId> times(TermId x, double factor) {
    if (factor == 1) return x;
    return terms_.apply(Code::kMultiply, {x, terms_.number(factor)});
  }

  /// Sums, over the segments that count, of weight * value and of the weights.
  struct Sums {
    TermId values;
    TermId weights;
  };
  Result<Sums> sums(const std::vector<TermId>& values) {
    std::vector<TermId> parts;
    std::vector<TermId> shares;
    for (size_t i = 0; i < segments_.size(); ++i) {
      const double weight = weighted() ? segments_[i].weight : 1;
      const TermId counted = TRY(counts(segments_[i]));
      const TermId part = TRY(times(values[i], weight));
      parts.push_back(TRY(terms_.apply(Code::kChoose, {counted, part, terms_.number(0)})));
      shares.push_back(TRY(times(counted, weight)));
    }
    const TermId total = TRY(sum(parts));
    const TermId share = TRY(sum(shares));
    return Sums{total, share};
  }

  /// The least value such that it and those below have half of the weight.
  Result<TermId> weighted_median(std::vector<TermId> values, TermId weights) {
    if (values.size() > kMedianMax) return input_.model.unsupported("a median of so many segments");
    values.push_back(weights);
    const ValueId kept = TRY(context_.matrix(values, input_.model.place()));
    for (uint32_t i = 0; i < values.size(); ++i) {
      values[i] = terms_.column(kept, i, ValueKind::kDense);
    }
    Formula f(terms_);
    const TermId half = f.times(values.back(), 0.5);
    values.pop_back();
    std::vector<TermId> candidates;
    for (const TermId value : values) {
      TermId below = f.number(0);
      for (size_t j = 0; j < values.size(); ++j) {
        const TermId is = f.coalesce(f.less_or_equal(values[j], value), 0);
        below = f.plus(below, f.times(is, segments_[j].weight));
      }
      candidates.push_back(f.choose(f.less_or_equal(half, below), value, f.missing()));
    }
    return f.take(f.of(Code::kMinimumOf, candidates));
  }

  Result<Prediction> aggregate() {
    std::vector<TermId> values;
    values.reserve(segments_.size());
    for (const Segment& segment : segments_) {
      values.push_back(TRY(as_number(context_, segment.element, segment.prediction.value)));
    }
    Prediction result;
    result.has_value = true;
    result.value.type = DataType::kDouble;
    const Sums all = TRY(sums(values));
    if (method_.ends_with("verage")) {
      result.value.term =
          TRY(within_threshold(TRY(terms_.apply(Code::kDivide, {all.values, all.weights}))));
      return result;
    }
    TermId value = all.values;
    if (method_ == "median" || method_ == "weightedMedian") {
      std::vector<TermId> counted;
      for (size_t i = 0; i < segments_.size(); ++i) {
        const TermId holds = TRY(counts(segments_[i]));
        counted.push_back(
            TRY(terms_.apply(Code::kChoose, {holds, values[i], terms_.missing_number()})));
      }
      const TermId middle = method_ == "median" ? TRY(terms_.apply(Code::kMedianOf, counted))
                                                : TRY(weighted_median(counted, all.weights));
      // A missing prediction that counts makes the sum missing, and the median with it.
      const TermId nothing = TRY(terms_.apply(Code::kMultiply, {value, terms_.number(0)}));
      value = TRY(terms_.apply(Code::kAdd, {middle, nothing}));
    }
    // Where no segment holds there is no prediction.
    const TermId any = TRY(terms_.apply(
        Code::kNot, {TRY(terms_.apply(Code::kEqual, {all.weights, terms_.number(0)}))}));
    result.value.term = TRY(
        within_threshold(TRY(terms_.apply(Code::kChoose, {any, value, terms_.missing_number()}))));
    return result;
  }

  /// The classes of all segments, the target's first.
  std::vector<std::string> all_classes() const {
    Labels classes;
    for (const std::string& label : input_.target.categories) classes.place(label);
    for (const Segment& segment : segments_) {
      for (const std::string& label : segment.prediction.classes) classes.place(label);
      if (is_classification_) continue;
      for (const std::string& label : segment.prediction.entities) classes.place(label);
    }
    return classes.list();
  }

  Result<Prediction> vote() {
    Prediction result;
    result.is_classification = true;
    result.classes = all_classes();
    if (result.classes.empty()) return input_.model.unsupported("votes for classes not known");
    for (const std::string& label : result.classes) {
      std::vector<TermId> votes;
      for (const Segment& segment : segments_) {
        const TermId is =
            TRY(is_one_of(context_, segment.element, segment.prediction.value, {label}));
        // A missing prediction votes for nothing.
        votes.push_back(TRY(terms_.apply(Code::kCoalesce, {is, terms_.number(0)})));
      }
      result.probabilities.push_back(TRY(sums(votes)).values);
    }
    result.probabilities = TRY(decided(std::move(result.probabilities)));
    return result;
  }

  /// Votes as shares; missing where segments without a prediction have the say.
  Result<std::vector<TermId>> decided(std::vector<TermId> votes) {
    Formula f(terms_);
    TermId counts = f.number(1);
    if (missing_ != "skipSegment") {
      TermId absent = f.number(0);
      for (const Segment& segment : segments_) {
        const TermId none = f.both(segment.holds, TRY(is_absent(segment)));
        absent = f.plus(absent, f.times(none, weighted() ? segment.weight : 1));
      }
      // That is: if one is missing, or if "missing" has most votes.
      const TermId most = missing_ == "returnMissing" ? f.number(0) : f.of(Code::kMaximumOf, votes);
      counts = f.less_or_equal(absent, most);
    }
    counts = TRY(within_threshold(TRY(f.take(counts))));
    for (TermId& share : votes) {
      share = f.choose(f.coalesce(counts, 0), share, f.missing());
    }
    TRY_STATUS(f.status());
    return normalized(context_, std::move(votes));
  }

  /// A segment's probability of a class: 0 where it does not know the class.
  Result<TermId> probability_of(const Segment& segment, const std::string& label) {
    const Prediction& own = segment.prediction;
    if (own.probabilities.empty()) {
      return segment.element.unsupported("probabilities of models without any");
    }
    const auto found = std::ranges::find(own.classes, label);
    if (found == own.classes.end()) return terms_.number(0);
    return own.probabilities[static_cast<size_t>(found - own.classes.begin())];
  }

  /// Whether there is a prediction: no segment that counts lacks one, or not too many do.
  Result<TermId> is_known() {
    Formula f(terms_);
    TermId known = f.number(1);
    if (missing_ != "skipSegment") {
      for (const Segment& segment : segments_) {
        const TermId absent = f.both(segment.holds, TRY(is_absent(segment)));
        known = f.both(known, f.negation(absent));
      }
    }
    known = TRY(within_threshold(TRY(f.take(known))));
    return f.take(f.coalesce(known, 0));
  }

  static TermId of_winner(Formula& f, TermId winner, const std::vector<TermId>& values) {
    TermId chosen = f.missing();
    for (size_t i = 0; i < values.size(); ++i) {
      const TermId is = f.equal(winner, f.number(static_cast<double>(i)));
      chosen = f.choose(is, values[i], chosen);
    }
    return chosen;
  }

  /// The class with the largest maximum (or median) of probabilities wins; the answer is the mean
  /// of the segments whose probability of it comes closest to that.
  Result<Prediction> order_probabilities(const Element& at) {
    Prediction result;
    result.is_classification = true;
    result.classes = all_classes();
    if (result.classes.empty()) return at.unsupported("probabilities of classes not known");
    Formula f(terms_);
    std::vector<TermId> counted;
    counted.reserve(segments_.size());
    for (const Segment& segment : segments_) counted.push_back(TRY(counts(segment)));
    std::vector<std::vector<TermId>> shares(result.classes.size());
    std::vector<TermId> tops;
    for (size_t i = 0; i < result.classes.size(); ++i) {
      for (size_t j = 0; j < segments_.size(); ++j) {
        const TermId p = TRY(probability_of(segments_[j], result.classes[i]));
        shares[i].push_back(f.choose(counted[j], p, f.missing()));
      }
      tops.push_back(f.of(method_ == "max" ? Code::kMaximumOf : Code::kMedianOf, shares[i]));
    }
    TRY_STATUS(f.status());
    const ValueId kept = TRY(context_.matrix(tops, at.place()));
    for (uint32_t i = 0; i < tops.size(); ++i) tops[i] = terms_.column(kept, i, ValueKind::kDense);
    const TermId winner = TRY(first_largest(context_, at, tops));
    const TermId known = TRY(is_known());
    const TermId top = of_winner(f, winner, tops);
    std::vector<TermId> distances;
    for (size_t j = 0; j < segments_.size(); ++j) {
      std::vector<TermId> own;
      own.reserve(shares.size());
      for (const auto& of_class : shares) own.push_back(of_class[j]);
      distances.push_back(f.of(Code::kAbsolute, {f.minus(of_winner(f, winner, own), top)}));
    }
    const TermId least = f.of(Code::kMinimumOf, distances);
    std::vector<TermId> used;
    used.reserve(distances.size());
    for (const TermId distance : distances) {
      used.push_back(f.coalesce(f.less_or_equal(distance, least), 0));
    }
    for (size_t i = 0; i < tops.size(); ++i) {
      std::vector<TermId> parts;
      for (size_t j = 0; j < used.size(); ++j) {
        parts.push_back(f.choose(used[j], shares[i][j], f.number(0)));
      }
      const TermId mean = f.over(f.sum(parts), f.sum(used));
      result.probabilities.push_back(f.choose(known, mean, f.missing()));
    }
    TRY_STATUS(f.status());
    return result;
  }

  Result<Prediction> average_probabilities(const Element& at) {
    Prediction result;
    result.is_classification = true;
    result.classes = all_classes();
    if (result.classes.empty()) return at.unsupported("an average of classes not known");
    for (const std::string& label : result.classes) {
      std::vector<TermId> shares;
      shares.reserve(segments_.size());
      for (const Segment& segment : segments_) {
        shares.push_back(TRY(probability_of(segment, label)));
      }
      const Sums all = TRY(sums(shares));
      result.probabilities.push_back(
          TRY(within_threshold(TRY(terms_.apply(Code::kDivide, {all.values, all.weights})))));
    }
    return result;
  }

  const ModelInput& input_;
  Context& context_;
  ExpressionBuilder& terms_;
  std::string_view method_;
  std::string_view missing_;
  double threshold_ = 1;
  bool is_classification_ = false;
  std::vector<Segment> segments_;
};

}  // namespace

void inherit_fields(const File& file, const Element& model, Scope& scope) {
  for (const Element& field : model.child("MiningSchema").children("MiningField")) {
    const std::string_view usage = field.attribute_or("usageType", "active");
    if (usage != "active") continue;
    // A field that is not treated here is the outer one.
    const std::string_view invalid = field.attribute_or("invalidValueTreatment", "returnInvalid");
    const bool plain = (invalid == "returnInvalid" || invalid == "asIs") &&
                       !field.attribute("missingValueReplacement") &&
                       field.attribute_or("missingValueTreatment", "") != "returnInvalid" &&
                       field.attribute_or("outliers", "asIs") == "asIs";
    if (plain) continue;
    const std::string_view name = field.attribute_or("name", "");
    const auto data = file.data_fields.find(name);
    scope.inherit(name, field, data == file.data_fields.end() ? Element() : data->second);
  }
}

Result<Prediction> lower_mining(const ModelInput& input) { return Mining(input).run(); }

}  // namespace slipway::pmml
