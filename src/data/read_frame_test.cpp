#include "data/read_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "data/frame_rows.h"

namespace slipway::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

Frame read(std::string_view text, const ReadOptions& options = {}, const std::string& name = "") {
  Result<Frame> frame = read_frame_bytes(text, name, options);
  EXPECT_TRUE(frame.ok()) << frame.status().message();
  return frame.ok() ? *std::move(frame) : Frame();
}

std::string error(std::string_view text, const ReadOptions& options = {},
                  const std::string& name = "") {
  const Result<Frame> frame = read_frame_bytes(text, name, options);
  return frame.ok() ? "" : frame.status().message();
}

ReadOptions typed(std::initializer_list<const char*> types) {
  ReadOptions options;
  for (const char* type : types) EXPECT_TRUE(add_column_type(type, options.schema).ok());
  return options;
}

std::vector<std::string> cells(const Frame& frame, std::string_view name) {
  const Column* column = frame.find(name);
  std::vector<std::string> texts;
  for (size_t row = 0; column != nullptr && row < frame.rows; ++row) {
    texts.push_back(column->cell_text(row));
  }
  return texts;
}

TEST(ReadFrameTest, InfersWhatColumnsHold) {
  const Frame frame = read(
      "n,w,b,t,c,id\n1.5,1,true,2024-05-01,red,007\n,2,False,2024-05-02T10:00,blue,008\n"
      "NA,3,?,-,null,009\n");
  EXPECT_EQ(frame.rows, 3U);
  EXPECT_EQ(frame.find("n")->kind, ColumnKind::kNumber);
  EXPECT_FALSE(frame.find("n")->is_whole);
  EXPECT_THAT(frame.find("n")->numbers, ElementsAre(1.5, IsNan(), IsNan()));
  EXPECT_EQ(frame.find("n")->missing_count, 2U);
  EXPECT_TRUE(frame.find("w")->is_whole);
  EXPECT_EQ(frame.find("b")->kind, ColumnKind::kBoolean);
  EXPECT_THAT(frame.find("b")->numbers, ElementsAre(1, 0, IsNan()));
  EXPECT_EQ(frame.find("t")->kind, ColumnKind::kTime);
  EXPECT_THAT(frame.find("t")->numbers, ElementsAre(1714521600, 1714644000, IsNan()));
  EXPECT_EQ(frame.find("c")->kind, ColumnKind::kCategory);
  EXPECT_THAT(frame.find("c")->codes, ElementsAre(0, 1, -1));
  EXPECT_THAT(cells(frame, "id"), ElementsAre("007", "008", "009"));
}

TEST(ReadFrameTest, AColumnThatTurnsOutToBeTextsKeepsThemAsTheyStood) {
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i) text += "1.50,TRUE\n";
  text += "x,y\n";
  const Frame frame = read(text);
  ASSERT_EQ(frame.rows, 5001U);
  EXPECT_EQ(frame.find("a")->cell_text(0), "1.50");
  EXPECT_EQ(frame.find("a")->cell_text(5000), "x");
  EXPECT_EQ(frame.find("b")->cell_text(0), "TRUE");
  EXPECT_EQ(frame.find("b")->dictionary.size(), 2U);
  EXPECT_EQ(frame.find("b")->missing_count, 0U);
}

TEST(ReadFrameTest, DecimalCommasNeedSemicolons) {
  const Frame frame = read("a;b;c\n1,5;2;1.5\n2;3,25;1,5\n");
  EXPECT_THAT(frame.find("a")->numbers, ElementsAre(1.5, 2));
  EXPECT_THAT(frame.find("b")->numbers, ElementsAre(2, 3.25));
  EXPECT_EQ(frame.find("c")->kind, ColumnKind::kCategory);  // 1.5 and 1,5: which is it?
  EXPECT_EQ(read("a,b\n\"1,5\",2\n").find("a")->kind, ColumnKind::kCategory);
}

