// Page: a report as one HTML file that needs nothing else: its style stands in it, it has no
// script, asks for no font, and follows the reader's light or dark setting. It is well-formed XML
// too, so that tests and tools can read it.
//
// The page is bounded: tables show kTableRowsMax rows, and behind kPageBytesMax bytes what is added
// is left out and said so. All texts are escaped. Thread rule: single-sequence.
//
//   Page page("Evaluation of iris.joblib");
//   page.heading("Metrics");
//   page.table({{{"metric"}, {"value", true}}, {{"accuracy", "0.95"}}});
//   TRY_STATUS(write(std::move(page).finish()));
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/charts.h"

namespace slipway::report {

inline constexpr size_t kPageBytesMax = size_t{16} << 20;
inline constexpr size_t kTableRowsMax = 1000;

struct TableColumn {
  std::string name;
  bool is_number = false;  // set to the right
};

/// A row may have fewer cells than there are columns; what it has more is left out.
struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> rows;
};

class Page {
 public:
  explicit Page(std::string_view title);

  /// Starts a section.
  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// What the reader should not overlook.
  void warning(std::string_view text);
  /// Names and values, such as file, rows, seed.
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  void table(const Table& table);
  /// Side by side, as many as the window has room for.
  void charts(const std::vector<Svg>& charts);

  std::string finish() &&;

 private:
  /// Appends a whole block, or none of it if the page is full.
  void add(std::string_view block);

  std::string out_;
  bool in_section_ = false;
  bool full_ = false;
};

}  // namespace slipway::report
