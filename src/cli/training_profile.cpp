#include "cli/training_profile.h"

#include <algorithm>
#include <cmath>

#include "cli/json_writer.h"
#include "cli/profile_output.h"
#include "data/cell_text.h"
#include "data/profile.h"
#include "training/parallel.h"

namespace slipway::cli {
namespace {

constexpr int kLayout = 1;
constexpr size_t kColumnsMax = 1000;
constexpr size_t kTextsMax = 100;  // of a column
constexpr size_t kTextRowsMin = 2;
constexpr size_t kTextBytesMax = 200;
constexpr size_t kCellsMax = 10'000'000;  // of rows that are gathered

/// Only texts that may be told stay; how many values all others are.
size_t keep_texts(data::ColumnProfile& profile, bool has_classes) {
  const bool has_texts = has_classes || profile.kind == data::ColumnKind::kCategory ||
                         profile.kind == data::ColumnKind::kBoolean;
  if (!has_texts) profile.top.clear();
  std::erase_if(profile.top, [](const data::TopValue& value) {
    return value.count < kTextRowsMin || value.text.size() > kTextBytesMax;
  });
  size_t told = 0;
  for (const data::TopValue& value : profile.top) told += value.count;
  return profile.values - told;
}

void write_profiled(JsonWriter& json, data::ColumnProfile profile, bool has_classes) {
  const size_t others = keep_texts(profile, has_classes);
  json.begin('{');
  write_profile_column(json, profile);
  if (!profile.top.empty()) {
    json.key("others");
    json.number(others);
  }
  json.end('}');
}

}  // namespace

std::string training_profile(std::span<const data::Column* const> columns,
                             const data::Column* target, unsigned threads) {
  std::vector<const data::Column*> wanted(
      columns.begin(),
      columns.begin() + static_cast<ptrdiff_t>(std::min(columns.size(), kColumnsMax)));
  if (target != nullptr) wanted.push_back(target);
  std::vector<data::ColumnProfile> profiles(wanted.size());
  training::for_each_index(wanted.size(), threads, [&](size_t i) {
    profiles[i] = data::profile_column(*wanted[i], kTextsMax);
  });
  JsonWriter json;
  json.begin('{');
  json.key("slipway_profile");
  json.number(kLayout);
  json.key("rows");
  json.number(wanted.empty() ? 0 : wanted[0]->rows());
  if (columns.size() > kColumnsMax) {
    json.key("columns_left_out");
    json.number(columns.size() - kColumnsMax);
  }
  json.key("columns");
  json.begin('[');
  const size_t count = profiles.size() - (target == nullptr ? 0 : 1);
  for (size_t i = 0; i < count; ++i) write_profiled(json, std::move(profiles[i]), false);
  json.end(']');
  if (target != nullptr) {
    json.key("target");
    write_profiled(json, std::move(profiles.back()), data::has_classes(*target));
  }
  json.end('}');
  return json.text() + "\n";
}

ProfiledRows::ProfiledRows(const Signature& signature)
    : signature_(signature), columns_(signature.columns.size()) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].name = signature.columns[i].name;
    columns_[i].is_whole = true;
    if (signature.columns[i].is_text()) columns_[i].kind = data::ColumnKind::kCategory;
  }
}

void ProfiledRows::add(InputBuffer& rows) {
  const size_t rows_max = kCellsMax / std::max<size_t>(columns_.size(), 1);
  for (size_t row = 0; row < rows.rows() && rows_ < rows_max; ++row, ++rows_) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      data::Column& column = columns_[i];
      if (signature_.columns[i].is_record()) continue;
      if (!column.is_text()) {
        const double value = rows.number_row(row)[i];
        column.numbers.push_back(value);
        if (std::isnan(value)) ++column.missing_count;
        column.is_whole = column.is_whole && (std::isnan(value) || value == std::trunc(value));
        continue;
      }
      const StringCell& cell = rows.string_row(row)[i];
      if (cell.missing()) ++column.missing_count;
      column.codes.push_back(cell.missing() ? -1
                             : cell.is_number()
                                 ? column.dictionary.add(data::number_text(cell.real))
                                 : column.dictionary.add(cell.view()));
    }
  }
}

std::string ProfiledRows::profile() {
  std::vector<const data::Column*> columns;
  for (size_t i = 0; i < columns_.size(); ++i) {
    data::Column& column = columns_[i];
    if (rows_ == 0 || signature_.columns[i].is_record()) continue;
    // Texts that mostly differ are free ones.
    const size_t values = column.rows() - column.missing_count;
    if (column.is_text() && column.dictionary.size() * 2 > values) {
      column.kind = data::ColumnKind::kText;
    }
    columns.push_back(&column);
  }
  return columns.empty() ? std::string() : training_profile(columns, nullptr, 1);
}

}  // namespace slipway::cli