TEST(ReadFrameTest, TheSchemaHasTheLastWord) {
  const Frame frame =
      read("zip,born,flag,x,id\n1234,01/02/2003,1,1,007\n",
           typed({"zip=text", "born=time:%d/%m/%Y", "flag=boolean", "x=ignore", "id=number"}));
  EXPECT_THAT(cells(frame, "zip"), ElementsAre("1234"));
  EXPECT_EQ(frame.find("zip")->kind, ColumnKind::kText);
  EXPECT_THAT(cells(frame, "born"), ElementsAre("2003-02-01T00:00:00Z"));
  EXPECT_EQ(frame.find("flag")->kind, ColumnKind::kBoolean);
  EXPECT_EQ(frame.find("x"), nullptr);
  EXPECT_THAT(frame.find("id")->numbers, ElementsAre(7));
}

TEST(ReadFrameTest, ErrorsNameLineAndColumn) {
  EXPECT_EQ(error("a,b\n1,2\n1\n"),
            "line 3: expected 2 fields as in the header, got 1: the row ends before column 'b'");
  EXPECT_EQ(error("a,b\n1,2,3\n"),
            "line 2: expected 2 fields as in the header, got 3: behind column 'b' stands '3'");
  EXPECT_EQ(error("a,b,a\n"), "line 1: column 'a' stands there twice, in places 1 and 3");
  EXPECT_THAT(error("1,2\n3,4\n"), HasSubstr("line 1: expected a header"));
  EXPECT_EQ(error(""), "the input is empty");
  EXPECT_EQ(error("a\nx\n", typed({"a=number"})), "line 2, column 'a': expected a number, got 'x'");
  EXPECT_EQ(error("age\n1\n", typed({"agee=text"})),
            "there is no column 'agee', for which a type is given (there is 'age')");
  EXPECT_THAT(error("a\n\xE9\n"), HasSubstr("line 2: this is not valid UTF-8"));
  EXPECT_THAT(error("\xFF\xFE"
                    "a"),
              HasSubstr("UTF-16"));
  EXPECT_THAT(error(std::string("a\n\0\n", 4)), HasSubstr("line 2, field 1: a NUL byte"));
  EXPECT_THAT(error("a\n\"x\n"), HasSubstr("line 2: a quote is never closed"));
}

