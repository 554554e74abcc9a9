#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/internal/markup.h"

namespace slipway::report {
namespace {

// Colours of series: Okabe and Ito's, told apart by colour-blind readers; the dark form is lighter.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--page:#fff;--ink:#1d2430;--soft:#5b6675;--rule:#dde2e8;--card:#f7f8fa;
--warn:#8a4b00;--warn-page:#fff4e0;--on:#fff;--hot:#0b62a8;--cold:#b3401f;
--s0:#0b72b5;--s1:#d55e00;--s2:#00875f;--s3:#b0528c;--s4:#b98200;--s5:#2f9bd1;--s6:#6b4fbb;--s7:#8a6d3b;
--s8:#4b5563;--s9:#c2185b;--s10:#00838f;--s11:#7a8b00}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--ink:#e6eaf0;--soft:#9aa7b5;--rule:#2c3540;
--card:#1a2027;--warn:#ffc169;--warn-page:#33270f;--on:#0b0f14;--hot:#58b2f2;--cold:#ff8f66;
--s0:#56b4e9;--s1:#ff8c42;--s2:#2fc79b;--s3:#e08cc0;--s4:#f0c04a;--s5:#7fd0ff;--s6:#a993f0;--s7:#c8aa78;
--s8:#aab4c0;--s9:#ff7fae;--s10:#4dd0d9;--s11:#c3d64a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;margin:0 0 16px}h2{font-size:19px;margin:40px 0 12px;padding-bottom:6px;
border-bottom:1px solid var(--rule)}
p{margin:8px 0;max-width:75ch}.warning{background:var(--warn-page);color:var(--warn);padding:8px 12px;
border-left:4px solid var(--warn);border-radius:4px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:12px 0}dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:12px 0}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:5px 14px;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--soft);font-weight:600}td{max-width:420px;overflow:hidden;text-overflow:ellipsis}
.n{text-align:right}tbody tr:hover{background:var(--card)}
.charts{display:flex;flex-wrap:wrap;gap:16px;margin:12px 0}
figure{margin:0;padding:12px;background:var(--card);border:1px solid var(--rule);border-radius:8px}
.chart{display:block;max-width:100%;height:auto}
.chart text{fill:var(--soft);font:11px system-ui,sans-serif}.chart .title{fill:var(--ink);font-weight:600;
font-size:13px}
.chart .cell{fill:var(--ink)}.chart .on{fill:var(--on)}
.grid{stroke:var(--rule)}.axis{stroke:var(--soft)}.reference{stroke:var(--soft);stroke-dasharray:4 4}
.interval{stroke:var(--ink);stroke-width:2}.hot{fill:var(--hot)}.cold{fill:var(--cold)}
footer{margin-top:48px;color:var(--soft);font-size:13px}
)";

/// The classes of the series' lines, fills and dots.
std::string series_style() {
  std::string out;
  for (size_t i = 0; i < kSeriesMax; ++i) {
    out.append(fmt::format(
        ".line{0}{{fill:none;stroke:var(--s{0});stroke-width:2}}.fill{0}{{fill:var(--s{0})}}"
        ".dot{0}{{fill:var(--s{0});fill-opacity:.55}}\n",
        i));
  }
  return out;
}

void append_row(std::string& out, const std::vector<TableColumn>& columns,
                const std::vector<std::string>& cells) {
  out += "<tr>";
  for (size_t i = 0; i < columns.size(); ++i) {
    out += columns[i].is_number ? "<td class=\"n\">" : "<td>";
    if (i < cells.size()) append_text(out, cells[i]);
    out += "</td>";
  }
  out += "</tr>\n";
}

}  // namespace

Page::Page(std::string_view title) {
  const std::string name = escaped(title);
  out_ = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
      "<title>{0}</title><style>{1}{2}</style></head>\n<body><main><h1>{0}</h1>\n",
      name, kStyle, series_style());
}

void Page::add(std::string_view block) {
  if (full_) return;
  if (out_.size() + block.size() > kPageBytesMax) {
    full_ = true;
    out_ += "<p class=\"warning\">The report is too large: the rest is left out.</p>\n";
    return;
  }
  out_ += block;
}

void Page::heading(std::string_view text) {
  if (full_) return;
  add(fmt::format("{}<section><h2>{}</h2>\n", in_section_ ? "</section>\n" : "", escaped(text)));
  if (!full_) in_section_ = true;
}

void Page::paragraph(std::string_view text) { add(fmt::format("<p>{}</p>\n", escaped(text))); }

void Page::warning(std::string_view text) {
  add(fmt::format("<p class=\"warning\">{}</p>\n", escaped(text)));
}

void Page::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string block = "<dl>";
  for (const auto& [name, value] : facts) {
    block.append(fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value)));
  }
  add(block + "</dl>\n");
}

void Page::table(const Table& table) {
  std::string block = "<div class=\"scroll\"><table><thead><tr>";
  for (const TableColumn& column : table.columns) {
    block += column.is_number ? "<th class=\"n\">" : "<th>";
    append_text(block, column.name);
    block += "</th>";
  }
  block += "</tr></thead><tbody>\n";
  const size_t shown = std::min(table.rows.size(), kTableRowsMax);
  for (size_t row = 0; row < shown; ++row) append_row(block, table.columns, table.rows[row]);
  block += "</tbody></table></div>\n";
  add(block);
  if (shown < table.rows.size()) {
    paragraph(fmt::format("{} of {} rows are shown.", shown, table.rows.size()));
  }
}

void Page::charts(const std::vector<Svg>& charts) {
  std::string block = "<div class=\"charts\">\n";
  for (const Svg& chart : charts) {
    block.append("<figure>").append(chart.markup).append("</figure>\n");
  }
  add(block + "</div>\n");
}

std::string Page::finish() && {
  if (in_section_) out_ += "</section>\n";
  out_ += "<footer>Made by Slipway.</footer></main></body></html>\n";
  return std::move(out_);
}

}  // namespace slipway::report
