#include "cli/model_card.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "cli/version.h"

namespace slipway::cli {
namespace {

constexpr size_t kColumnsShown = 200;

/// A text in a cell of a table: nothing in it is markup.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      out.push_back(' ');
      continue;
    }
    if (std::string_view("\\`*_{}[]<>()#|!&~").find(c) != std::string_view::npos) {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out;
}

std::string classes_of(const OutputSpec& output) {
  if (output.labels.empty()) return {};
  const LabelTable& labels = output.labels[0];
  constexpr size_t kShown = 12;
  std::string text;
  const auto add = [&](std::string_view label) {
    text.append(text.empty() ? "" : ", ").append(escaped(label));
  };
  for (size_t i = 0; i < std::min(labels.size(), kShown); ++i) {
    if (!labels.strings.empty()) add(labels.strings[i]);
    if (!labels.floats.empty()) add(fmt::format("{}", labels.floats[i]));
    if (!labels.ints.empty()) {
      const bool is_bool = labels.dtype == DType::kBool;
      add(is_bool ? (labels.ints[i] != 0 ? "true" : "false") : fmt::format("{}", labels.ints[i]));
    }
  }
  if (labels.size() > kShown) text.append(fmt::format(", ... ({} in all)", labels.size()));
  return text;
}

/// A JSON value on one line, as people read it.
std::string shown(simdjson::dom::element value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return escaped(text);
  return escaped(std::string(simdjson::minify(value)));
}

/// "train_rows" as "Train rows".
std::string title_of(std::string_view key) {
  std::string title = escaped(key.substr(0, 80));
  std::erase(title, '\\');
  std::ranges::replace(title, '_', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') {
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  }
  return escaped(title);
}

/// Each entry of the details is a section: objects are tables, other values a line.
void append_details(std::string& card, std::string_view details) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const simdjson::padded_string padded(details);
  if (parser.parse(padded).get_object().get(root) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : root) {
    card.append(fmt::format("\n## {}\n\n", title_of(key)));
    simdjson::dom::object entries;
    if (value.get_object().get(entries) != simdjson::SUCCESS) {
      card.append(fmt::format("{}\n", shown(value)));
      continue;
    }
    card.append("| | |\n|---|---|\n");
    for (const auto& [name, entry] : entries) {
      card.append(fmt::format("| {} | {} |\n", escaped(name), shown(entry)));
    }
  }
}

}  // namespace

std::string model_card(const CardFacts& facts) {
  const formats::ModelInfo& info = facts.report->info;
  const Signature& signature = facts.report->graph->signature();
  std::string card = fmt::format("# {}\n\n| | |\n|---|---|\n", escaped(facts.name));
  const auto fact = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) card.append(fmt::format("| {} | {} |\n", name, escaped(value)));
  };
  fact("version", facts.version);
  fact("model", info.class_name);
  fact("trained with", info.library_version.empty()
                           ? info.library
                           : fmt::format("{} {}", info.library, info.library_version));
  fact("packed by", fmt::format("slipway {}", kVersion));
  for (const std::string& warning : info.warnings) fact("warning", warning);
  card.append("\n## Inputs\n\n| column | type |\n|---|---|\n");
  for (size_t i = 0; i < std::min(signature.columns.size(), kColumnsShown); ++i) {
    const InputColumn& column = signature.columns[i];
    card.append(fmt::format("| {} | {} |\n", escaped(column.name),
                            column.is_used ? column_type_name(column.type) : "not used"));
  }
  if (signature.columns.size() > kColumnsShown) {
    card.append(fmt::format("\nand {} more: slipway.json lists all\n",
                            signature.columns.size() - kColumnsShown));
  }
  card.append("\n## Outputs\n\n| output | type | width | classes |\n|---|---|---|---|\n");
  for (const OutputSpec& output : signature.outputs) {
    card.append(fmt::format("| {} | {} | {} | {} |\n", escaped(output.name), oip_name(output.dtype),
                            output.width, classes_of(output)));
  }
  append_details(card, facts.details);
  card.append(
      fmt::format("\n## Use\n\n    slipway serve {0}.slip\n    slipway predict {0}.slip "
                  "rows.csv\n",
                  escaped(facts.name)));
  if (facts.sample_rows > 0) {
    card.append(
        fmt::format("\nexpected.csv holds {} rows with the model's answers; they are "
                    "compared whenever it is loaded.\n",
                    facts.sample_rows));
  }
  if (facts.has_profile) {
    card.append("\nprofile.json tells how the values of each column lie in the data.\n");
  }
  return card;
}

}  // namespace slipway::cli
