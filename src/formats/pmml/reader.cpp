#include "formats/pmml/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/models.h"

namespace slipway::pmml {
namespace {

using formats::ReadReport;

/// The models of the file, in its order.
std::vector<Element> models_of(const Element& root) {
  std::vector<Element> models;
  for (Element child = root.first(); child; child = child.next()) {
    if (is_model(child)) models.push_back(child);
  }
  return models;
}

/// Lowers one model to a graph of its own.
class Lowering {
 public:
  Lowering(const Element& root, size_t file_bytes) : root_(root), file_bytes_(file_bytes) {}

  Result<std::shared_ptr<const Graph>> run(const Element& model) {
    TRY_STATUS(read_dictionaries());
    TRY_STATUS(read_columns(model));
    GraphBuilder graph(static_cast<uint32_t>(signature_.columns.size()));
    Context context{graph, {}, functions_, 0, 0, {}, {}, {}};
    constexpr size_t kNumbersLeast = size_t{1} << 20;
    constexpr size_t kNumbersMost = size_t{1} << 26;
    constexpr size_t kNumbersPerByte = 16;
    context.root = root_;
    context.numbers_left = std::clamp(file_bytes_ * kNumbersPerByte, kNumbersLeast, kNumbersMost);
    Scope scope(context, nullptr);
    for (uint32_t i = 0; i < signature_.columns.size(); ++i) {
      TRY_STATUS(define_column(context, scope, i));
    }
    for (const Element& derived : file_.transformation_dictionary.children("DerivedField")) {
      TRY_STATUS(scope.derive(derived));
    }
    const Prediction prediction = TRY(lower_model(file_, model, scope, 0));
    TRY_STATUS(add_outputs(context, model, prediction));
    return std::move(graph).finish(std::move(signature_));
  }

 private:
  Status read_dictionaries() {
    file_.data_dictionary = root_.child("DataDictionary");
    if (!file_.data_dictionary) return root_.invalid("expected a DataDictionary");
    for (const Element& field : file_.data_dictionary.children("DataField")) {
      file_.data_fields.emplace(TRY(field.required("name")), field);
    }
    file_.transformation_dictionary = root_.child("TransformationDictionary");
    for (const Element& function : file_.transformation_dictionary.children("DefineFunction")) {
      functions_.emplace(TRY(function.required("name")), function);
    }
    return {};
  }

  Status read_columns(const Element& model) {
    for (const Element& field : model.child("MiningSchema").children("MiningField")) {
      if (field.attribute_or("usageType", "active") != "active") continue;
      const std::string name(TRY(field.required("name")));
      const auto data = file_.data_fields.find(name);
      if (data == file_.data_fields.end()) {
        return field.invalid(
            fmt::format("the DataDictionary has no field \"{}\"", name.substr(0, 128)));
      }
      const DataType type = TRY(parse_type(data->second, TRY(data->second.required("dataType"))));
      InputColumn column;
      column.name = name;
      const bool number = type == DataType::kInteger || type == DataType::kFloat ||
                          type == DataType::kDouble || type == DataType::kBoolean;
      column.type = number ? ColumnType::kNumber : ColumnType::kText;
      signature_.matrices.strings = signature_.matrices.strings || !number;
      signature_.columns.push_back(std::move(column));
      fields_.push_back({field, data->second, type});
    }
    signature_.columns_named = true;
    if (signature_.columns.size() > kWidthMax) {
      return resource_exhausted(fmt::format("a model of over {} columns", kWidthMax));
    }
    return {};
  }

  Status define_column(Context& context, Scope& scope, uint32_t i) {
    const Field& field = fields_[i];
    const bool text = signature_.columns[i].is_text();
    const size_t before = context.terms.size();
    Typed value{context.terms.column(text ? kStringsInput : kNumbersInput, i,
                                     text ? ValueKind::kString : ValueKind::kDense),
                text ? DataType::kString : field.type};
    if (field.type == DataType::kFloat) {
      value.term = TRY(context.terms.apply(Code::kToFloat32, {value.term}));
    }
    value = TRY(cast(context, field.data_field, value, field.type));
    value = TRY(treat(context, field.mining_field, field.data_field, value));
    scope.define(signature_.columns[i].name,
                 TRY(context.keep(value, before, signature_.columns[i].name)));
    return {};
  }

  Status add_output(Context& context, const std::string& name, const Typed& value) {
    if (signature_.find_output(name)) return {};
    if (signature_.outputs.size() == kOutputsMax) {
      return unimplemented(fmt::format("a model of over {} outputs", kOutputsMax));
    }
    OutputSpec output;
    output.name = name;
    output.value = TRY(context.terms.add_to(context.graph, {{value.term}}, name));
    output.is_vector = true;
    if (context.is_text(value)) output.dtype = DType::kString;
    if (value.type == DataType::kInteger) output.dtype = DType::kInt64;
    if (value.type == DataType::kBoolean) output.dtype = DType::kBool;
    signature_.outputs.push_back(std::move(output));
    return {};
  }

  Status add_probabilities(Context& context, const Element& model, const std::string& name,
                           const Prediction& prediction) {
    if (prediction.probabilities.empty() || prediction.classes.empty()) return {};
    OutputSpec output;
    output.name = name;
    output.value = TRY(context.matrix(prediction.probabilities, model.place()));
    output.width = static_cast<uint32_t>(prediction.probabilities.size());
    output.columns = prediction.classes;
    signature_.outputs.push_back(std::move(output));
    return {};
  }

