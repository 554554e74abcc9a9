// Line charts and scatter charts.
#include "report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/internal/axis.h"
#include "report/internal/markup.h"

namespace slipway::report {
namespace {

constexpr double kWidth = 480;
constexpr Plot kPlot{64, 32, 400, 260};

struct Point {
  double x = 0, y = 0;
};

bool within(const std::optional<Range>& range, double value) {
  return !range.has_value() || (value >= range->lower && value <= range->upper);
}

/// What can be drawn of a series, thinned evenly to kPointsMax points; the first and the last stay.
std::vector<Point> points_of(const Series& series, const PlotOptions& options) {
  std::vector<Point> all;
  const size_t count = std::min(series.x.size(), series.y.size());
  all.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const Point point{series.x[i], series.y[i]};
    const bool drawn = can_draw(point.x) && can_draw(point.y);
    if (drawn && within(options.x, point.x) && within(options.y, point.y)) all.push_back(point);
  }
  if (all.size() <= kPointsMax) return all;
  std::vector<Point> some;
  some.reserve(kPointsMax);
  for (size_t i = 0; i < kPointsMax; ++i) {
    some.push_back(all[i * (all.size() - 1) / (kPointsMax - 1)]);
  }
  return some;
}

/// Both kinds of charts but for how a series is drawn.
class XyChart {
 public:
  XyChart(const ChartText& text, std::span<const Series> series, const PlotOptions& options)
      : series_(series.first(std::min(series.size(), kSeriesMax))) {
    for (const Series& one : series_) {
      points_.push_back(points_of(one, options));
      for (const Point& point : points_.back()) {
        x_.add(point.x);
        y_.add(point.y);
      }
    }
    if (options.zero_line) y_.add(0);
    x_.settle(options.x);
    y_.settle(options.y);
    size_t named = 0;
    for (const Series& one : series_) named += one.name.empty() ? 0 : 1;
    const size_t legend_lines = (named + 1) / 2;
    const double legend = 18 * static_cast<double>(legend_lines);
    const double bottom = kPlot.top + kPlot.height;
    out_ = begin_svg(text.title, kWidth, bottom + 46 + legend);
    append_axes(out_, kPlot, x_, y_, text);
    append_legend(out_, kPlot.left, bottom + 54, series_);
    if (options.diagonal) {
      const double lower = std::max(x_.lower(), y_.lower());
      const double upper = std::min(x_.upper(), y_.upper());
      if (lower < upper) reference({lower, lower}, {upper, upper});
    }
    if (options.zero_line) reference({x_.lower(), 0}, {x_.upper(), 0});
  }

  void lines(bool markers) {
    for (size_t i = 0; i < points_.size(); ++i) {
      if (points_[i].empty()) continue;
      fmt::format_to(std::back_inserter(out_), "<polyline class=\"line{}\" points=\"", i);
      for (const Point& point : points_[i]) {
        fmt::format_to(std::back_inserter(out_), "{:.1f},{:.1f} ", across(point), down(point));
      }
      out_ += "\"/>";
      if (markers || points_[i].size() == 1) dots(i, 3, "fill");
    }
  }

  void dots(size_t series, double radius, std::string_view kind) {
    for (const Point& point : points_[series]) {
      fmt::format_to(std::back_inserter(out_),
                     "<circle class=\"{}{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>", kind, series,
                     across(point), down(point), radius);
    }
  }

  size_t size() const { return points_.size(); }

  Svg finish() && {
    out_ += "</svg>";
    return {std::move(out_)};
  }

 private:
  double across(const Point& point) const { return kPlot.left + x_.share(point.x) * kPlot.width; }
  double down(const Point& point) const {
    return kPlot.top + kPlot.height - y_.share(point.y) * kPlot.height;
  }
  void reference(const Point& from, const Point& to) {
    fmt::format_to(
        std::back_inserter(out_),
        "<line class=\"reference\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
        across(from), down(from), across(to), down(to));
  }

  const std::span<const Series> series_;
  std::vector<std::vector<Point>> points_;
  Axis x_;
  Axis y_;
  std::string out_;
};

}  // namespace

Svg line_chart(const ChartText& text, std::span<const Series> series, const PlotOptions& options) {
  XyChart chart(text, series, options);
  chart.lines(options.markers);
  return std::move(chart).finish();
}

Svg scatter_chart(const ChartText& text, std::span<const Series> series,
                  const PlotOptions& options) {
  XyChart chart(text, series, options);
  for (size_t i = 0; i < chart.size(); ++i) chart.dots(i, 2.5, "dot");
  return std::move(chart).finish();
}

}  // namespace slipway::report
