// Hostile files: sound ones of the fixtures, changed byte by byte. What CatBoost itself answers is
// held by cli/parity_test.cpp.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/file.h"
#include "formats/catboost/cbm_reader.h"
#include "formats/catboost/flat_table.h"
#include "formats/catboost/format.h"
#include "formats/catboost/json_reader.h"
#include "formats/catboost/metadata.h"

namespace slipway::catboost {
namespace {

std::string fixture(const std::string& name) {
  const auto bytes =
      read_file(std::string(SLIPWAY_TEST_DATA_DIR) + "/catboost/1.2.10/" + name, Limits{});
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : std::string();
}

/// Reads it through and through; whatever is wrong must be said, not done.
StatusCode read_all(std::string bytes) {
  const auto format = make_format();
  const Result<formats::ReadReport> report = format->read(std::move(bytes), {}, {}, Limits{});
  return report.ok() ? report->status().code() : report.status().code();
}

bool is_refusal(StatusCode code) {
  return code == StatusCode::kDataLoss || code == StatusCode::kInvalidArgument ||
         code == StatusCode::kUnimplemented || code == StatusCode::kResourceExhausted;
}

template <typename T>
void put(std::string& bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

TEST(CbmReaderTest, AFileCutShortAnywhereIsRefused) {
  const std::string whole = fixture("ctr_only_categories.cbm");
  ASSERT_EQ(read_all(whole), StatusCode::kOk);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(is_refusal(read_all(whole.substr(0, size)))) << size;
  }
}

TEST(CbmReaderTest, HostileNumbersAnywhereAreReadOrRefused) {
  for (const char* name : {"ctr_only_categories.cbm", "multi_int.cbm", "lossguide_text.cbm"}) {
    const std::string whole = fixture(name);
    // Words and halves of words (offsets of fields are 16 bits wide), a sample of all: the fuzz
    // target tries the others.
    for (size_t at = 4; at + 4 <= whole.size(); at += 10) {
      for (const uint32_t value : {0U, 1U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        std::string changed = whole;
        put(changed, at, value);
        const StatusCode code = read_all(std::move(changed));
        EXPECT_TRUE(code == StatusCode::kOk || is_refusal(code)) << name << ", byte " << at;
      }
    }
  }
}

TEST(CbmReaderTest, ATreeThatGoesInACircleIsRefused) {
  // A step of 0 is a leaf and no step leads back, so a circle needs two ways to one node.
  const std::string whole = fixture("lossguide_text.cbm");
  Result<Model> read = read_cbm(whole, Limits{});
  ASSERT_TRUE(read.ok());
  ASSERT_FALSE(read->step_nodes.empty());
  EXPECT_GT(read->step_nodes[0].left, 0);
  // The nodes as the file holds them: found by their bytes.
  std::string nodes(reinterpret_cast<const char*>(read->step_nodes.data()),
                    read->step_nodes.size() * sizeof(StepNode));
  const size_t at = whole.find(nodes);
  ASSERT_NE(at, std::string::npos);
  std::string changed = whole;
  put(changed, at, uint32_t{0x00010001});  // both sides lead to the next node
  EXPECT_TRUE(is_refusal(read_all(changed)));
  put(changed, at, uint32_t{0xffff0001});  // far behind the tree
  EXPECT_TRUE(is_refusal(read_all(changed)));
}

TEST(CbmReaderTest, AModelHasNoMoreScoresThanItsLeavesHaveValuesFor) {
  Model model;
  for (const int32_t dimensions : {0, -1, 5000, 1 << 30}) {
    model.dimensions = dimensions;
    EXPECT_EQ(dimensions_of(model).status().code(), StatusCode::kDataLoss) << dimensions;
    EXPECT_FALSE(read_metadata(model).ok()) << dimensions;
  }
  model.leaf_values.resize(2'000'000);
  model.dimensions = 5000;
  EXPECT_TRUE(dimensions_of(model).ok());
  model.dimensions = 2'000'000;
  EXPECT_FALSE(dimensions_of(model).ok());
}

TEST(FlatTableTest, ManyOffsetsToOnePlaceAreChargedForEach) {
  // A table whose field 0 is a vector of offsets that all lead to one table with a long text.
  std::string bytes;
  const auto add = [&](auto value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  constexpr uint32_t kItems = 200'000;
  constexpr uint32_t kTextBytes = 1'000'000;
  add(uint32_t{12});  // 0: the root table
  add(uint16_t{6});   // 4: the list of fields of both tables
  add(uint16_t{8});
  add(uint16_t{4});
  add(uint16_t{0});
  add(int32_t{8});                // 12: the root table: its fields stand at 4
  add(uint32_t{12});              // 16: field 0: the vector, at 28
  add(int32_t{16});               // 20: the other table
  add(uint32_t{8 + kItems * 4});  // 24: field 0: the text behind the vector
  add(kItems);                    // 28
  for (uint32_t i = 0; i < kItems; ++i) add(uint32_t{0});
  add(kTextBytes);
  bytes.append(kTextBytes, 'x');
  // Offsets only lead forward: the table stands before the vector, so this one cannot be reached.
  FlatBudget budget(Limits{}, bytes.size());
  const Result<FlatTable> root = FlatTable::root(bytes, budget);
  ASSERT_TRUE(root.ok()) << root.status().message();
  EXPECT_EQ(root->tables(0).status().code(), StatusCode::kDataLoss);
  // The text itself, again and again.
  FlatBudget small(Limits{}, 1000);
  EXPECT_TRUE(small.spend(1000).ok());
  EXPECT_EQ(small.spend(uint64_t{1} << 40).code(), StatusCode::kResourceExhausted);
}

TEST(CbmReaderTest, OtherFilesAreNotClaimed) {
  const auto format = make_format();
  EXPECT_TRUE(format->recognises("CBM1\x10"));
  EXPECT_TRUE(format->recognises("{\n  \"ctr_data\":\n    {"));
  EXPECT_TRUE(format->recognises("{\"features_info\":{}"));
  EXPECT_FALSE(format->recognises("CBM2"));
  EXPECT_FALSE(format->recognises("{\"learner\":{}"));
  EXPECT_FALSE(format->recognises("{}"));
  EXPECT_FALSE(format->recognises(""));
}

TEST(JsonReaderTest, AFileCutShortAnywhereIsRefused) {
  const std::string whole = fixture("ctr_only_categories_json.model.json");
  ASSERT_EQ(read_all(whole), StatusCode::kOk);
  const size_t end = whole.find_last_of('}');
  for (size_t size = 0; size <= end; size += 7) {
    EXPECT_TRUE(is_refusal(read_all(whole.substr(0, size)))) << size;
  }
}

TEST(JsonReaderTest, WhatContradictsItselfIsRefused) {
  const std::string whole = fixture("ctr_only_categories_json.model.json");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string bytes = whole;
    const size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) bytes.replace(at, from.size(), to);
    return read_all(std::move(bytes));
  };
  EXPECT_TRUE(is_refusal(changed("\"split_index\":0", "\"split_index\":99")));
  EXPECT_TRUE(is_refusal(changed("\"split_index\":0", "\"split_index\":-1")));
  EXPECT_TRUE(is_refusal(changed("\"hash_stride\":", "\"hash_stride\":7")));
  EXPECT_TRUE(is_refusal(changed("\"hash_stride\":", "\"hash_stride\":-")));
  EXPECT_TRUE(is_refusal(changed("\"flat_feature_index\":0", "\"flat_feature_index\":-5")));
  EXPECT_TRUE(is_refusal(changed("\"flat_feature_index\":0", "\"flat_feature_index\":1")));
  EXPECT_TRUE(is_refusal(changed("\"ctr_data\"", "\"ctr_date\"")));
  // A column far away is one more column for each before it: as many as the file's size stands for.
  EXPECT_EQ(changed("\"flat_feature_index\":0", "\"flat_feature_index\":60000"), StatusCode::kOk);
  EXPECT_EQ(changed("\"flat_feature_index\":0", "\"flat_feature_index\":1000000"),
            StatusCode::kDataLoss);
}

}  // namespace
}  // namespace slipway::catboost