  /// Values side by side; as texts if one is.
  Status add_matrix(Context& context, const Element& at, const std::string& name,
                    std::vector<Typed> values, std::vector<std::string> columns) {
    if (signature_.outputs.size() == kOutputsMax) {
      return unimplemented(fmt::format("a model of over {} outputs", kOutputsMax));
    }
    const bool texts = std::ranges::any_of(values, [&](auto& v) { return context.is_text(v); });
    std::vector<TermId> terms;
    for (const Typed& value : values) {
      const Typed made = texts ? TRY(cast(context, at, value, DataType::kString)) : value;
      terms.push_back(made.term);
    }
    OutputSpec output;
    output.name = name;
    output.value = TRY(context.matrix(terms, name));
    output.width = static_cast<uint32_t>(terms.size());
    if (texts) output.dtype = DType::kString;
    output.columns = std::move(columns);
    signature_.outputs.push_back(std::move(output));
    return {};
  }

  /// `predict` has a column for each target, or segment; so have Output's fields of segments that
  /// are asked for the same.
  Status add_members(Context& context, const Element& model, const Prediction& prediction) {
    std::vector<Typed> values;
    std::vector<std::string> names;
    for (const auto& [name, member] : prediction.members) {
      values.push_back(member->value);
      names.push_back(name);
    }
    TRY_STATUS(add_matrix(context, model, "predict", values, names));
    for (size_t i = 0; i < names.size(); ++i) {
      TRY_STATUS(add_probabilities(context, model, fmt::format("predict_proba_{}", i),
                                   *prediction.members[i].prediction));
    }
    if (!prediction.members_are_alike) {
      for (size_t i = 0; i < names.size(); ++i) {
        TRY_STATUS(add_output(context, names[i], values[i]));
      }
      return {};
    }
    for (const auto& [name, first] : prediction.members[0].prediction->outputs) {
      std::vector<Typed> alike;
      for (const auto& [id, member] : prediction.members) {
        const auto found =
            std::ranges::find(member->outputs, name, [](auto& o) { return o.first; });
        if (found != member->outputs.end()) alike.push_back(found->second);
      }
      if (alike.size() != names.size() || signature_.find_output(name)) continue;
      TRY_STATUS(add_matrix(context, model, name, std::move(alike), names));
    }
    return {};
  }

  Status add_outputs(Context& context, const Element& model, const Prediction& prediction) {
    if (!prediction.members.empty()) {
      TRY_STATUS(add_members(context, model, prediction));
    } else {
      TRY_STATUS(add_output(context, "predict", prediction.value));
      TRY_STATUS(add_probabilities(context, model, "predict_proba", prediction));
    }
    for (const auto& [name, value] : prediction.outputs) {
      TRY_STATUS(add_output(context, name, value));
    }
    return {};
  }

  struct Field {
    Element mining_field;
    Element data_field;
    DataType type;
  };

  Element root_;
  size_t file_bytes_;
  File file_;
  std::map<std::string, Element, std::less<>> functions_;
  std::vector<Field> fields_;  // of the columns
  Signature signature_;
};

class PmmlFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "pmml"; }
  std::string_view description() const override { return "PMML 3.0 to 4.4"; }

  bool recognises(std::string_view start) const override {
    if (start.starts_with("\xEF\xBB\xBF")) start.remove_prefix(3);
    const size_t first = start.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || start[first] != '<') return false;
    // The word may stand in a comment, too.
    for (size_t tag = start.find("PMML", 1); tag != std::string_view::npos;) {
      if (start[tag - 1] == '<' || start[tag - 1] == ':') return true;
      tag = start.find("PMML", tag + 1);
    }
    return false;
  }

  Result<ReadReport> read(FileBytes bytes, const formats::ReadOptions& options,
                          const formats::FormatSet& formats, const Limits& limits) const override {
    static_cast<void>(formats);
    ReadReport report;
    report.info.file_bytes = bytes.size();
    report.info.container = "xml";
    const Document document = TRY(Document::parse(bytes, limits));
    bytes = {};  // the document has a copy
    const Element root = document.root();
    describe(root, report);
    const std::vector<Element> models = models_of(root);
    if (models.empty()) {
      report.gaps.push_back({"", "PMML", 0, "the file holds no model that PMML defines", ""});
      return report;
    }
    size_t chosen = 0;
    if (!options.select.empty()) {
      while (chosen < models.size() && path_of(models[chosen], chosen) != options.select) ++chosen;
      if (chosen == models.size()) {
        return not_found(fmt::format("--select {}: no model of that name", options.select));
      }
    } else if (models.size() > 1) {
      for (size_t i = 0; i < models.size(); ++i) {
        report.candidates.push_back({path_of(models[i], i), std::string(models[i].name())});
      }
      return report;
    }
    return lower(root, models[chosen], std::move(report));
  }

 private:
  static std::string path_of(const Element& model, size_t index) {
    return std::string(model.attribute_or("modelName", std::to_string(index)));
  }

  static void describe(const Element& root, ReadReport& report) {
    const Element application = root.child("Header").child("Application");
    report.info.library = application.attribute_or("name", "PMML");
    report.info.library_version =
        application.attribute_or("version", root.attribute_or("version", ""));
  }

  static Result<ReadReport> lower(const Element& root, const Element& model, ReadReport report) {
    report.info.class_name = model.name();
    Result<std::shared_ptr<const Graph>> graph = Lowering(root, report.info.file_bytes).run(model);
    if (graph.ok()) {
      report.graph = std::move(graph).value();
      return report;
    }
    if (graph.status().code() != StatusCode::kUnimplemented) return std::move(graph).status();
    report.gaps.push_back(
        {"", report.info.class_name, 0, graph.status().message(), "see docs/coverage.md"});
    return report;
  }
};

}  // namespace

std::unique_ptr<const formats::ModelFormat> make_format() {
  return std::make_unique<const PmmlFormat>();
}

}  // namespace slipway::pmml
