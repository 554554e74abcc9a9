#include "writers/pmml/write_pmml.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "graph/ops/float32_scores.h"
#include "graph/ops/score_link.h"
#include "writers/pmml/internal/emission.h"

namespace slipway::writers {
namespace pmml {
namespace {

constexpr size_t kFieldsMax = kOutputsMax;  // of the outputs, so that the file can be read back
constexpr size_t kBytesMax = size_t{1} << 30;
constexpr std::string_view kPredict = "predict";

const Emitter* find_emitter(std::string_view op) {
  for (const auto table : {column_emitters(), score_emitters(), category_emitters(),
                           tree_emitters(), expression_emitters()}) {
    for (const Emitter& emitter : table) {
      if (emitter.op == op) return &emitter;
    }
  }
  return nullptr;
}

std::string label_text(const LabelTable& labels, size_t i) {
  switch (labels.dtype) {
    case DType::kString: return labels.strings[i];
    case DType::kFloat64: return spelled(labels.floats[i]);
    case DType::kBool: return labels.ints[i] != 0 ? "true" : "false";
    default: return std::to_string(labels.ints[i]);
  }
}

std::string_view label_type(const LabelTable& labels) {
  switch (labels.dtype) {
    case DType::kString: return "string";
    case DType::kFloat64: return "double";
    case DType::kBool: return "boolean";
    default: return "integer";
  }
}

/// The value that scores were before what keeps their order.
ValueId before_links(const Graph& graph, ValueId id) {
  while (id >= kFirstNode) {
    const Op* op = graph.node(id).op.get();
    const auto* activation = dynamic_cast<const ActivationOp*>(op);
    const auto* link = dynamic_cast<const ScoreLinkOp*>(op);
    const auto* float_link = dynamic_cast<const Float32LinkOp*>(op);
    // Several sigmoids may all be 1: which was the largest is lost.
    const bool alone = graph.node(id).type.width == 1;
    const bool is_sigmoid =
        (activation != nullptr && activation->function == ActivationOp::Function::kLogistic) ||
        (link != nullptr && link->function == ScoreLinkOp::Function::kSigmoid) ||
        (float_link != nullptr && float_link->function == Float32LinkOp::Function::kSigmoid);
    const bool keeps = is_sigmoid
                           ? alone
                           : (activation != nullptr &&
                              activation->function != ActivationOp::Function::kModifiedHuber) ||
                                 float_link != nullptr;
    if (!keeps) return id;
    id = graph.node(id).inputs[0];
  }
  return id;
}

/// Probabilities that do not add up to 1, as a target's do.
bool is_several_sigmoids(const Graph& graph, ValueId id) {
  if (id < kFirstNode || graph.node(id).type.width < 2) return false;
  const Op* op = graph.node(id).op.get();
  const auto* activation = dynamic_cast<const ActivationOp*>(op);
  const auto* link = dynamic_cast<const ScoreLinkOp*>(op);
  const auto* float_link = dynamic_cast<const Float32LinkOp*>(op);
  return (activation != nullptr && activation->function == ActivationOp::Function::kLogistic) ||
         (link != nullptr && link->function == ScoreLinkOp::Function::kSigmoid) ||
         (float_link != nullptr && float_link->function == Float32LinkOp::Function::kSigmoid);
}

class Writer {
 public:
  Writer(const Graph& graph, const PmmlOptions& options)
      : graph_(graph), signature_(graph.signature()), options_(options), fields_(taken(graph)) {}

  Result<std::string> run() {
    TRY_STATUS(read_inputs());
    TRY_STATUS(emit_nodes());
    TRY_STATUS(make_outputs());
    TRY_STATUS(make_model());
    return document();
  }

 private:
  static std::set<std::string> taken(const Graph& graph) {
    std::set<std::string> names;
    for (const InputColumn& column : graph.signature().columns) names.insert(column.name);
    for (const OutputSpec& output : graph.signature().outputs) {
      for (uint32_t i = 0; i < output.width; ++i) names.insert(pmml_output_name(output, i));
    }
    return names;
  }

  Status read_inputs();
  Status emit_nodes();
  Status make_outputs();
  Status make_model();
  void add_output(const std::string& name, std::string_view type, const Expression& value);
  void add_label_output(const std::string& name, const LabelTable& labels, const Expression& index);
  Status classify(const OutputSpec& output);
  /// The output whose columns are the classes' probabilities, of which the label is the largest.
  const OutputSpec* probabilities_of(const OutputSpec& label) const;
  void add_table(std::string_view attributes, const Expression& value);

