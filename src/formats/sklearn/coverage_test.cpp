// Holds the table of docs/coverage.md to the code: what it calls served is in the table of
// estimators and the other way round, and no estimator of scikit-learn is left out.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/file.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

const std::string kData = SLIPWAY_TEST_DATA_DIR;

std::string contents(const std::string& path) {
  Result<std::string> bytes = read_file(path, Limits());
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? *bytes : std::string();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    std::erase(part, ' ');
    parts.push_back(part);
  }
  return parts;
}

struct Table {
  std::set<std::string> served;
  std::set<std::string> not_served;
};

Table read_table() {
  const std::string page = contents(kData + "/../../docs/coverage.md");
  const size_t begin = page.find("## scikit-learn, class by class");
  EXPECT_NE(begin, std::string::npos);
  if (begin == std::string::npos) return {};
  const std::string section = page.substr(begin, page.find("\n## ", begin) - begin);
  Table table;
  for (const std::string& line : split(section, '\n')) {
    const std::vector<std::string> cells = split(line, '|');
    if (cells.size() < 4 || (cells[2] != "yes" && cells[2] != "no")) continue;
    for (const std::string& name : split(cells[1], ',')) {
      const bool is_new = (cells[2] == "yes" ? table.served : table.not_served).insert(name).second;
      EXPECT_TRUE(is_new) << name << " stands twice in the table";
    }
  }
  return table;
}

TEST(Coverage, WhatThePageCallsServedIsWhatTheCodeServes) {
  std::set<std::string> registered;
  for (const std::string_view name : scikit_learn_classes()) registered.emplace(name);
  EXPECT_EQ(read_table().served, registered);
}

TEST(Coverage, NothingIsBothServedAndNot) {
  const Table table = read_table();
  for (const std::string& name : table.not_served)
    EXPECT_FALSE(table.served.contains(name)) << name;
}

TEST(Coverage, NoEstimatorOfScikitLearnIsLeftOut) {
  const Table table = read_table();
  const std::vector<std::string> names =
      split(contents(kData + "/sklearn/1.9.1/ESTIMATORS.txt"), '\n');
  EXPECT_GT(names.size(), 200U);
  for (const std::string& name : names) {
    EXPECT_TRUE(table.served.contains(name) || table.not_served.contains(name)) << name;
  }
}

}  // namespace
}  // namespace slipway::sklearn
