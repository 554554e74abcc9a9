// Charts as SVG for a report's page: bars, histograms, lines, points and heat maps.
//
// Each is one string of bounded size, whatever it is given: series are thinned to kPointsMax
// points, bars and cells beyond the limits are left out and counted in words. Values that are NaN,
// infinite or beyond 1e300 are not drawn. Colours come from the page's style sheet (page.h), so
// that a chart follows its light and dark forms. All texts are escaped. Thread rule: pure
// functions.
//
//   page.charts({line_chart({"ROC", "False positive rate", "True positive rate"}, series,
//                           {.diagonal = true, .x = Range{0, 1}, .y = Range{0, 1}})});
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace slipway::report {

inline constexpr size_t kPointsMax = 1000;  // of one series of a line or scatter chart
inline constexpr size_t kSeriesMax = 12;    // of one chart
inline constexpr size_t kBarsMax = 60;      // of a bar chart
inline constexpr size_t kBinsMax = 400;     // of a histogram
inline constexpr size_t kHeatSideMax = 40;  // rows and columns of a heat map

/// A chart's markup; only the functions here make it.
struct Svg {
  std::string markup;
};

struct ChartText {
  std::string title;
  std::string x_label;
  std::string y_label;
};

struct Range {
  double lower = 0;
  double upper = 1;
};

/// A horizontal bar from zero; `interval` is drawn as a line across its end.
struct Bar {
  std::string label;
  double value = 0;
  std::optional<Range> interval = std::nullopt;
};
/// The first kBarsMax bars, from above; x_label names the values.
Svg bar_chart(const ChartText& text, std::span<const Bar> bars);

/// `edges` has one entry more than `counts`, in ascending order; anything else gives an empty plot.
Svg histogram(const ChartText& text, std::span<const double> edges, std::span<const double> counts);

/// Points x[i], y[i]; what one has more than the other is ignored.
struct Series {
  std::string name;  // empty: not in the legend
  std::vector<double> x;
  std::vector<double> y;
};

struct PlotOptions {
  bool diagonal = false;                  // the line y = x, for reference
  bool zero_line = false;                 // the line y = 0
  bool markers = false;                   // of a line chart: a dot at each point
  std::optional<Range> x = std::nullopt;  // empty: what the series span
  std::optional<Range> y = std::nullopt;
};
Svg line_chart(const ChartText& text, std::span<const Series> series, const PlotOptions& options);
Svg scatter_chart(const ChartText& text, std::span<const Series> series,
                  const PlotOptions& options);

/// Cells of rows x columns, row-major, shaded by value; `scale`: the value of the full shade
/// (0: the greatest absolute value). Negative values have a colour of their own.
struct HeatMap {
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<double> values;
  double scale = 0;
  int digits = 6;  // significant digits of the numbers in the cells
};
Svg heat_map(const ChartText& text, const HeatMap& map);

}  // namespace slipway::report