  /// Later fields that these names need, in order; and the names that come from outside.
  struct Local {
    std::string xml;
    std::set<std::string> outer;
  };
  Local locals_of(std::span<const std::string> names) const;
  std::string schema_of(const std::set<std::string>& names, bool with_target) const;
  Result<std::string> document() const;

  const Graph& graph_;
  const Signature& signature_;
  const PmmlOptions& options_;
  Fields fields_;
  std::vector<Columns> values_;
  std::vector<Segment> segments_;
  std::string target_;       // the name of its field; empty: there is none
  std::string target_data_;  // its DataField
  std::string function_ = "regression";
  std::string tables_;   // of the last model
  std::string outputs_;  // its output fields
};

Status Writer::read_inputs() {
  values_.resize(graph_.value_count());
  std::set<std::string> seen;
  for (const InputColumn& column : signature_.columns) {
    if (column.is_record() && column.is_used) {
      return unimplemented(
          fmt::format("the column {} holds records, which PMML has not", column.name));
    }
    if (column.name.empty() || !seen.insert(column.name).second) {
      return unimplemented(fmt::format("two columns have the name '{}'", column.name));
    }
    const Expression reference = field(column.name);
    values_[kNumbersInput].push_back(column.is_text() ? number(0) : reference);
    values_[kStringsInput].push_back(column.is_text() ? reference : text(""));
  }
  for (const OutputSpec& output : signature_.outputs) {
    for (uint32_t i = 0; i < output.width; ++i) {
      if (!seen.contains(pmml_output_name(output, i))) continue;
      return unimplemented(
          fmt::format("an output has the name of a column, {}", pmml_output_name(output, i)));
    }
  }
  return {};
}

Status Writer::emit_nodes() {
  for (ValueId id = kFirstNode; id < graph_.value_count(); ++id) {
    const Node& node = graph_.node(id);
    const auto emit = [&]() -> Result<Columns> {
      const Emitter* emitter = find_emitter(node.op->name());
      if (emitter == nullptr) return unimplemented("it is not written to PMML");
      if (fields_.bytes() > kBytesMax) return resource_exhausted("the file would be too large");
      Emission e{graph_, node, values_, fields_, segments_};
      return emitter->emit(e);
    };
    Result<Columns> columns = emit();
    if (!columns.ok()) {
      return std::move(columns).status().with_context(
          fmt::format("the operator {} ({})", node.op->name(), node.path));
    }
    values_[id] = std::move(columns).value();
  }
  return {};
}

void Writer::add_output(const std::string& name, std::string_view type, const Expression& value) {
  const bool is_text = type == "string";
  outputs_ += fmt::format(
      "<OutputField name=\"{}\" optype=\"{}\" dataType=\"{}\" "
      "feature=\"transformedValue\">{}</OutputField>\n",
      escaped(name), is_text ? "categorical" : "continuous", type, value);
}

void Writer::add_label_output(const std::string& name, const LabelTable& labels,
                              const Expression& index) {
  const bool is_text = labels.dtype == DType::kString;
  const auto constant = [&](size_t i) {
    if (is_text) return text(labels.strings[i]);
    return number(labels.dtype == DType::kFloat64 ? labels.floats[i]
                                                  : static_cast<double>(labels.ints[i]));
  };
  Expression value = constant(labels.size() - 1);
  for (size_t i = labels.size() - 1; i-- > 0;) {
    value = choose(call("equal", {index, number(static_cast<double>(i))}), constant(i), value);
  }
  add_output(name, is_text ? "string" : "double", value);
}

Status Writer::make_outputs() {
  size_t fields = 0;
  for (const OutputSpec& output : signature_.outputs) fields += output.width;
  if (fields > kFieldsMax) {
    return unimplemented(fmt::format(
        "output fields: {} are needed, and over {} are not written to PMML", fields, kFieldsMax));
  }
  for (const OutputSpec& output : signature_.outputs) {
    const ValueKind kind = graph_.type(output.value).kind;
    if (output.name == kPredict && output.width == 1 && kind == ValueKind::kString) {
      return unimplemented("output predict: a label that is a text of its own, not one of a list");
    }
    if (output.name == kPredict && output.width == 1) continue;
    if (output.is_mixed) {
      return unimplemented(fmt::format("the output {} mixes numbers and texts", output.name));
    }
    for (uint32_t i = 0; i < output.width; ++i) {
      const std::string name = pmml_output_name(output, i);
      const Expression& value = values_[output.value][i];
      if (kind == ValueKind::kIndex) {
        if (output.labels[i].size() == 0) return unimplemented("an output without labels");
        add_label_output(name, output.labels[i], value);
      } else {
        add_output(name, kind == ValueKind::kString ? "string" : "double", value);
      }
    }
  }
  return {};
}

const OutputSpec* Writer::probabilities_of(const OutputSpec& label) const {
  if (label.value < kFirstNode) return nullptr;
  const Node& node = graph_.node(label.value);
  const auto* argmax = dynamic_cast<const ArgMaxOp*>(node.op.get());
  const auto found = signature_.find_output("predict_proba");
  if (argmax == nullptr || !found.has_value()) return nullptr;
  const OutputSpec& output = signature_.outputs[*found];
  const bool usual = argmax->threshold == 0 || argmax->threshold == 0.5;
  if (!usual || is_several_sigmoids(graph_, output.value) || output.width != label.labels[0].size())
    return nullptr;
  return before_links(graph_, output.value) == before_links(graph_, node.inputs[0]) ? &output
                                                                                    : nullptr;
}

void Writer::add_table(std::string_view attributes, const Expression& value) {
  const std::vector<std::string> names = fields_in(value);
  if (names.size() == 1) {
    tables_ += fmt::format(
        "<RegressionTable intercept=\"0\"{}><NumericPredictor name=\"{}\" "
        "coefficient=\"1\"/></RegressionTable>\n",
        attributes, names[0]);
    return;
  }
  // A constant: what stands in its element.
  const size_t begin = value.find('>') + 1;
  const std::string constant = value.substr(begin, value.find('<', begin) - begin);
  tables_ += fmt::format("<RegressionTable intercept=\"{}\"{}/>\n", constant, attributes);
}

Status Writer::classify(const OutputSpec& output) {
  const LabelTable& labels = output.labels[0];
  if (labels.size() < 2) return unimplemented("output predict: a classifier of one class");
  function_ = "classification";
  const OutputSpec* probabilities = probabilities_of(output);
  const Expression& index = values_[output.value][0];
  target_data_ = fmt::format("<DataField name=\"{}\" optype=\"categorical\" dataType=\"{}\">",
                             target_, label_type(labels));
  std::set<std::string> distinct;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string label = escaped(label_text(labels, i));
    target_data_ += fmt::format("<Value value=\"{}\"/>", label);
    if (!distinct.insert(label).second) return unimplemented("output predict: two equal labels");
    const Expression is_it =
        choose(call("equal", {index, number(static_cast<double>(i))}), number(1), number(0));
    add_table(fmt::format(" targetCategory=\"{}\"", label),
              probabilities != nullptr ? values_[probabilities->value][i] : fields_.define(is_it));
  }
  target_data_ += "</DataField>\n";
  return {};
}

Status Writer::make_model() {
  const auto found = signature_.find_output(kPredict);
  const OutputSpec* output = found.has_value() ? &signature_.outputs[*found] : nullptr;
  if (output == nullptr || output->width != 1) {
    add_table("", number(0));
    return {};
  }
  target_ = fields_.fresh("target");
  if (graph_.type(output->value).kind == ValueKind::kIndex) return classify(*output);
  target_data_ =
      fmt::format("<DataField name=\"{}\" optype=\"continuous\" dataType=\"double\"/>\n", target_);
  add_table("", values_[output->value][0]);
  return {};
}

Writer::Local Writer::locals_of(std::span<const std::string> names) const {
  std::set<std::string> wanted(names.begin(), names.end());
  std::vector<const Fields::Field*> chosen;
  const auto all = fields_.all();
  // Each field comes behind those that it uses.
  for (size_t i = all.size(); i-- > 0;) {
    if (!all[i].is_later || !wanted.contains(all[i].name)) continue;
    chosen.push_back(&all[i]);
    wanted.insert(all[i].uses.begin(), all[i].uses.end());
  }
  Local local;
  for (size_t i = chosen.size(); i-- > 0;) {
    local.xml += chosen[i]->xml;
    wanted.erase(chosen[i]->name);
  }
  if (!local.xml.empty()) {
    local.xml = "<LocalTransformations>\n" + local.xml + "</LocalTransformations>\n";
  }
  local.outer = std::move(wanted);
  return local;
}

std::string Writer::schema_of(const std::set<std::string>& names, bool with_target) const {
  std::string out = "<MiningSchema>\n";
  if (with_target && !target_.empty()) {
    out += fmt::format("<MiningField name=\"{}\" usageType=\"target\"/>\n", target_);
  }
  for (const std::string& name : names) out += fmt::format("<MiningField name=\"{}\"/>\n", name);
  return out + "</MiningSchema>\n";
}

Result<std::string> Writer::document() const {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n<Header><Application "
      "name=\"Slipway\" version=\"" +
      escaped(options_.producer_version) + "\"/></Header>\n<DataDictionary>\n" + target_data_;
  std::string schema = "<MiningSchema>\n";
  if (!target_.empty()) {
    schema += fmt::format("<MiningField name=\"{}\" usageType=\"target\"/>\n", target_);
  }
  for (const InputColumn& column : signature_.columns) {
    if (!column.is_used) continue;
    const std::string name = escaped(column.name);
    out += fmt::format("<DataField name=\"{}\" optype=\"{}\" dataType=\"{}\"/>\n", name,
                       column.is_text() ? "categorical" : "continuous",
                       column.is_text() ? "string" : "double");
    schema += fmt::format("<MiningField name=\"{}\"/>\n", name);
  }
  schema += "</MiningSchema>\n";
  out += "</DataDictionary>\n";
  std::string early;
  for (const Fields::Field& one : fields_.all()) {
    if (!one.is_later) early += one.xml;
  }
  // Segments see the fields that their model derives, not those of the dictionary.
  const std::string place = segments_.empty() ? "TransformationDictionary" : "LocalTransformations";
  if (!early.empty()) early = fmt::format("<{0}>\n{1}</{0}>\n", place, early);
  if (segments_.empty()) out += early;
  const std::string name = escaped(options_.name);
  // With "none", the last class would get what the others leave of 1: of equal probabilities, the
  // rounding would decide instead of the order.
  const std::string_view normalization = function_ == "classification" ? "simplemax" : "none";
  const std::string regression = fmt::format(
      "<RegressionModel modelName=\"{}\" functionName=\"{}\" normalizationMethod=\"{}\">\n", name,
      function_, normalization);
  const std::string output = outputs_.empty() ? outputs_ : "<Output>\n" + outputs_ + "</Output>\n";
  if (segments_.empty()) {
    out += regression + schema + output + tables_ + "</RegressionModel>\n</PMML>\n";
    return out;
  }
  out += fmt::format("<MiningModel modelName=\"{}\" functionName=\"{}\">\n", name, function_);
  out += schema + early + "<Segmentation multipleModelMethod=\"modelChain\">\n";
  for (size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    const Local local = locals_of(segment.inputs);
    // Output stands before LocalTransformations.
    const size_t end = segment.model.find("</Output>\n") + 10;
    out += fmt::format("<Segment id=\"{}\"><True/>\n<MiningModel functionName=\"regression\">\n",
                       i + 1);
    out += schema_of(local.outer, false) + segment.model.substr(0, end) + local.xml;
    out.append(segment.model, end);
    out += "</MiningModel></Segment>\n";
    if (out.size() > kBytesMax) return resource_exhausted("the file would be too large");
  }
  std::vector<std::string> used = fields_in(outputs_);
  const std::vector<std::string> predictors = [&] {
    std::vector<std::string> names;
    constexpr std::string_view kMark = "NumericPredictor name=\"";
    for (size_t at = tables_.find(kMark); at != std::string::npos; at = tables_.find(kMark, at)) {
      at += kMark.size();
      names.push_back(tables_.substr(at, tables_.find('"', at) - at));
    }
    return names;
  }();
  used.insert(used.end(), predictors.begin(), predictors.end());
  const Local local = locals_of(used);
  out += fmt::format("<Segment id=\"{}\"><True/>\n", segments_.size() + 1) + regression +
         schema_of(local.outer, true) + output + local.xml + tables_ +
         "</RegressionModel></Segment>\n</Segmentation>\n</MiningModel>\n</PMML>\n";
  return out;
}

}  // namespace
}  // namespace pmml

std::string pmml_output_name(const OutputSpec& output, uint32_t column) {
  if (output.width == 1) return output.name;
  return output.columns.empty() ? fmt::format("{}_{}", output.name, column)
                                : output.name + "_" + output.columns[column];
}

Result<std::string> write_pmml(const Graph& graph, const PmmlOptions& options) {
  return pmml::Writer(graph, options).run();
}

}  // namespace slipway::writers
