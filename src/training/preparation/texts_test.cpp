// What scikit-learn and pandas make of the same columns: tests/data/preparation/make_texts.py.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <numeric>
#include <set>

#include "data/read_frame.h"
#include "training/preparation/preparation.h"

namespace slipway::training {
namespace {

struct Case {
  std::string name;
  std::string csv;
  std::string column;
  std::string type;
  size_t rows = 0;
  PreparationPlan plan;
  std::vector<std::string> names;
  std::vector<std::vector<double>> expected;
};

PreparationPlan plan_of(simdjson::dom::object json) {
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  for (const auto& [key, value] : json) {
    if (key == "terms_max") plan.terms_max = static_cast<uint32_t>(value.get_uint64().value());
    if (key == "term_rows_min") {
      plan.term_rows_min = static_cast<uint32_t>(value.get_uint64().value());
    }
    if (key == "words_min") plan.words_min = static_cast<uint32_t>(value.get_uint64().value());
    if (key == "words_max") plan.words_max = static_cast<uint32_t>(value.get_uint64().value());
    if (key == "stop_words") plan.english_stop_words = true;
    if (key == "encode") plan.encode = *find_encode(value.get_string().value());
    if (key == "smoothing") plan.target_smoothing = value.get_double().value();
    if (key == "times") plan.times = *find_times(value.get_string().value());
  }
  return plan;
}

std::vector<Case> cases() {
  simdjson::dom::parser parser;
  const simdjson::dom::element document =
      parser.load(SLIPWAY_TEST_DATA_DIR "/preparation/texts.json").value();
  std::vector<Case> all;
  for (const auto entry : document.get_array()) {
    Case& one = all.emplace_back();
    const auto text = [&](std::string_view key) {
      return std::string(entry[key].get_string().value());
    };
    one.name = text("name");
    one.csv = text("csv");
    one.column = text("column");
    one.type = text("type");
    one.rows = entry["rows"].get_uint64().value();
    one.plan = plan_of(entry["plan"].get_object().value());
    simdjson::dom::array names;
    if (entry["names"].get_array().get(names) == simdjson::SUCCESS) {
      for (const auto name : names) one.names.emplace_back(name.get_string().value());
    }
    for (const auto row : entry["expected"].get_array()) {
      std::vector<double>& numbers = one.expected.emplace_back();
      for (const auto number : row.get_array()) numbers.push_back(number.get_double().value());
    }
  }
  return all;
}

data::Frame frame_of(const Case& one) {
  data::ReadOptions options;
  EXPECT_TRUE(data::add_column_type(one.column + "=" + one.type, options.schema).ok());
  auto frame = data::read_frame_bytes(one.csv, "test.csv", options);
  EXPECT_TRUE(frame.ok()) << frame.status().to_string();
  return std::move(frame).value();
}

std::vector<uint32_t> first_rows(size_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

/// Classes in the order of their values.
struct TargetColumn {
  std::vector<int32_t> classes;
  std::vector<double> values;
  uint32_t class_count = 0;

  explicit TargetColumn(const data::Column& y) {
    std::set<std::string> names;
    for (size_t row = 0; row < y.rows(); ++row) names.insert(y.cell_text(row));
    values = y.numbers;
    if (names.size() > 5) return;
    class_count = static_cast<uint32_t>(names.size());
    for (size_t row = 0; row < y.rows(); ++row) {
      const auto place = names.find(y.cell_text(row));
      classes.push_back(static_cast<int32_t>(std::distance(names.begin(), place)));
    }
  }
  PreparationTarget target() const { return {classes, class_count, values}; }
};

Result<FittedPreparation> fitted(const Case& one, const data::Frame& frame,
                                 const TargetColumn& target) {
  const std::vector<uint32_t> rows = first_rows(one.rows);
  PreparationInput input;
  input.frame = &frame;
  const std::vector<std::string> columns = {one.column};
  input.columns = columns;
  input.rows = rows;
  input.target = target.target();
  return Preparation::fit(input, one.plan);
}

TEST(PreparedTexts, FeaturesAreThoseOfTheOriginals) {
  const std::vector<Case> all = cases();
  ASSERT_EQ(all.size(), 12U);
  for (const Case& one : all) {
    SCOPED_TRACE(one.name);
    const data::Frame frame = frame_of(one);
    const TargetColumn target(*frame.find("y"));
    const auto made = fitted(one, frame, target);
    ASSERT_TRUE(made.ok()) << made.status().to_string();
    if (!one.names.empty()) {
      EXPECT_EQ(made->preparation.names(), one.names);
    }
    const auto matrix = made->preparation.transform(frame, first_rows(frame.rows));
    ASSERT_TRUE(matrix.ok()) << matrix.status().to_string();
    const size_t width = one.expected[0].size();
    ASSERT_EQ(made->preparation.width(), width);
    for (size_t row = 0; row < frame.rows; ++row) {
      for (size_t i = 0; i < width; ++i) {
        const double expected = one.expected[row][i];
        ASSERT_NEAR((*matrix)[row * width + i], expected, 1e-9 * std::max(1.0, std::fabs(expected)))
            << "row " << row << ", column " << i;
      }
    }
  }
}

PreparationPlan plain() {
  PreparationPlan plan;
  plan.scale = PreparationPlan::Scale::kNone;
  return plan;
}

Result<FittedPreparation> fitted_on(const data::Frame& frame,
                                    const std::vector<std::string>& columns,
                                    const PreparationPlan& plan) {
  const std::vector<uint32_t> rows = first_rows(frame.rows);
  const TargetColumn target(*frame.find("y"));
  PreparationInput input;
  input.frame = &frame;
  input.columns = columns;
  input.rows = rows;
  input.target = target.target();
  return Preparation::fit(input, plan);
}

data::Frame table(const std::string& csv, const std::vector<std::string>& types = {}) {
  data::ReadOptions options;
  for (const std::string& type : types) {
    EXPECT_TRUE(data::add_column_type(type, options.schema).ok());
  }
  return data::read_frame_bytes(csv, "test.csv", options).value();
}

TEST(PreparedTexts, NoTrainingRowTellsItsOwnTarget) {
  // Every category is of one row: what others say of it is the mean of the other folds.
  std::string csv = "city,y\n";
  for (int i = 0; i < 50; ++i) csv += fmt::format("c{},{}\n", i, i * i % 17 + 0.5);
  const data::Frame frame = table(csv, {"city=category"});
  PreparationPlan plan = plain();
  plan.encode = PreparationPlan::Encode::kTarget;
  const auto made = fitted_on(frame, {"city"}, plan);
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  const std::set<double> crossed(made->training_matrix.begin(), made->training_matrix.end());
  EXPECT_EQ(crossed.size(), 5U);  // one for each fold
  const auto served = made->preparation.transform(frame, first_rows(50)).value();
  EXPECT_GT(std::set<double>(served.begin(), served.end()).size(), 5U);
}

/// What the model makes of one request.
class Request {
 public:
  explicit Request(const Preparation& preparation) : preparation_(preparation) {}
  Result<std::vector<double>> of(const std::string& csv) const {
    // A table whose columns are read as the model takes them, as `slipway predict` reads it.
    data::ReadOptions options;
    data::expect_columns(preparation_.signature(), options.schema);
    const data::Frame frame = TRY(data::read_frame_bytes(csv, "request.csv", options));
    return preparation_.transform(frame, first_rows(frame.rows));
  }

 private:
  const Preparation& preparation_;
};

TEST(PreparedTexts, TimesAreTakenInTheirFormInIsoAndAsSeconds) {
  const data::Frame frame = table("at,y\n01.05.2024,1\n02.05.2024,0\n,1\n11.06.2024,0\n");
  PreparationPlan plan = plain();
  plan.times = PreparationPlan::Times::kElapsed;
  const auto made = fitted_on(frame, {"at"}, plan);
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  EXPECT_EQ(made->training_matrix, (std::vector<double>{0, 1, 1, 41}));
  EXPECT_EQ(made->preparation.signature().columns[0].example, "\"2024-05-01T00:00:00Z\"");
  const Request request(made->preparation);
  const auto days = request.of(
      "at,y\n03.05.2024,1\n2024-05-03,1\n2024-05-03T14:00:00+02:00,1\n1714694400,1\n\"\",1\n");
  ASSERT_TRUE(days.ok()) << days.status().to_string();
  EXPECT_EQ(*days, (std::vector<double>{2, 2, 2.5, 2, 1}));
  for (const char* bad : {"2024-02-30", "tomorrow", "20240503", "2024-05-03T12:00:00 Mars", "-5"}) {
    const auto refused = request.of(fmt::format("at,y\n{},1\n", bad));
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_NE(refused.status().message().find("column 'at': expected a time of the form %d.%m.%Y"),
              std::string::npos)
        << refused.status().message();
  }
}

TEST(PreparedTexts, PartsThatComeRoundAreAngles) {
  const data::Frame frame = table("at,y\n2024-01-01T00:00:00,1\n2024-01-01T06:00:00,0\n");
  PreparationPlan plan = plain();
  plan.cyclic_times = true;
  const auto made = fitted_on(frame, {"at"}, plan);
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  EXPECT_EQ(made->preparation.names(),
            (std::vector<std::string>{"at (days)", "at (hour, sine)", "at (hour, cosine)"}));
  const std::vector<double> expected = {0, 0, 1, 0.25, 1, 0};
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(made->training_matrix[i], expected[i], 1e-12);
}

TEST(PreparedTexts, TheSameTimeEverywhereStillIsAFeature) {
  const data::Frame frame = table("at,y\n2024-01-01,1\n2024-01-01,0\n");
  const auto made = fitted_on(frame, {"at"}, PreparationPlan());
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  EXPECT_EQ(made->preparation.width(), 1U);
}

TEST(PreparedTexts, AColumnWithoutWordsIsNamed) {
  const data::Frame frame = table("said,y\na b,1\nc,0\n", {"said=text"});
  const auto made = fitted_on(frame, {"said"}, PreparationPlan());
  EXPECT_NE(made.status().message().find("column 'said' holds no word"), std::string::npos);
}

std::shared_ptr<const data::CleaningRules> rules(const std::string& yaml) {
  auto parsed = data::parse_cleaning_rules(yaml);
  EXPECT_TRUE(parsed.ok()) << parsed.status().to_string();
  return std::make_shared<const data::CleaningRules>(std::move(parsed).value());
}

TEST(PreparedTexts, RulesCleanTrainingRowsAndRequestsAlike) {
  const data::Frame frame =
      table("city,height,y\n Ulm,1.8 m,1\nULM ,180 cm,0\nBonn - Mitte,170,1\nn/k,,0\nbonn,6 in,1\n",
            {"city=text", "height=text"});
  PreparationPlan plan = plain();
  plan.rules = rules(R"(
rules:
  city: [trim, lower, {replace: {pattern: "\\s*-.*$", by: ""}}, {map: {n/k: null, bonn: Bonn}}]
  height: [{unit: {to: cm, units: {cm: 1, m: 100, in: 2.54}}}]
)");
  const auto made = fitted_on(frame, {"city", "height"}, plan);
  ASSERT_TRUE(made.ok()) << made.status().to_string();
  EXPECT_EQ(made->preparation.names(),
            (std::vector<std::string>{"height", "city=Bonn", "city=ulm", "city (missing)"}));
  const std::vector<double> expected = {180, 0, 1,   0, 180, 0, 1,     0, 170, 1,
                                        0,   0, 175, 0, 0,   1, 15.24, 1, 0,   0};
  ASSERT_EQ(made->training_matrix.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(made->training_matrix[i], expected[i], 1e-9) << i;
  }
  const Request request(made->preparation);
  const auto asked = request.of("city,height,y\nBONN-Nord, 2 m ,0\n");
  ASSERT_TRUE(asked.ok()) << asked.status().to_string();
  EXPECT_EQ(*asked, (std::vector<double>{200, 1, 0, 0}));
  const auto refused = request.of("city,height,y\nUlm,two metres,0\n");
  EXPECT_NE(refused.status().message().find(
                "column 'height', the rule at line 4, column 12: expected a number with one of "
                "the units cm m in"),
            std::string::npos)
      << refused.status().message();
}

TEST(PreparedTexts, WhatRulesRefuseInTheTableIsNamed) {
  const data::Frame frame = table("height,y\n1.8 m,1\n1.9 ft,0\n", {"height=text"});
  PreparationPlan plan = plain();
  plan.rules = rules("rules: {height: [{unit: {to: m, units: {m: 1}}}]}");
  const auto made = fitted_on(frame, {"height"}, plan);
  EXPECT_NE(made.status().message().find("got '1.9 ft'"), std::string::npos)
      << made.status().message();
  plan.rules = rules("rules: {width: [trim]}");
  EXPECT_EQ(fitted_on(frame, {"height"}, plan).status().message(),
            "there are cleaning rules for 'width', which is no feature");
}

}  // namespace
}  // namespace slipway::training
