#include "data/schema.h"

#include <gtest/gtest.h>

#include "data/read_frame.h"

namespace slipway::data {
namespace {

std::string error(std::string_view yaml) {
  const Result<Schema> schema = parse_schema(yaml);
  return schema.ok() ? "" : schema.status().message();
}

TEST(SchemaTest, SaysTypesFormatsUnitsAndMarkers) {
  const Schema schema = parse_schema(R"(
missing: ["", "?", ~]
columns:
  zip: text
  born: {type: time, format: "%d/%m/%Y"}
  weight: {unit: kg, type: number}
  seen: {format: "%Y-%m-%d"}
  comment: {type: ignore}
)")
                            .value();
  EXPECT_EQ(schema.missing, (std::vector<std::string>{"", "?", "null"}));
  EXPECT_EQ(schema.find("zip")->kind, ColumnKind::kText);
  EXPECT_EQ(schema.find("born")->time_format, "%d/%m/%Y");
  EXPECT_EQ(schema.find("weight")->unit, "kg");
  EXPECT_EQ(schema.find("seen")->kind, ColumnKind::kTime);
  EXPECT_TRUE(schema.find("comment")->is_ignored);
  EXPECT_EQ(schema.find("other"), nullptr);
}

TEST(SchemaTest, ErrorsNameTheLine) {
  EXPECT_EQ(error("columns:\n  a: nummer\n"),
            "line 2: expected the type number, boolean, category, text, time or ignore, got "
            "'nummer'");
  EXPECT_EQ(error("columns:\n  a: {type: number, format: \"%Y\"}\n"),
            "line 2: only times have a format, got the type number");
  EXPECT_EQ(error("column:\n  a: text\n"), "line 1: expected columns or missing, got 'column'");
  EXPECT_NE(error("columns: [a]").find("line 1: columns: expected"), std::string::npos);
  EXPECT_NE(error("columns: {a: {kind: text}}").find("expected type, format or unit, got 'kind'"),
            std::string::npos);
  EXPECT_NE(error("missing: x").find("expected a list"), std::string::npos);
  EXPECT_NE(error("columns: {a: text").find("line"), std::string::npos);
  EXPECT_EQ(error(""), "");
}

TEST(SchemaTest, TakesTypesOfTheCommandLine) {
  Schema schema;
  EXPECT_TRUE(add_column_type("zip=text", schema).ok());
  EXPECT_TRUE(add_column_type("a=b=time:%d/%m/%Y", schema).ok());
  EXPECT_EQ(schema.find("zip")->kind, ColumnKind::kText);
  EXPECT_EQ(schema.find("a=b")->time_format, "%d/%m/%Y");
  EXPECT_FALSE(add_column_type("zip", schema).ok());
  EXPECT_FALSE(add_column_type("zip=words", schema).ok());
  EXPECT_FALSE(add_column_type("zip=text:%Y", schema).ok());
}

TEST(SchemaTest, WhatIsWrittenReadsTheSame) {
  ReadOptions options;
  ASSERT_TRUE(add_column_type("c=ignore", options.schema).ok());
  const Frame frame =
      read_frame_bytes("a,\"b: \"\"x\"\"\",c,d\n1,01.05.2024,x,007\n", "", options).value();
  const std::string yaml = write_schema(frame, options.schema);
  const Schema again = parse_schema(yaml).value();
  EXPECT_EQ(again.missing, options.schema.missing);
  EXPECT_EQ(again.find("a")->kind, ColumnKind::kNumber) << yaml;
  EXPECT_EQ(again.find("b: \"x\"")->time_format, "%d.%m.%Y") << yaml;
  EXPECT_TRUE(again.find("c")->is_ignored) << yaml;
  EXPECT_EQ(again.find("d")->kind, ColumnKind::kCategory) << yaml;
}

}  // namespace
}  // namespace slipway::data
