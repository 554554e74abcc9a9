// Files that must never become a model, under tests/data/sklearn/ (README.md there): `hostile` and
// `hostile_models` are refused in little time and memory, `unsupported` gives every gap in the file
// with its path, class and place.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "formats/sklearn/reader.h"

namespace slipway::sklearn {
namespace {

namespace dom = simdjson::dom;

const std::string kFolder = std::string(SLIPWAY_TEST_DATA_DIR) + "/sklearn/";

/// Small enough that a file which gets around a limit is noticed.
Limits small_limits() {
  Limits limits;
  limits.decompressed_bytes_max = 64 << 20;
  limits.memory_bytes_max = 256 << 20;
  return limits;
}

struct Case {
  std::string folder;
  std::string name;
  std::string expect;  // "gaps", "refused", ...; in hostile_models a word of the message
  std::vector<std::string> classes;
};

std::vector<Case> cases_of(const std::string& folder) {
  dom::parser parser;
  const dom::object all = parser.load(kFolder + folder + "/expected.json").get_object().value();
  std::vector<Case> cases;
  for (const auto& [name, value] : all) {
    Case made{folder, std::string(name), {}, {}};
    if (value.is_string()) {
      made.expect = std::string(value.get_string().value());
    } else {
      made.expect = std::string(value["expect"].get_string().value());
      const dom::array classes = value["names"].get_array().value();
      for (const dom::element one : classes) {
        made.classes.emplace_back(one.get_string().value());
      }
    }
    cases.push_back(std::move(made));
  }
  return cases;
}

Result<ReadReport> read_case(const Case& one) {
  std::string bytes = TRY(read_file(kFolder + one.folder + "/" + one.name, small_limits()));
  return read(std::move(bytes), {}, small_limits());
}

/// The status that a user gets.
Status outcome(const Case& one) {
  const Result<ReadReport> report = read_case(one);
  return report.ok() ? report->status() : report.status();
}

struct CaseName {
  std::string operator()(const testing::TestParamInfo<Case>& info) const {
    std::string name = info.param.folder + "_" + info.param.name;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
  }
};

class HostileTest : public testing::TestWithParam<Case> {};

TEST_P(HostileTest, IsRefusedWithItsReason) {
  const Status status = outcome(GetParam());
  const std::string text = status.to_string();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.code(), StatusCode::kInternal) << text;
  if (GetParam().expect == "refused") {
    // A file that needs something outside of it is no readable pickle; there is no name to list.
    EXPECT_TRUE(status.code() == StatusCode::kPermissionDenied ||
                (GetParam().classes.empty() && status.code() == StatusCode::kInvalidArgument))
        << text;
    for (std::string name : GetParam().classes) {
      if (name.starts_with("__builtin__.")) name = "builtins" + name.substr(11);  // as in Python 3
      EXPECT_NE(text.find(name), std::string::npos) << name << " is not named by: " << text;
    }
  } else if (GetParam().expect == "limit") {
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << text;
  } else {
    EXPECT_EQ(GetParam().expect, "malformed");
  }
}

INSTANTIATE_TEST_SUITE_P(Hostile, HostileTest, testing::ValuesIn(cases_of("hostile")), CaseName());

class HostileModelTest : public testing::TestWithParam<Case> {};

TEST_P(HostileModelTest, IsRefusedForThatReason) {
  const Status status = outcome(GetParam());
  if (GetParam().expect.empty()) return;  // it was read in bounded time and memory
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.code(), StatusCode::kInternal) << status.to_string();
  EXPECT_NE(status.message().find(GetParam().expect), std::string::npos) << status.to_string();
  EXPECT_LT(status.message().size(), 10U << 20);
}

INSTANTIATE_TEST_SUITE_P(Hostile, HostileModelTest, testing::ValuesIn(cases_of("hostile_models")),
                         CaseName());

class UnsupportedTest : public testing::TestWithParam<Case> {};

TEST_P(UnsupportedTest, ListsEveryGapWithItsPlace) {
  const Result<ReadReport> report = read_case(GetParam());
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_EQ(report->graph, nullptr);
  const bool refused = GetParam().expect == "refused";
  const Status status = report->status();
  EXPECT_EQ(status.code(), refused ? StatusCode::kPermissionDenied : StatusCode::kUnimplemented)
      << status.to_string();
  ASSERT_FALSE(report->gaps.empty());
  std::map<std::string, const Gap*> by_class;
  for (const Gap& gap : report->gaps) by_class[gap.class_name] = &gap;
  for (const std::string& name : GetParam().classes) {
    ASSERT_TRUE(by_class.contains(name)) << name << " is not among: " << status.to_string();
    const Gap& gap = *by_class[name];
    EXPECT_GT(gap.offset, 0U) << name;
    EXPECT_FALSE(gap.message.empty()) << name;
    EXPECT_FALSE(gap.advice.empty()) << name;
    if (GetParam().classes.size() > 1) {
      EXPECT_FALSE(gap.path.empty()) << name;
    }
    EXPECT_NE(status.message().find(name), std::string::npos) << status.to_string();
  }
  if (!refused && !GetParam().classes.empty()) {
    EXPECT_EQ(report->gaps.size(), GetParam().classes.size()) << status.to_string();
  }
}

INSTANTIATE_TEST_SUITE_P(Unsupported, UnsupportedTest, testing::ValuesIn(cases_of("unsupported")),
                         CaseName());

}  // namespace
}  // namespace slipway::sklearn
