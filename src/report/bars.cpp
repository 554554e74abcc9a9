// Bar charts and histograms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "report/internal/axis.h"
#include "report/internal/markup.h"

namespace slipway::report {
namespace {

constexpr double kBarPitch = 22;
constexpr double kLabelWidth = 180;

/// A bar's rectangle, its interval and its number.
void append_bar(std::string& out, const Bar& bar, double top, const Plot& plot, const Axis& axis) {
  const auto place = [&](double value) { return plot.left + axis.share(value) * plot.width; };
  append_label(out, plot.left - 8, top + 14, "end", shortened(bar.label, 28));
  if (!can_draw(bar.value)) {
    append_label(out, place(0) + 4, top + 14, "start", number_text(bar.value, 4));
    return;
  }
  const double from = std::min(place(0), place(bar.value));
  const double to = std::max(place(0), place(bar.value));
  fmt::format_to(std::back_inserter(out),
                 "<rect class=\"fill0\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"16\">"
                 "<title>{}: {}</title></rect>",
                 from, top + 2, to - from, escaped(bar.label), number_text(bar.value));
  double behind = to;
  if (bar.interval.has_value() && can_draw(bar.interval->lower) && can_draw(bar.interval->upper)) {
    fmt::format_to(
        std::back_inserter(out),
        "<line class=\"interval\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
        place(bar.interval->lower), top + 10, place(bar.interval->upper), top + 10);
    behind = std::max(behind, place(bar.interval->upper));
  }
  append_label(out, behind + 5, top + 14, "start", number_text(bar.value, 4));
}

}  // namespace

Svg bar_chart(const ChartText& text, std::span<const Bar> bars) {
  const size_t left_out = bars.size() > kBarsMax ? bars.size() - kBarsMax : 0;
  const auto shown = bars.first(bars.size() - left_out);
  Axis axis;
  axis.add(0);
  for (const Bar& bar : shown) {
    axis.add(bar.value);
    if (bar.interval.has_value()) {
      axis.add(bar.interval->lower);
      axis.add(bar.interval->upper);
    }
  }
  axis.settle(std::nullopt);
  const double height = kBarPitch * static_cast<double>(std::max<size_t>(shown.size(), 1));
  const Plot plot{kLabelWidth + 10, 32, 300, height};
  const double total = plot.top + height + (left_out > 0 ? 62 : 42);
  std::string out = begin_svg(text.title, 560, total);
  append_axes(out, plot, axis, Axis(), {"", text.x_label, ""});
  double top = plot.top;
  for (const Bar& bar : shown) {
    append_bar(out, bar, top, plot, axis);
    top += kBarPitch;
  }
  if (left_out > 0) {
    append_label(out, plot.left, total - 6, "start", fmt::format("and {} more", left_out));
  }
  out += "</svg>";
  return {std::move(out)};
}

Svg histogram(const ChartText& text, std::span<const double> edges,
              std::span<const double> counts) {
  const Plot plot{64, 32, 400, 220};
  std::string out = begin_svg(text.title, 480, 300);
  const bool sound = edges.size() == counts.size() + 1 && counts.size() <= kBinsMax &&
                     std::is_sorted(edges.begin(), edges.end()) &&
                     std::all_of(edges.begin(), edges.end(), can_draw);
  Axis x;
  Axis y;
  y.add(0);
  if (sound) {
    for (const double edge : edges) x.add(edge);
    for (const double count : counts) y.add(count);
  }
  x.settle(std::nullopt);
  y.settle(std::nullopt);
  append_axes(out, plot, x, y, text);
  const double base = plot.top + plot.height - y.share(0) * plot.height;
  for (size_t i = 0; sound && i < counts.size(); ++i) {
    if (!can_draw(counts[i])) continue;
    const double left = plot.left + x.share(edges[i]) * plot.width;
    const double right = plot.left + x.share(edges[i + 1]) * plot.width;
    const double top = plot.top + plot.height - y.share(counts[i]) * plot.height;
    fmt::format_to(std::back_inserter(out),
                   "<rect class=\"fill0\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" "
                   "height=\"{:.2f}\"><title>{} to {}: {}</title></rect>",
                   left, std::min(top, base), std::max(right - left - 0.5, 0.5),
                   std::abs(base - top), number_text(edges[i]), number_text(edges[i + 1]),
                   number_text(counts[i]));
  }
  out += "</svg>";
  return {std::move(out)};
}

}  // namespace slipway::report
