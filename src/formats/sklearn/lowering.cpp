#include "formats/sklearn/lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

constexpr uint32_t kNestingMax = 50;  // estimators inside estimators
constexpr size_t kGapsMax = 200;
// A pickle can use one object many times over. Estimators that do so at each of several levels
// would multiply without this bound; a sincere file has each fitted estimator once or twice.
constexpr uint32_t kVisitsMax = 16;
constexpr size_t kFeaturesMax = 1U << 22;  // columns between two estimators
constexpr uint64_t kEstimatorsMax = 1U << 16;
constexpr uint64_t kNodesMax = 1U << 20;
constexpr uint64_t kSpendMax = 1U << 25;         // columns of all estimators together, if
constexpr uint64_t kBytesPerSpent = 64;          // memory_bytes_max allows
constexpr uint64_t kBytesPerColumn = 64;         // of names, for one column's worth of spending
constexpr uint64_t kPlaceholderCost = 1U << 13;  // it searches the estimator for a width
constexpr size_t kAttributesMax = 10'000;        // of one estimator: each look-up passes them all
constexpr size_t kPathPartMax = 200;
constexpr size_t kMessageMax = 4000;

/// Stands for columns that cannot be computed because of a gap; never part of a finished graph.
class PlaceholderOp final : public Op {
 public:
  explicit PlaceholderOp(uint32_t width) : width_(width) {}
  std::string_view name() const override { return "placeholder"; }
  Result<ValueType> infer(std::span<const ValueType>) const override {
    return ValueType{ValueKind::kDense, width_};
  }
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }

 private:
  const uint32_t width_;
};

/// Names come from the file and are as long as it likes.
std::string shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  while (bytes_max > 0 && (static_cast<uint8_t>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return std::string(text.substr(0, bytes_max)) + "...";
}

std::string join_path(const std::string& path, std::string_view part) {
  if (part.empty()) return path;
  const std::string place = shortened(part, kPathPartMax);
  return path.empty() ? place : fmt::format("{}.{}", path, place);
}

std::string advice_for(const pickle::Value& where) {
  if (where.kind() != pickle::Kind::kObject || where.trust() != pickle::Trust::kUnderstood) {
    return "remove it from the pipeline, or compute it before the model is called";
  }
  return "replace this step by a supported one, or see docs/coverage.md";
}

}  // namespace

size_t Features::longest_name() const {
  size_t longest = 0;
  for (const std::string& name : names) longest = std::max(longest, name.size());
  return longest;
}

std::string Features::name(size_t i) const {
  return names.empty() ? fmt::format("x{}", i) : names[i];
}

std::vector<std::string> Features::all_names() const {
  if (!names.empty()) return names;
  std::vector<std::string> made;
  for (size_t i = 0; i < size(); ++i) made.push_back(name(i));
  return made;
}

Features Features::pick(const std::vector<uint32_t>& indices) const {
  Features picked;
  picked.unknown = unknown;
  for (const uint32_t index : indices) {
    picked.columns.push_back(columns[index]);
    if (!names.empty()) picked.names.push_back(names[index]);
  }
  return picked;
}

void Features::append(const Features& other) {
  const bool named =
      (columns.empty() || !names.empty()) && (other.columns.empty() || !other.names.empty());
  columns.insert(columns.end(), other.columns.begin(), other.columns.end());
  if (named) {
    names.insert(names.end(), other.names.begin(), other.names.end());
  } else {
    names.clear();
  }
  unknown = unknown || other.unknown;
}

Features all_columns(ValueId value, uint32_t width, std::vector<std::string> names) {
  Features features;
  for (uint32_t i = 0; i < width; ++i) features.columns.push_back({value, i, false});
  features.names = std::move(names);
  return features;
}

Step transformed(ValueId value, uint32_t width, std::vector<std::string> names) {
  Step step;
  step.transform = all_columns(value, width, std::move(names));
  return step;
}

