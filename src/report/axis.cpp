#include "report/internal/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "report/internal/markup.h"

namespace slipway::report {
namespace {

constexpr int kTicksAbout = 5;

/// 1, 2 or 5 times a power of ten, about a fifth of the range.
double tick_step(double range) {
  const double rough = range / kTicksAbout;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

}  // namespace

bool can_draw(double value) { return std::abs(value) <= kDrawnMax; }

void Axis::add(double value) {
  if (!can_draw(value)) return;
  if (empty()) {
    least_ = greatest_ = value;
  } else {
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
  }
}

void Axis::settle(std::optional<Range> fixed) {
  if (fixed.has_value()) {
    least_ = fixed->lower;
    greatest_ = fixed->upper;
  } else if (empty()) {
    least_ = 0;
    greatest_ = 1;
  }
  // A range that ticks can divide: neither a point nor so narrow that doubles run out.
  const double magnitude = std::max({std::abs(least_), std::abs(greatest_), 1e-290});
  if (greatest_ - least_ < 1e-9 * magnitude) {
    const double margin = magnitude == 1e-290 ? 1.0 : 0.1 * magnitude;
    least_ -= margin;
    greatest_ += margin;
  }
  const double step = tick_step(greatest_ - least_);
  if (!fixed.has_value()) {
    least_ = std::floor(least_ / step) * step;
    greatest_ = std::ceil(greatest_ / step) * step;
  }
  const double first = std::ceil(least_ / step - 1e-6);
  for (int i = 0; i <= 2 * kTicksAbout + 1; ++i) {
    const double tick = (first + i) * step;
    if (tick > greatest_ + 1e-6 * step) break;
    ticks_.push_back(tick);
  }
}

double Axis::share(double value) const {
  return std::clamp((value - least_) / (greatest_ - least_), 0.0, 1.0);
}

std::string number_text(double value, int digits) {
  if (std::isnan(value)) return "n/a";
  return fmt::format("{:.{}g}", value == 0 ? 0.0 : value, digits);
}

std::string begin_svg(std::string_view title, double width, double height) {
  const std::string name = escaped(title);
  return fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\" aria-label=\"{2}\"><title>{2}</title>"
      "<text class=\"title\" x=\"{3:.0f}\" y=\"18\" text-anchor=\"middle\">{4}</text>",
      width, height, name, width / 2, escaped(shortened(title, 64)));
}

void append_label(std::string& out, double x, double y, std::string_view anchor,
                  std::string_view text) {
  fmt::format_to(std::back_inserter(out),
                 "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor,
                 escaped(text));
}

void append_axes(std::string& out, const Plot& plot, const Axis& x, const Axis& y,
                 const ChartText& text) {
  const auto line = [&](double x1, double y1, double x2, double y2, std::string_view kind) {
    fmt::format_to(std::back_inserter(out),
                   "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                   kind, x1, y1, x2, y2);
  };
  const double right = plot.left + plot.width;
  const double bottom = plot.top + plot.height;
  for (const double tick : x.ticks()) {
    const double place = plot.left + x.share(tick) * plot.width;
    line(place, plot.top, place, bottom, "grid");
    append_label(out, place, bottom + 16, "middle", number_text(tick));
  }
  for (const double tick : y.ticks()) {
    const double place = bottom - y.share(tick) * plot.height;
    line(plot.left, place, right, place, "grid");
    append_label(out, plot.left - 6, place + 4, "end", number_text(tick));
  }
  line(plot.left, bottom, right, bottom, "axis");
  line(plot.left, plot.top, plot.left, bottom, "axis");
  append_label(out, plot.left + plot.width / 2, bottom + 34, "middle", shortened(text.x_label, 60));
  fmt::format_to(
      std::back_inserter(out),
      "<text transform=\"translate(14 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
      plot.top + plot.height / 2, escaped(shortened(text.y_label, 44)));
}

void append_legend(std::string& out, double left, double top, std::span<const Series> series) {
  constexpr double kColumn = 220;
  size_t shown = 0;
  for (size_t i = 0; i < series.size(); ++i) {
    if (series[i].name.empty()) continue;
    const double x = left + kColumn * static_cast<double>(shown % 2);
    const size_t line = shown / 2;
    const double y = top + 18 * static_cast<double>(line);
    fmt::format_to(std::back_inserter(out),
                   "<rect class=\"fill{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"4\"/>",
                   i, x, y - 6);
    append_label(out, x + 18, y, "start", shortened(series[i].name, 32));
    ++shown;
  }
}

}  // namespace slipway::report
