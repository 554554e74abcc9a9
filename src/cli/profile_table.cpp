#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/profile_output.h"
#include "data/cell_text.h"

namespace slipway::cli {
namespace {

using data::ColumnKind;
using data::Profile;

constexpr size_t kNameMax = 28;
constexpr size_t kShownTop = 5;
constexpr size_t kShownAssociations = 15;
constexpr size_t kShownPairs = 10;
constexpr double kStrong = 0.8;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

/// At most so many characters; what is a file's own word may hold anything, and must not move the
/// terminal's cursor.
std::string shown(std::string_view text, size_t most) {
  std::string out;
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!continues_character(text[i]) && ++count > most) {
      while (!out.empty() && continues_character(out.back())) out.pop_back();
      if (!out.empty()) out.pop_back();
      return out + "…";
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, which are controls too, begin with 0xC2 and go on below 0xA0.
    const bool is_c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    out += byte < 0x20 || byte == 0x7f ? '?' : text[i];
    if (is_c1) {
      out.back() = '?';
      ++i;
    }
  }
  return out;
}

std::string padded(const std::string& text, size_t width) {
  const size_t size = characters(text);
  return size >= width ? text : text + std::string(width - size, ' ');
}

std::string share(size_t part, size_t all) {
  if (all == 0) return "0 %";
  return fmt::format("{:.3g} %", 100 * static_cast<double>(part) / static_cast<double>(all));
}

std::string values_text(const data::ColumnProfile& column) {
  if (column.values == 0) return "no values";
  if (!column.number.has_value()) return top_values_text(column, kShownTop);
  const data::NumberProfile& number = *column.number;
  std::string range =
      fmt::format("{} .. {} .. {}", statistic_text(column, number.min),
                  statistic_text(column, number.quantiles[3]), statistic_text(column, number.max));
  if (column.kind == ColumnKind::kTime) return range;
  const std::string unit = column.unit.empty() ? "" : fmt::format(" [{}]", column.unit);
  return fmt::format("{}  mean {:.4g}  std {:.4g}{}", range, number.mean, number.std, unit);
}

void add_columns(const Profile& profile, size_t width, std::string& out) {
  size_t name_width = 6;
  for (const data::ColumnProfile& column : profile.columns) {
    name_width = std::max(name_width, std::min(characters(column.name), kNameMax));
  }
  name_width = std::min(name_width, std::max<size_t>(width / 3, 6));
  const std::string head =
      fmt::format("{}  type      missing  distinct  ", padded("column", name_width));
  const size_t rest = width > head.size() + 10 ? width - head.size() : 10;
  out.append(head)
      .append(shown("least .. median .. greatest, or the commonest", rest))
      .append("\n");
  for (const data::ColumnProfile& column : profile.columns) {
    out.append(fmt::format("{}  {:<8}  {:>7}  {:>8}  {}\n",
                           padded(shown(column.name, name_width), name_width),
                           column_kind_name(column.kind), column.missing, column.distinct,
                           shown(values_text(column), rest)));
  }
}

void add_target(const data::TargetProfile& target, size_t width, std::string& out) {
  size_t all = 0;
  for (const data::TopValue& value : target.classes) all += value.count;
  out.append(fmt::format("\nTarget {}", shown(target.name, kNameMax)));
  if (target.has_classes) {
    out.append(fmt::format(", {} classes:", target.classes.size()));
    std::string classes;
    for (size_t i = 0; i < std::min(target.classes.size(), data::kTopValues); ++i) {
      classes.append(fmt::format("{} {} ({})", i == 0 ? "" : ",", target.classes[i].text,
                                 share(target.classes[i].count, all)));
    }
    out.append("\n ").append(shown(classes, width - 1));
  }
  out.append("\n\ntogether with it        measure            value  alone\n");
  for (size_t i = 0; i < std::min(target.associations.size(), kShownAssociations); ++i) {
    const data::Association& one = target.associations[i];
    out.append(fmt::format("{}  {:<17} {:>6.3f} {:>6.3f}\n", padded(shown(one.column, 22), 22),
                           measure_name(one.measure), one.value, one.alone));
  }
}

void add_pairs(const data::Correlations& correlations, std::string& out) {
  struct Pair {
    size_t a;
    size_t b;
    double value;
  };
  std::vector<Pair> pairs;
  const size_t width = correlations.names.size();
  for (size_t a = 0; a < width; ++a) {
    for (size_t b = a + 1; b < width; ++b) {
      const double value = correlations.values[a * width + b];
      if (std::fabs(value) >= kStrong) pairs.push_back({a, b, value});
    }
  }
  if (pairs.empty()) return;
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
    return std::fabs(x.value) > std::fabs(y.value);
  });
  out.append("\nStrongly correlated:\n");
  for (size_t i = 0; i < std::min(pairs.size(), kShownPairs); ++i) {
    out.append(fmt::format("  {:>6.3f}  {}, {}\n", pairs[i].value,
                           shown(correlations.names[pairs[i].a], kNameMax),
                           shown(correlations.names[pairs[i].b], kNameMax)));
  }
}

}  // namespace

std::string statistic_text(const data::ColumnProfile& column, double value) {
  if (column.kind != ColumnKind::kTime) return fmt::format("{:.6g}", value);
  std::string text = data::time_text(value);
  if (text.ends_with("T00:00:00Z")) text.erase(text.size() - std::string_view("T00:00:00Z").size());
  return text;
}

std::string top_values_text(const data::ColumnProfile& column, size_t most) {
  std::string out;
  for (size_t i = 0; i < std::min(column.top.size(), most); ++i) {
    out.append(fmt::format("{}{} {}", i == 0 ? "" : ", ", column.top[i].text,
                           share(column.top[i].count, column.values)));
  }
  return out;
}

std::string profile_table(const Profile& profile, const std::string& file, size_t width) {
  std::string out =
      fmt::format("{}: {} rows, {} columns, {} duplicate rows\n\n", shown(file, width),
                  profile.rows, profile.columns.size(), profile.duplicate_rows);
  add_columns(profile, width, out);
  if (profile.target.has_value()) add_target(*profile.target, width, out);
  add_pairs(profile.correlations, out);
  if (profile.suspicions.empty()) return out;
  out.append("\nSuspicious:\n");
  for (const data::Suspicion& suspicion : profile.suspicions) {
    out.append(shown(fmt::format("  {}: {}: {}", shown(suspicion.column, kNameMax),
                                 suspicion_name(suspicion.kind), suspicion.text),
                     width))
        .append("\n");
  }
  return out;
}

}  // namespace slipway::cli