TEST(ReadFrameTest, MemoryIsBounded) {
  ReadOptions options;
  options.memory_bytes_max = 1 << 20;
  std::string text = "a,b\n";
  for (int i = 0; i < 100'000; ++i) text += "1,2\n";
  EXPECT_THAT(error(text, options), HasSubstr("limit of 1 MiB"));
  // A column a row: most cells are never given.
  std::string json;
  for (int i = 0; i < 3000; ++i) json += "{\"c" + std::to_string(i) + "\":1}\n";
  EXPECT_THAT(error(json, options), HasSubstr("limit of 1 MiB"));
}

TEST(ReadFrameTest, NamesAreMadeUpWhereThereAreNone) {
  ReadOptions options;
  options.no_header = true;
  const Frame frame = read("1,2\n3,4\n", options);
  EXPECT_EQ(frame.rows, 2U);
  EXPECT_THAT(frame.find("x1")->numbers, ElementsAre(2, 4));
  EXPECT_THAT(read(",a\n0,5\n").find("Unnamed: 0")->numbers, ElementsAre(0));
}

TEST(ReadFrameTest, ReadsJsonLinesAndArrays) {
  for (const char* text : {"{\"a\":1,\"b\":\"x\"}\n\n{\"b\":null,\"c\":true,\"a\":2.5}\n",
                           "[{\"a\":1,\"b\":\"x\"},\n{\"b\":null,\"c\":true,\"a\":2.5}]"}) {
    const Frame frame = read(text);
    EXPECT_EQ(frame.rows, 2U);
    EXPECT_THAT(frame.find("a")->numbers, ElementsAre(1, 2.5));
    EXPECT_THAT(cells(frame, "b"), ElementsAre("x", ""));
    EXPECT_THAT(frame.find("c")->numbers, ElementsAre(IsNan(), 1));
    EXPECT_EQ(frame.find("c")->missing_count, 1U);
  }
}

TEST(ReadFrameTest, JsonTypesAreKeptAndMixedOnesAreTexts) {
  const Frame frame = read(
      "{\"s\":\"12\",\"m\":1,\"d\":\"2024-05-01\"}\n{\"s\":\"13\",\"m\":\"x\",\"d\":\"2024-05-02\"}"
      "\n");
  EXPECT_THAT(cells(frame, "s"), ElementsAre("12", "13"));
  EXPECT_TRUE(frame.find("s")->is_text());
  EXPECT_THAT(cells(frame, "m"), ElementsAre("1", "x"));
  EXPECT_EQ(frame.find("d")->kind, ColumnKind::kTime);
}

TEST(ReadFrameTest, JsonErrorsNameLineAndColumn) {
  EXPECT_THAT(error("{\"a\":1}\n{\"a\":[1]}\n"), HasSubstr("line 2, column 'a': expected"));
  EXPECT_EQ(read("{\"a\":1,\"b\":[1]}\n", typed({"b=ignore"})).columns.size(), 1U);
  EXPECT_THAT(error("{\"a\":1}\n{\"a\":\n"), HasSubstr("line 2: not valid JSON"));
  EXPECT_THAT(error("{\"a\":1,\"a\":2}\n"), HasSubstr("line 1: 'a' stands there twice"));
  EXPECT_THAT(error("{\"a\":1}\n[1]\n"), HasSubstr("line 2: expected an object"));
}

std::string gzipped(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(ReadFrameTest, GzipIsToldByItsBytesAndMembersFollowEachOther) {
  const std::string bytes = gzipped("a,b\n1,2\n") + gzipped("3,4\n");
  EXPECT_THAT(read(bytes).find("b")->numbers, ElementsAre(2, 4));
  EXPECT_THAT(error(bytes.substr(0, bytes.size() - 5)), HasSubstr("gzip file ends too early"));
  std::string spoilt = gzipped("a,b\n1,2\n");
  spoilt[spoilt.size() - 6] = static_cast<char>(spoilt[spoilt.size() - 6] ^ 1);
  EXPECT_THAT(error(spoilt), HasSubstr("gzip file is corrupt"));
}

TEST(ReadFrameTest, RowsAreMatchedToAModel) {
  Signature signature;
  signature.columns = {{"city", ColumnType::kText}, {"age"}};
  signature.columns_named = true;
  signature.matrices.strings = true;
  ReadOptions options;
  expect_columns(signature, options.schema);
  const Frame frame = read("id,age,city,y\nr1,1,10,yes\nr2,NA,,no\n", options);
  const auto rows = open_frame_rows(frame, signature, {}, {"y"}).value();
  EXPECT_THAT(rows->key_names(), ElementsAre("id"));
  InputBuffer input;
  std::vector<rows::KeyCell> keys;
  ASSERT_EQ(rows->next(10, input, keys).value(), 2U);
  EXPECT_EQ(input.number_row(0)[1], 1);
  EXPECT_TRUE(std::isnan(input.number_row(1)[1]));
  EXPECT_EQ(input.string_row(0)[0].view(), "10");
  EXPECT_TRUE(input.string_row(1)[0].missing());
  EXPECT_EQ(keys[1].text, "r2");
  EXPECT_EQ(rows->next(10, input, keys).value(), 0U);
  const auto wrong = open_frame_rows(read("age,city\nx,y\n"), signature, {}, {});
  EXPECT_EQ(wrong.status().message(),
            "column 'age': the model takes numbers, got the type category");
  EXPECT_THAT(open_frame_rows(frame, signature, {}, {"z"}).status().message(), HasSubstr("'z'"));
}

TEST(ReadFrameTest, TheDigestIsOfTheBytesThatWereRead) {
  std::string path = testing::TempDir() + "/table.XXXXXX";
  ::close(::mkstemp(path.data()));
  // Texts that begin late: two passes.
  std::string text = "a,b\n";
  for (int i = 0; i < 200'000; ++i) text += "1,2\n";
  text += "x,3\n";
  std::ofstream(path, std::ios::binary) << text;
  const Result<Table> table = read_table(path, {});
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_EQ(table->frame.rows, 200'001U);
  EXPECT_EQ(table->file.bytes, text.size());
  EXPECT_EQ(table->file.sha256, sha256_hex(text));
  std::ofstream(path + ".gz", std::ios::binary) << gzipped("a\n1\n") << std::string(300'000, '\0');
  const Result<Table> padded = read_table(path + ".gz", {});
  ASSERT_TRUE(padded.ok()) << padded.status().message();
  EXPECT_GT(padded->file.bytes, 300'000U) << "bytes behind the end count too";
  EXPECT_EQ(padded->file.sha256, sha256_hex(*read_file(path + ".gz", Limits())));
  EXPECT_EQ(read_table(path + ".none", {}).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace slipway::data
