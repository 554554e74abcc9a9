// Heat maps: confusion matrices, correlations.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "report/internal/axis.h"
#include "report/internal/markup.h"

namespace slipway::report {
namespace {

constexpr double kLeft = 150;
constexpr double kTop = 130;

double full_shade(const HeatMap& map) {
  double scale = map.scale;
  if (scale > 0) return scale;
  for (const double value : map.values) {
    if (can_draw(value)) scale = std::max(scale, std::abs(value));
  }
  return scale > 0 ? scale : 1;
}

}  // namespace

Svg heat_map(const ChartText& text, const HeatMap& map) {
  const size_t rows = std::min(map.rows.size(), kHeatSideMax);
  const size_t columns = std::min(map.columns.size(), kHeatSideMax);
  const bool sound = map.values.size() == map.rows.size() * map.columns.size();
  const bool cut = rows < map.rows.size() || columns < map.columns.size();
  // Cells shrink as they become many; numbers stand in those that have room for them.
  const double side =
      std::clamp(480.0 / static_cast<double>(std::max<size_t>(columns, 1)), 22.0, 64.0);
  const double width = kLeft + side * static_cast<double>(columns) + 20;
  const double bottom = kTop + side * static_cast<double>(rows);
  std::string out = begin_svg(text.title, std::max(width, 320.0), bottom + (cut ? 44 : 24));
  append_label(out, kLeft, bottom + 16, "start", shortened(text.x_label, 60));
  append_label(out, 8, kTop - 10, "start", shortened(text.y_label, 22));
  const double scale = full_shade(map);
  for (size_t column = 0; column < columns; ++column) {
    const double x = kLeft + side * (static_cast<double>(column) + 0.5);
    fmt::format_to(std::back_inserter(out),
                   "<text transform=\"translate({:.1f} {:.1f}) rotate(-45)\">{}</text>", x,
                   kTop - 6, escaped(shortened(map.columns[column], 20)));
  }
  for (size_t row = 0; row < rows; ++row) {
    const double y = kTop + side * static_cast<double>(row);
    append_label(out, kLeft - 8, y + side / 2 + 4, "end", shortened(map.rows[row], 22));
    for (size_t column = 0; sound && column < columns; ++column) {
      const double value = map.values[row * map.columns.size() + column];
      const double shade = can_draw(value) ? std::min(std::abs(value) / scale, 1.0) : 0;
      const double x = kLeft + side * static_cast<double>(column);
      fmt::format_to(std::back_inserter(out),
                     "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                     "height=\"{:.1f}\" fill-opacity=\"{:.3f}\"><title>{} / {}: {}</title></rect>",
                     value < 0 ? "cold" : "hot", x, y, side - 1, side - 1, shade,
                     escaped(shortened(map.rows[row], 80)),
                     escaped(shortened(map.columns[column], 80)), number_text(value));
      if (side < 30) continue;
      fmt::format_to(
          std::back_inserter(out),
          "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
          shade > 0.55 ? "on" : "cell", x + (side - 1) / 2, y + side / 2 + 4,
          number_text(value, side < 44 ? std::min(map.digits, 4) : map.digits));
    }
  }
  if (cut) {
    append_label(
        out, kLeft, bottom + 34, "start",
        fmt::format("{} x {} of {} x {}", rows, columns, map.rows.size(), map.columns.size()));
  }
  out += "</svg>";
  return {std::move(out)};
}

}  // namespace slipway::report
