#include "protocols/internal/key_fields.h"

#include <gtest/gtest.h>

#include "protocols/internal/row_filler.h"

namespace slipway::protocols {
namespace {

const std::vector<std::string> kNames = {"id", "a \"tag\""};

/// The members of each row's keys, after its body was read as rows of two columns.
std::vector<std::string> keys_of(std::string_view body, bool columns_named, Status& status) {
  Signature signature;
  signature.columns.resize(2);
  signature.columns[0].name = "x";
  signature.columns[1].name = "y";
  signature.columns_named = columns_named;
  KeyFields keys;
  keys.begin(&kNames);
  ReadBuffers buffers;
  buffers.keys = &keys;
  InputBuffer input;
  const std::unordered_map<std::string_view, uint32_t> places;
  status = read_json(buffers.json, body, [&]() -> Status {
    RowFiller rows(signature, places, buffers, input);
    rows.reset();
    ondemand::array array;
    if (const auto error = buffers.json.document().get_array().get(array)) {
      return buffers.json.syntax_error(error);
    }
    for (auto element : array) {
      ondemand::value value;
      if (const auto error = element.get(value)) return buffers.json.syntax_error(error);
      TRY_STATUS(rows.read_object_row(value));
    }
    return buffers.json.check_end();
  });
  std::vector<std::string> members;
  for (size_t row = 0; status.ok() && row < input.rows(); ++row) {
    keys.append_members(members.emplace_back(), row);
  }
  return members;
}

TEST(KeyFieldsTest, ComeBackAsTheyWereSpelled) {
  Status status;
  const auto members = keys_of(
      R"([{"id":123456789012345678901234567890,"x":1,"y":2},{"x":1,"y":2,"id":"\u00e9\n","a \"tag\"":1.50},
          {"y":2,"x":1},{"id":null,"a \"tag\"":true,"x":1,"y":NaN}])",
      true, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(members, (std::vector<std::string>{
                         R"("id":123456789012345678901234567890,"a \"tag\"":null,)",
                         R"("id":"é\n","a \"tag\"":1.50,)", R"("id":null,"a \"tag\"":null,)",
                         R"("id":null,"a \"tag\"":true,)"}));
}

TEST(KeyFieldsTest, StandAmongTheValuesOfAModelWithoutNames) {
  Status status;
  const auto members = keys_of(R"([{"a":1,"id":7,"b":2}])", false, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(members, (std::vector<std::string>{R"("id":7,"a \"tag\"":null,)"}));
}

TEST(KeyFieldsTest, AreOnePlainValueEach) {
  for (const char* body :
       {R"([{"id":[1],"x":1,"y":2}])", R"([{"id":{},"x":1,"y":2}])", R"([{"id":7x,"x":1,"y":2}])",
        R"([{"id":tru,"x":1,"y":2}])", R"([{"ids":7,"x":1,"y":2}])"}) {
    Status status;
    keys_of(body, true, status);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << body;
  }
}

TEST(KeyFieldsTest, AreCellsOfCsv) {
  KeyFields keys;
  keys.begin(&kNames);
  keys.set(1, 0, "a,b", false);
  keys.set(1, 1, "7", true);
  std::string text;
  keys.append_names(text);
  keys.append_cells(text, 0);
  keys.append_cells(text, 1);
  EXPECT_EQ(text, "id,\"a \"\"tag\"\"\",,,\"a,b\",7,");
}

}  // namespace
}  // namespace slipway::protocols
