#include "base/text_proto.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(TextProto, ReadsMessagesTextsNumbersAndLists) {
  const auto root = parse_text_proto("x.config", R"(
    # a comment
    list: { item { name: "a" 'b'; n: -3, flag: true } item: < n: 4 > }
    many: [1, 2,3]  none: []
    [type.example.com/x.Y] { escaped: "\x41\101\n\"'" }
  )");
  ASSERT_TRUE(root.ok()) << root.status().message();
  ASSERT_EQ(root->fields.size(), 5U);
  const TextField& list = root->fields[0];
  EXPECT_EQ(list.name, "list");
  ASSERT_EQ(list.fields.size(), 2U);
  const TextField& item = list.fields[0];
  EXPECT_EQ(item.fields[0].value, "ab");
  EXPECT_TRUE(item.fields[0].is_quoted);
  EXPECT_EQ(item.line, 3U);
  EXPECT_EQ(text_integer(item.fields[1]), -3);
  EXPECT_EQ(text_bool(item.fields[2]), true);
  EXPECT_EQ(text_bool(item.fields[0]), std::nullopt);
  EXPECT_EQ(text_integer(list.fields[1].fields[0]), 4);
  EXPECT_EQ(text_integer(root->fields[3]), 3);
  EXPECT_EQ(root->fields[4].name, "type.example.com/x.Y");
  EXPECT_EQ(root->fields[4].fields[0].value, "AA\n\"'");
}

TEST(TextProto, NamesTheLineOfWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {{"a {\n b: 1\n", "a does not end"},
                                                       {"a }", "expected ':' or '{' after a"},
                                                       {"a: 1 }", "unexpected }"},
                                                       {"a <\n}", "line 2: unexpected }"},
                                                       {"a: \"x", "does not end"},
                                                       {"a: \"x\n\"", "does not end on its line"},
                                                       {"a: \"\\q\"", "an escape is not known"},
                                                       {"a: [1 2]", "expected , or ]"},
                                                       {"a:", "a has no value"},
                                                       {": 1", "expected the name"},
                                                       {"a: \"\\x\"", "an escape is broken"},
                                                       {"[a", "expected ]"}};
  for (const auto& [text, message] : cases) {
    const auto root = parse_text_proto("x", text);
    ASSERT_FALSE(root.ok()) << text;
    EXPECT_NE(root.status().message().find(message), std::string::npos) << root.status().message();
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "a {";
  EXPECT_FALSE(parse_text_proto("x", deep).ok());
}

}  // namespace
}  // namespace slipway
