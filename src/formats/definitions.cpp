#include "formats/definitions.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace slipway::formats {
namespace {

Status error_at(const YAML::Mark& mark, std::string_view message) {
  if (mark.is_null()) return invalid_argument(std::string(message));
  return invalid_argument(
      fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, message));
}

Status error_at(const YAML::Node& node, std::string_view message) {
  return error_at(node.Mark(), message);
}

Result<std::string> scalar(const YAML::Node& node, std::string_view what) {
  if (node.IsScalar()) return node.Scalar();
  return error_at(node, fmt::format("{} must be a text", what));
}

Result<bool> truth(const YAML::Node& node, std::string_view what) {
  bool value = false;
  if (node.IsScalar() && YAML::convert<bool>::decode(node, value)) return value;
  return error_at(node, fmt::format("{} must be true or false", what));
}

/// Of an input: whether it is text.
Result<bool> text_type(const YAML::Node& node) {
  if (node.IsScalar() && node.Scalar() == "text") return true;
  if (node.IsScalar() && node.Scalar() == "number") return false;
  return error_at(node, "the type of an input must be number or text");
}

}  // namespace

/// Reads the document; of nested nodes only so deep as the format goes.
class DefinitionsReader {
 public:
  explicit DefinitionsReader(const std::string& text) : text_(text) {}

  Status read(const YAML::Node& root, Definitions& into) {
    if (!root.IsMap()) return error_at(root, "expected a map with the key 'definitions'");
    for (const auto& entry : root) {
      const YAML::Node& key = entry.first;
      const YAML::Node& value = entry.second;
      const std::string name = TRY(scalar(key, "a key"));
      if (name == "definitions") {
        TRY_STATUS(read_all(value, into));
      } else if (name == "model") {
        into.model_ = TRY(scalar(value, name));
      } else if (name == "unverified") {
        into.unverified_ = TRY(truth(value, name));
      } else {
        return error_at(key, fmt::format("unknown key '{}', expected definitions, model or "
                                         "unverified",
                                         name));
      }
    }
    if (into.definitions_.empty()) return error_at(root, "nothing is defined");
    return {};
  }

 private:
  Status read_all(const YAML::Node& map, Definitions& into) {
    if (!map.IsMap()) return error_at(map, "definitions must be a map from names to definitions");
    if (map.size() > Definitions::kDefinitionsMax) {
      return error_at(map, fmt::format("over {} definitions", Definitions::kDefinitionsMax));
    }
    for (const auto& entry : map) {
      const YAML::Node& key = entry.first;
      const YAML::Node& value = entry.second;
      Definition definition;
      definition.name = TRY(scalar(key, "a name"));
      if (!value.IsMap()) return error_at(value, "a definition must be a map");
      for (const auto& part : value) {
        TRY_STATUS(
            read_part(TRY(scalar(part.first, "a key")), part.first, part.second, definition));
      }
      const int kinds = (definition.outputs.empty() ? 0 : 1) + (definition.each ? 1 : 0) +
                        (definition.methods.empty() ? 0 : 1) + (definition.same_as.empty() ? 0 : 1);
      if (kinds != 1) {
        return error_at(key, fmt::format("{} must have just one of outputs, each, predict and "
                                         "same_as",
                                         definition.name));
      }
      const std::string name = definition.name;
      if (!into.definitions_.emplace(name, std::move(definition)).second) {
        return error_at(key, fmt::format("{} is defined twice", name));
      }
    }
    return {};
  }

  Status read_part(const std::string& name, const YAML::Node& key, const YAML::Node& content,
                   Definition& into) {
    if (name == "inputs") return read_inputs(content, into.inputs.emplace());
    if (name == "outputs") return read_outputs(content, into.outputs);
    if (name == "keep") {
      into.keep = TRY(truth(content, name));
    } else if (name == "each") {
      into.each = TRY(formula(content));
    } else if (name == "predict" || name == "decision_function") {
      Formula method = TRY(formula(content));
      into.methods.push_back({name, std::move(method)});
    } else if (name == "same_as") {
      into.same_as = TRY(scalar(content, name));
    } else {
      return error_at(key, fmt::format("unknown key '{}', expected inputs, keep, outputs, each, "
                                       "predict, decision_function or same_as",
                                       name));
    }
    return {};
  }

  Status read_inputs(const YAML::Node& node, std::vector<Definition::Input>& into) {
    if (!node.IsSequence() && !node.IsMap()) {
      return error_at(node, "inputs must be a list of names, or a map from names to types");
    }
    if (node.size() > Definitions::kOutputsMax) return error_at(node, "too many inputs");
    for (const auto& item : node) {
      if (node.IsSequence()) {
        std::string input = TRY(scalar(item, "an input"));
        into.push_back({std::move(input), false});
        continue;
      }
      const bool is_text = TRY(text_type(item.second));
      std::string input = TRY(scalar(item.first, "an input"));
      into.push_back({std::move(input), is_text});
    }
    return {};
  }

  Status read_outputs(const YAML::Node& node, std::vector<Definition::Output>& into) {
    if (!node.IsMap()) return error_at(node, "outputs must be a map from names to formulas");
    outputs_ += node.size();
    if (outputs_ > Definitions::kOutputsMax) return error_at(node, "too many outputs");
    for (const auto& item : node) {
      std::string name = TRY(scalar(item.first, "an output"));
      Formula output = TRY(formula(item.second));
      into.push_back({std::move(name), std::move(output)});
    }
    if (into.empty()) return error_at(node, "outputs are missing");
    return {};
  }

  Result<Formula> formula(const YAML::Node& node) {
    const std::string source = TRY(scalar(node, "a formula"));
    // An alias repeats a formula at no cost in the file.
    bytes_ += source.size();
    if (bytes_ > Definitions::kBytesMax)
      return error_at(node, "the formulas are too long together");
    FormulaPlace place;
    const YAML::Mark mark = node.Mark();
    if (!mark.is_null()) {
      place = {static_cast<uint32_t>(mark.line) + 1, static_cast<uint32_t>(mark.column) + 1};
      const char first = mark.pos >= 0 && static_cast<size_t>(mark.pos) < text_.size()
                             ? text_[static_cast<size_t>(mark.pos)]
                             : ' ';
      if (first == '"' || first == '\'') ++place.column;
    }
    return parse_formula(source, place);
  }

  const std::string& text_;
  size_t outputs_ = 0;
  size_t bytes_ = 0;
};

const Definition* Definitions::find(std::string_view name) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() ? nullptr : &found->second;
}

Status Definitions::check_model(std::string_view digest) const {
  if (model_.empty() || model_ == digest) return {};
  return invalid_argument(
      fmt::format("these definitions are for the model {}, this one is {}", model_, digest));
}

Result<std::shared_ptr<const Definitions>> parse_definitions(const std::string& yaml) {
  if (yaml.size() > Definitions::kBytesMax) {
    return invalid_argument(fmt::format("longer than {} bytes", Definitions::kBytesMax));
  }
  auto made = std::make_shared<Definitions>();
  try {
    TRY_STATUS(DefinitionsReader(yaml).read(YAML::Load(yaml), *made));
  } catch (const YAML::Exception& error) {
    return error_at(error.mark, fmt::format("no YAML: {}", error.msg));
  }
  return std::shared_ptr<const Definitions>(std::move(made));
}

}  // namespace slipway::formats
