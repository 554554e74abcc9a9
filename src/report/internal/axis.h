// Axes: from numbers to places in a plot, with round ticks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/charts.h"

namespace slipway::report {

/// The part of a chart that its axes enclose, in units of the SVG.
struct Plot {
  double left = 0, top = 0, width = 0, height = 0;
};

/// Numbers beyond it are not drawn, like NaN: differences of the others are finite.
inline constexpr double kDrawnMax = 1e300;
bool can_draw(double value);

/// A range that is wide enough to divide by.
class Axis {
 public:
  /// From the least to the greatest of what was added; `fixed` overrides it.
  void add(double value);
  /// Call once, when everything was added: the range is widened to round ticks unless it is fixed.
  void settle(std::optional<Range> fixed);

  bool empty() const { return least_ > greatest_; }
  double lower() const { return least_; }
  double upper() const { return greatest_; }
  /// 0 at the lower end, 1 at the upper, in between and never beyond.
  double share(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double least_ = 1;
  double greatest_ = 0;
  std::vector<double> ticks_;
};

/// What every chart begins with: the element, its title for readers of screens and for the eye.
std::string begin_svg(std::string_view title, double width, double height);
/// Grid lines, ticks and the names of both axes.
void append_axes(std::string& out, const Plot& plot, const Axis& x, const Axis& y,
                 const ChartText& text);
/// The names of the series beneath the plot, if they have any.
void append_legend(std::string& out, double left, double top, std::span<const Series> series);
/// A text element of that class, anchored at "start", "middle" or "end".
void append_label(std::string& out, double x, double y, std::string_view anchor,
                  std::string_view text);
/// Up to so many significant digits, no trailing zeros.
std::string number_text(double value, int digits = 6);

}  // namespace slipway::report
