#include <fmt/format.h>

#include <algorithm>

#include "cli/profile_output.h"
#include "report/page.h"

namespace slipway::cli {
namespace {

using data::ColumnKind;
using data::Profile;

/// Charts of so many columns: the first.
constexpr size_t kChartsMax = 200;
constexpr size_t kShownTop = 5;

std::string real(double value) { return fmt::format("{:.6g}", value); }

report::Table column_table(const Profile& profile) {
  report::Table table;
  table.columns = {{"column"},     {"type"},       {"missing", true}, {"distinct", true},
                   {"min", true},  {"5 %", true},  {"25 %", true},    {"median", true},
                   {"75 %", true}, {"95 %", true}, {"max", true},     {"mean", true},
                   {"std", true},  {"commonest"}};
  for (const data::ColumnProfile& column : profile.columns) {
    std::vector<std::string> row = {column.name, std::string(column_kind_name(column.kind)),
                                    std::to_string(column.missing),
                                    std::to_string(column.distinct)};
    if (!column.unit.empty()) row[0].append(" [").append(column.unit).append("]");
    if (column.number.has_value()) {
      const data::NumberProfile& number = *column.number;
      row.push_back(statistic_text(column, number.min));
      for (size_t i = 1; i + 1 < data::kQuantiles.size(); ++i) {
        row.push_back(statistic_text(column, number.quantiles.at(i)));
      }
      row.push_back(statistic_text(column, number.max));
      row.push_back(statistic_text(column, number.mean));
      row.push_back(column.kind == ColumnKind::kTime ? fmt::format("{:.6g} s", number.std)
                                                     : real(number.std));
    } else {
      row.resize(table.columns.size() - 1);
    }
    row.push_back(top_values_text(column, kShownTop));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<report::Bar> bars_of(const std::vector<data::TopValue>& values) {
  std::vector<report::Bar> bars;
  bars.reserve(values.size());
  for (const data::TopValue& value : values) {
    bars.push_back({value.text, static_cast<double>(value.count)});
  }
  return bars;
}

void add_distributions(const Profile& profile, report::Page& page) {
  std::vector<report::Svg> charts;
  for (const data::ColumnProfile& column : profile.columns) {
    if (charts.size() == kChartsMax) break;
    if (column.values == 0) continue;
    if (column.number.has_value() && !column.number->histogram.counts.empty()) {
      const bool is_time = column.kind == ColumnKind::kTime;
      charts.push_back(report::histogram(
          {column.name, is_time ? "Seconds since 1970-01-01" : column.unit, "Rows"},
          column.number->histogram.edges, column.number->histogram.counts));
    } else {
      charts.push_back(report::bar_chart({column.name, "Rows", ""}, bars_of(column.top)));
    }
  }
  if (charts.empty()) return;
  page.heading("Distributions");
  page.charts(charts);
}

void add_target(const data::TargetProfile& target, report::Page& page) {
  page.heading(fmt::format("Target: {}", target.name));
  std::vector<report::Bar> strengths;
  report::Table table;
  table.columns = {{"column"},
                   {"measure"},
                   {"value", true},
                   {"mutual information (nats)", true},
                   {"alone", true}};
  for (const data::Association& one : target.associations) {
    strengths.push_back({one.column, one.value});
    table.rows.push_back({one.column, std::string(measure_name(one.measure)), real(one.value),
                          one.mutual_information.has_value() ? real(*one.mutual_information) : "",
                          real(one.alone)});
  }
  std::vector<report::Svg> charts;
  if (target.has_classes) {
    charts.push_back(report::bar_chart({"Classes", "Rows", ""}, bars_of(target.classes)));
  }
  charts.push_back(report::bar_chart({"Together with the target", "Strength", ""}, strengths));
  page.charts(charts);
  page.paragraph(fmt::format(
      "Strength: Pearson's correlation of two numbers, the correlation ratio of a number and "
      "classes, Cramer's V of two columns of classes. Alone: how well the column by itself tells "
      "the target, learnt on each half of the rows and tried on the other ({}).",
      target.has_classes ? "share of right classes" : "R2"));
  page.table(table);
}

void add_correlations(const data::Correlations& correlations, report::Page& page) {
  if (correlations.names.size() < 2) return;
  page.heading("Correlations");
  report::HeatMap map{correlations.names, correlations.names, correlations.values, 1, 2};
  page.charts({report::heat_map({"Pearson's correlation", "", ""}, map)});
}

}  // namespace

std::string profile_page(const Profile& profile, const std::string& file) {
  report::Page page(fmt::format("Data: {}", file));
  size_t missing = 0;
  for (const data::ColumnProfile& column : profile.columns) missing += column.missing;
  page.facts({{"rows", std::to_string(profile.rows)},
              {"columns", std::to_string(profile.columns.size())},
              {"missing cells", std::to_string(missing)},
              {"duplicate rows", std::to_string(profile.duplicate_rows)}});
  if (!profile.suspicions.empty()) {
    page.heading("Suspicious");
    report::Table table;
    table.columns = {{"column"}, {"what"}, {"why"}};
    for (const data::Suspicion& suspicion : profile.suspicions) {
      table.rows.push_back(
          {suspicion.column, std::string(suspicion_name(suspicion.kind)), suspicion.text});
    }
    page.table(table);
  }
  page.heading("Columns");
  page.table(column_table(profile));
  if (profile.target.has_value()) add_target(*profile.target, page);
  add_distributions(profile, page);
  add_correlations(profile.correlations, page);
  return std::move(page).finish();
}

}  // namespace slipway::cli