const Method* Step::find(std::string_view name) const {
  for (const Method& method : methods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

Lowering::Lowering(uint32_t columns, std::vector<std::string> names, const Limits& limits,
                   const formats::FormatSet* formats)
    : limits_(limits),
      formats_(formats),
      builder_(columns),
      names_(std::move(names)),
      uses_(columns, ColumnUse::kOpen),
      spend_max_(std::min(kSpendMax, limits.memory_bytes_max / kBytesPerSpent)),
      constants_bytes_max_(limits.memory_bytes_max) {
  CHECK(names_.empty() || names_.size() == columns);
}

Features Lowering::input() const {
  Features features = all_columns(kNumbersInput, builder_.columns(), names_);
  for (ColumnRef& column : features.columns) column.open = true;
  return features;
}

void Lowering::add_gap(pickle::Value where, std::string_view path_part, const Status& why) {
  if (gaps_.size() >= kGapsMax) return;
  gaps_.push_back({join_path(path_, path_part), shortened(where.type_name(), kMessageMax),
                   where.offset(), shortened(why.message(), kMessageMax), advice_for(where)});
}

Features Lowering::placeholder(pickle::Value estimator) {
  uint32_t width = 1;
  if (spend(kPlaceholderCost).ok()) width = feature_count(estimator).value_or(1);
  if (!spend(width).ok()) width = 1;
  const Result<ValueId> value = builder_.add(std::make_unique<PlaceholderOp>(width), {}, path_);
  if (!value.ok()) return input();
  return all_columns(*value, width, {});
}

Status Lowering::check_budget(pickle::Value estimator) {
  if (exhausted_) return resource_exhausted("a limit was exceeded before");
  if (depth_ > kNestingMax) {
    return resource_exhausted(fmt::format("estimators are nested deeper than {}", kNestingMax));
  }
  if (++lowered_ > kEstimatorsMax) {
    return resource_exhausted(fmt::format("there are more than {} estimators", kEstimatorsMax));
  }
  if (gaps_.size() >= kGapsMax) {
    return resource_exhausted(fmt::format("there are more than {} gaps", kGapsMax));
  }
  if (const auto state = estimator.state();
      state.has_value() && state->kind() == pickle::Kind::kDict && state->size() > kAttributesMax) {
    return resource_exhausted(
        fmt::format("it has {} attributes, limit {}", state->size(), kAttributesMax));
  }
  if (++visits_[estimator.id()] > kVisitsMax) {
    return resource_exhausted(
        fmt::format("one estimator is used at more than {} places", kVisitsMax));
  }
  return {};
}

Status Lowering::spend(uint64_t columns, uint64_t name_bytes_each) {
  const uint64_t each = 1 + name_bytes_each / kBytesPerColumn;
  const uint64_t left = spend_max_ - spent_;
  if (columns > left / each) {
    spent_ = spend_max_;  // whatever follows is too much as well
    return resource_exhausted(
        fmt::format("its estimators pass on more than {} columns, or too long names", spend_max_));
  }
  spent_ += columns * each;
  return {};
}

Step Lowering::lower(pickle::Value estimator, const Features& input, std::string_view path_part) {
  Step unknown;
  unknown.unknown = true;
  unknown.transform = Features{};
  unknown.transform->unknown = true;
  const std::string outer_path = path_;
  path_ = join_path(outer_path, path_part);
  ++depth_;
  Result<Step> step = [&]() -> Result<Step> {
    TRY_STATUS(check_budget(estimator));
    TRY_STATUS(spend(input.size() + 1, input.longest_name()));
    if (estimator.kind() == pickle::Kind::kGlobal) {
      return invalid_argument("expected a fitted estimator, got a class or function");
    }
    const LowerFunction function = estimator.kind() == pickle::Kind::kObject
                                       ? find_estimator(estimator.module(), estimator.name())
                                       : nullptr;
    if (function == nullptr) return unimplemented("this class is not supported");
    Step made = TRY(function(*this, estimator, input.unknown ? placeholder(estimator) : input));
    if (made.transform.has_value() && made.transform->size() > kFeaturesMax) {
      return resource_exhausted(
          fmt::format("it gives {} columns, limit {}", made.transform->size(), kFeaturesMax));
    }
    return made;
  }();
  --depth_;
  if (!step.ok()) {
    if (!exhausted_) add_gap(estimator, "", step.status());
    exhausted_ = exhausted_ || step.status().code() == StatusCode::kResourceExhausted;
  }
  path_ = outer_path;
  return step.ok() ? std::move(step).value() : unknown;
}

bool Lowering::may_be_text(const ColumnRef& column) const {
  if (column.open) {
    const ColumnUse use = uses_[column.column];
    return use == ColumnUse::kOpen || use == ColumnUse::kText;
  }
  return type(column.value).kind == ValueKind::kString;
}

Status Lowering::use_column(uint32_t column, ColumnUse wanted, const std::string& name) {
  ColumnUse& use = uses_[column];
  if (use == ColumnUse::kOpen) use = wanted;
  if (use == wanted) return {};
  const auto word = [](ColumnUse of) {
    return of == ColumnUse::kNumber ? "number" : of == ColumnUse::kText ? "text" : "dict";
  };
  return unimplemented(
      fmt::format("{} is used both as {} and as {}", name, word(use), word(wanted)));
}

Result<uint32_t> Lowering::record(const Features& features, std::string example) {
  if (features.size() != 1 || !features.columns[0].open) {
    return invalid_argument(
        fmt::format("expected one column of dicts as the model is given it, got {}",
                    features.size() == 1 ? "what another step made"
                                         : fmt::format("{} columns", features.size())));
  }
  const uint32_t column = features.columns[0].column;
  TRY_STATUS(use_column(column, ColumnUse::kRecord, "the column"));
  set_example(features.columns[0], std::move(example));
  return column;
}

std::optional<uint32_t> Lowering::input_column(const ColumnRef& column) const {
  if (column.open) return column.column;
  const auto found = input_columns_.find({column.value, column.column});
  return found == input_columns_.end() ? std::nullopt : std::optional(found->second);
}

void Lowering::set_example(const ColumnRef& column, std::string json) {
  // A small file can name one long text a million times.
  constexpr size_t kExampleBytesMax = 1024;
  constexpr size_t kExamplesMax = 4096;
  const auto input = input_column(column);
  if (input.has_value() && json.size() <= kExampleBytesMax && examples_.size() < kExamplesMax) {
    examples_.emplace(*input, std::move(json));
  }
}

void Lowering::accept_integers(const ColumnRef& column) {
  if (const auto input = input_column(column)) integer_columns_.insert(*input);
}

void Lowering::set_origin(const ColumnRef& made, const ColumnRef& from) {
  if (const auto input = input_column(from)) {
    input_columns_.emplace(std::pair(made.value, made.column), *input);
  }
}

Result<std::vector<ColumnPick>> Lowering::picks(const Features& features, bool text,
                                                std::vector<ValueId>& inputs) {
  std::vector<ColumnPick> picked;
  std::map<ValueId, uint32_t> positions;
  for (size_t i = 0; i < features.size(); ++i) {
    ColumnRef column = features.columns[i];
    const auto name = [&] {
      return features.names.empty() ? fmt::format("column {}", i)
                                    : fmt::format("column '{}'", features.names[i]);
    };
    if (column.open) {
      TRY_STATUS(use_column(column.column, text ? ColumnUse::kText : ColumnUse::kNumber, name()));
      if (text) column.value = kStringsInput;
    } else if ((type(column.value).kind == ValueKind::kString) != text) {
      return invalid_argument(text ? fmt::format("{} is a number where text is expected", name())
                                   : fmt::format("{} is text where a number is expected", name()));
    }
    const auto [position, added] =
        positions.try_emplace(column.value, static_cast<uint32_t>(inputs.size()));
    if (added) inputs.push_back(column.value);
    picked.push_back({position->second, column.column});
  }
  return picked;
}

namespace {

/// True if the picks are just all columns of the one input, in order.
bool is_whole(const std::vector<ColumnPick>& picked, const std::vector<ValueId>& inputs,
              uint32_t width) {
  if (inputs.size() != 1 || picked.size() != width) return false;
  for (uint32_t i = 0; i < width; ++i) {
    if (picked[i].column != i) return false;
  }
  return true;
}

}  // namespace

Status Lowering::check_width(pickle::Value self, const Features& features) const {
  if (const auto attr = self.find_attr("n_features_in_"); attr.has_value()) {
    const int64_t expected = TRY(attr->as_int());
    if (expected != static_cast<int64_t>(features.size())) {
      return invalid_argument(
          fmt::format("it was fitted on {} columns, but {} reach it", expected, features.size()));
    }
  }
  return {};
}

Result<ValueId> Lowering::dense(pickle::Value self, const Features& features) {
  TRY_STATUS(check_width(self, features));
  return dense(features);
}

Result<ValueId> Lowering::dense(const Features& features) {
  std::vector<ValueId> inputs;
  std::vector<ColumnPick> picked = TRY(picks(features, false, inputs));
  if (inputs.size() == 1 && type(inputs[0]).kind == ValueKind::kDense &&
      is_whole(picked, inputs, type(inputs[0]).width)) {
    return inputs[0];
  }
  return add(std::make_unique<SelectOp>(std::move(picked)), std::move(inputs));
}

Result<ValueId> Lowering::dense_or_sparse(pickle::Value self, const Features& features) {
  TRY_STATUS(check_width(self, features));
  return dense_or_sparse(features);
}

Result<ValueId> Lowering::dense_or_sparse(const Features& features) {
  std::vector<ValueId> inputs;
  std::vector<ColumnPick> picked = TRY(picks(features, false, inputs));
  const bool any_sparse = std::any_of(inputs.begin(), inputs.end(), [&](ValueId id) {
    return type(id).kind == ValueKind::kSparse;
  });
  if (!any_sparse) return dense(features);
  if (is_whole(picked, inputs, type(inputs[0]).width)) return inputs[0];
  if (inputs.size() == 1 &&
      std::ranges::is_sorted(picked, std::less_equal<>(), &ColumnPick::column)) {
    std::vector<uint32_t> columns;
    columns.reserve(picked.size());
    for (const ColumnPick& pick : picked) columns.push_back(pick.column);
    return add(std::make_unique<SelectSparseOp>(std::move(columns)), std::move(inputs));
  }
  // Runs of columns: a sparse value must come whole; dense columns between them are gathered.
  std::vector<ValueId> parts;
  for (size_t i = 0; i < picked.size();) {
    const ValueId value = inputs[picked[i].input];
    size_t end = i;
    if (type(value).kind == ValueKind::kSparse) {
      while (end < picked.size() && picked[end].input == picked[i].input &&
             picked[end].column == end - i) {
        ++end;
      }
      if (end - i != type(value).width) return dense(features);
      parts.push_back(value);
    } else {
      while (end < picked.size() && type(inputs[picked[end].input]).kind != ValueKind::kSparse) {
        ++end;
      }
      std::vector<ColumnPick> run(picked.begin() + static_cast<ptrdiff_t>(i),
                                  picked.begin() + static_cast<ptrdiff_t>(end));
      parts.push_back(TRY(add(std::make_unique<SelectOp>(std::move(run)), inputs)));
    }
    i = end;
  }
  return add(std::make_unique<ConcatSparseOp>(), std::move(parts));
}

Result<ValueId> Lowering::finite(pickle::Value self, const Features& features,
                                 RequireFiniteOp::Options options) {
  TRY_STATUS(check_width(self, features));
  return finite_part(self, features, options);
}

Result<ValueId> Lowering::finite_part(pickle::Value self, const Features& features,
                                      RequireFiniteOp::Options options) {
  const ValueId value = TRY(dense(features));
  const auto key =
      std::pair(value, (options.allow_nan ? 1U : 0U) | (options.float32_range ? 2U : 0U));
  if (const auto found = finite_checks_.find(key); found != finite_checks_.end()) {
    return found->second;
  }
  const ValueId checked =
      TRY(add(std::make_unique<RequireFiniteOp>(options, std::string(self.name()), features.names),
              {value}));
  finite_checks_[key] = checked;
  // What a check gave needs no second one.
  finite_checks_[{checked, key.second}] = checked;
  return checked;
}

Result<ValueId> Lowering::finite_or_sparse(pickle::Value self, const Features& features,
                                           RequireFiniteOp::Options options) {
  const ValueId value = TRY(dense_or_sparse(self, features));
  if (type(value).kind != ValueKind::kSparse) return finite(self, features, options);
  return add(std::make_unique<RequireFiniteOp>(options, std::string(self.name()), features.names),
             {value});
}

Result<ValueId> Lowering::strings(const Features& features) {
  std::vector<ValueId> inputs;
  std::vector<ColumnPick> picked = TRY(picks(features, true, inputs));
  if (inputs.size() == 1 && is_whole(picked, inputs, type(inputs[0]).width)) return inputs[0];
  return add(std::make_unique<SelectStringsOp>(std::move(picked)), std::move(inputs));
}

/// A column that passed through untouched is a number, unless another part made it text.
bool Lowering::is_text(const ColumnRef& column) const {
  if (column.open) return uses_[column.column] == ColumnUse::kText;
  return type(column.value).kind == ValueKind::kString;
}

Result<ValueId> Lowering::cells(const Features& features) {
  Features parts[2];  // numbers, texts
  for (size_t i = 0; i < features.size(); ++i) {
    parts[is_text(features.columns[i]) ? 1 : 0].append(features.pick({static_cast<uint32_t>(i)}));
  }
  std::vector<ValueId> inputs;
  const std::vector<ColumnPick> texts = TRY(picks(parts[1], true, inputs));
  std::vector<ValueId> number_inputs;
  std::vector<ColumnPick> numbers = TRY(picks(parts[0], false, number_inputs));
  for (ColumnPick& pick : numbers) pick.input += static_cast<uint32_t>(inputs.size());
  inputs.insert(inputs.end(), number_inputs.begin(), number_inputs.end());
  std::vector<ColumnPick> picked;
  size_t next[2] = {0, 0};
  for (const ColumnRef& column : features.columns) {
    const bool text = is_text(column);
    picked.push_back((text ? texts : numbers)[next[text ? 1 : 0]++]);
  }
  return add(std::make_unique<SelectCellsOp>(std::move(picked)), std::move(inputs));
}

Status Lowering::count_nodes(uint64_t nodes, uint64_t bytes) {
  constants_bytes_ += bytes + nodes * (path_.size() + sizeof(Node));
  if (constants_bytes_ > constants_bytes_max_) {
    return resource_exhausted(
        fmt::format("the model's numbers need over {} bytes of memory", constants_bytes_max_));
  }
  nodes_ += nodes;
  if (nodes_ > kNodesMax) {
    return resource_exhausted(fmt::format("the model has over {} operations", kNodesMax));
  }
  return {};
}

Result<ValueId> Lowering::add(std::unique_ptr<const Op> op, std::vector<ValueId> inputs) {
  TRY_STATUS(count_nodes(1, op->size_bytes()));
  return builder_.add(std::move(op), std::move(inputs), path_);
}

Result<std::unique_ptr<const formats::ForeignModel>> Lowering::parse_foreign(
    std::string_view format, std::string_view bytes) {
  constexpr size_t kBytesReadPerSpent = 256;
  const formats::ModelFormat* reader = formats_ == nullptr ? nullptr : formats_->named(format);
  if (reader == nullptr) {
    return unimplemented(fmt::format("this program has no reader for models of {}", format));
  }
  TRY_STATUS(spend(bytes.size() / kBytesReadPerSpent));
  return reader->parse(bytes, limits_);
}

Result<std::vector<OutputSpec>> Lowering::add_foreign(const formats::ForeignModel& model,
                                                      const formats::ForeignInputs& inputs,
                                                      const formats::ForeignOptions& options) {
  const GraphBuilder::Size before = builder_.size();
  std::vector<OutputSpec> outputs = TRY(model.lower(builder_, inputs, options, path_));
  const GraphBuilder::Size after = builder_.size();
  TRY_STATUS(count_nodes(after.nodes - before.nodes, after.bytes - before.bytes));
  return outputs;
}

Status Lowering::add_transform_output(const Features& features, Signature& signature) {
  size_t texts = 0;
  for (const ColumnRef& column : features.columns) texts += is_text(column) ? 1 : 0;
  const bool mixed = texts != 0 && texts != features.size();
  const ValueId value = mixed        ? TRY(cells(features))
                        : texts != 0 ? TRY(strings(features))
                                     : TRY(dense(features));
  signature.outputs.push_back({"transform",
                               value,
                               texts != 0 ? DType::kString : DType::kFloat64,
                               static_cast<uint32_t>(features.size()),
                               false,
                               {},
                               features.names,
                               mixed});
  return {};
}

Result<std::shared_ptr<const Graph>> Lowering::finish(const Step& step) && {
  Signature signature;
  signature.columns_named = !names_.empty();
  // Steps that are all dropped leave a column that nothing looks at.
  signature.rows_are_records = rows_are_records_ && uses_[0] == ColumnUse::kRecord;
  for (const Method& method : step.methods) {
    signature.outputs.push_back({method.name, method.value, method.dtype, method.width,
                                 method.is_vector, method.labels, method.columns});
  }
  if (step.transform.has_value() && step.find("transform") == nullptr) {
    TRY_STATUS(add_transform_output(*step.transform, signature));
  }
  for (size_t i = 0; i < uses_.size(); ++i) {
    InputColumn column;
    column.name = signature.rows_are_records ? "record"
                  : rows_are_texts_          ? "text"
                  : names_.empty()           ? fmt::format("x{}", i)
                                             : names_[i];
    column.type = uses_[i] == ColumnUse::kText     ? ColumnType::kText
                  : uses_[i] == ColumnUse::kRecord ? ColumnType::kRecord
                                                   : ColumnType::kNumber;
    column.is_used = uses_[i] != ColumnUse::kOpen;
    if (const auto example = examples_.find(static_cast<uint32_t>(i)); example != examples_.end()) {
      column.example = std::move(example->second);
    }
    column.takes_integers = column.is_text() && integer_columns_.contains(static_cast<uint32_t>(i));
    signature.matrices.strings = signature.matrices.strings || column.is_text();
    signature.matrices.records = signature.matrices.records || column.is_record();
    signature.columns.push_back(std::move(column));
  }
  const auto transform = signature.find_output("transform");
  signature.default_output = signature.find_output("predict").value_or(transform.value_or(0));
  return std::move(builder_).finish(std::move(signature));
}

}  // namespace slipway::sklearn
