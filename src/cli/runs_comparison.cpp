// Runs side by side: only what differs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "cli/json_writer.h"
#include "cli/plain_text.h"
#include "cli/runs_output.h"

namespace slipway::cli {
namespace {

using experiments::NamedTexts;
using experiments::RunMetric;
using experiments::RunRecord;

constexpr size_t kCellWidth = 24;

/// One value of one run; what has no value is not there.
struct Cell {
  std::string shown;
  std::string json;
  bool operator==(const Cell&) const = default;
};

struct Line {
  std::string name;
  std::vector<Cell> cells;  // of each run; empty texts: it has none
};

struct Section {
  const char* name;
  std::vector<Line> lines;
};

Cell text_cell(std::string_view text) {
  Cell cell;
  cell.shown = text;
  append_json_string(cell.json, text);
  return cell;
}

Cell number_cell(double value) {
  Cell cell;
  cell.shown = std::isnan(value) ? "n/a" : fmt::format("{:.6g}", value);
  append_json_number(cell.json, value);
  return cell;
}

/// The values of all runs, by name; `each` gives those of one.
template <typename Each>
Section section_of(const char* name, std::span<const RunRecord> runs, const Each& each) {
  std::map<std::string, std::vector<Cell>, std::less<>> cells;
  for (size_t i = 0; i < runs.size(); ++i) {
    each(runs[i], [&](std::string_view key, Cell cell) {
      const auto [place, is_new] = cells.try_emplace(std::string(key));
      if (is_new) place->second.resize(runs.size());
      place->second[i] = std::move(cell);
    });
  }
  Section section{name, {}};
  for (auto& [key, line] : cells) {
    if (std::ranges::adjacent_find(line, std::ranges::not_equal_to()) == line.end()) continue;
    section.lines.push_back({key, std::move(line)});
  }
  return section;
}

template <typename Add>
void add_texts(const NamedTexts& texts, const Add& add) {
  for (const auto& [name, value] : texts) add(name, text_cell(value));
}

std::vector<Section> differences(std::span<const RunRecord> runs) {
  std::vector<Section> sections;
  sections.push_back(section_of("run", runs, [](const RunRecord& run, const auto& add) {
    add("status", text_cell(run_status_name(run.status)));
    add("target", text_cell(run.target));
    add("task", text_cell(run.task));
    add("learner", text_cell(run.learner));
    add("scoring", text_cell(run.scoring));
    add("partition", text_cell(run.partition));
    add("folds", text_cell(fmt::format("{}", run.folds)));
    add("seed", text_cell(fmt::format("{}", run.seed)));
    add("tool", text_cell(run.tool));
  }));
  sections.push_back(section_of("data", runs, [](const RunRecord& run, const auto& add) {
    add("path", text_cell(run.data_path));
    add("sha256", text_cell(run.data_sha256));
    add("rows", text_cell(fmt::format("{}", run.data_rows)));
    add("columns", text_cell(fmt::format("{}", run.data_columns)));
    add("train_rows", text_cell(fmt::format("{}", run.train_rows)));
  }));
  sections.push_back(section_of("parameters", runs, [](const RunRecord& run, const auto& add) {
    add_texts(run.parameters, add);
  }));
  sections.push_back(section_of("preparation", runs, [](const RunRecord& run, const auto& add) {
    add_texts(run.preparation, add);
  }));
  sections.push_back(section_of("metrics", runs, [](const RunRecord& run, const auto& add) {
    if (run.candidates.empty()) return;
    for (const RunMetric& metric : run.candidates[0].metrics) {
      add(metric.name, number_cell(metric.mean));
    }
  }));
  sections.push_back(section_of("test", runs, [](const RunRecord& run, const auto& add) {
    for (const RunMetric& metric : run.test_metrics) add(metric.name, number_cell(metric.mean));
  }));
  std::erase_if(sections, [](const Section& section) { return section.lines.empty(); });
  return sections;
}

std::string cell_text(const Cell& cell) {
  return cell.json.empty() ? std::string("-") : plain_text(cell.shown, kCellWidth - 2);
}

}  // namespace

std::string comparison_text(std::span<const RunRecord> runs) {
  const std::vector<Section> sections = differences(runs);
  if (sections.empty()) return "the runs do not differ\n";
  std::string out = fmt::format("{:<32}", "");
  for (const RunRecord& run : runs) {
    fmt::format_to(std::back_inserter(out), "{:<{}}", fmt::format("run {}", run.number),
                   kCellWidth);
  }
  for (const Section& section : sections) {
    fmt::format_to(std::back_inserter(out), "\n{}\n", section.name);
    for (const Line& line : section.lines) {
      fmt::format_to(std::back_inserter(out), "  {:<30}", plain_text(line.name, 29));
      for (const Cell& cell : line.cells) {
        fmt::format_to(std::back_inserter(out), "{:<{}}", cell_text(cell), kCellWidth);
      }
      out.erase(out.find_last_not_of(' ') + 1);
      out.push_back('\n');
    }
  }
  return out;
}

std::string comparison_json(std::span<const RunRecord> runs) {
  JsonWriter json;
  json.begin('{');
  json.key("runs");
  json.begin('[');
  for (const RunRecord& run : runs) json.raw(std::to_string(run.number));
  json.end(']');
  for (const Section& section : differences(runs)) {
    json.key(section.name);
    json.begin('{');
    for (const Line& line : section.lines) {
      json.key(line.name);
      json.begin('[');
      for (const Cell& cell : line.cells) json.raw(cell.json.empty() ? "null" : cell.json);
      json.end(']');
    }
    json.end('}');
  }
  json.end('}');
  return json.text() + "\n";
}

}  // namespace slipway::cli
