#include "base/base64.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(Base64, EncodesAndDecodesTheExamplesOfItsStandard) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xff\xfe", "//4="}};
  for (const auto& [bytes, text] : cases) {
    std::string out;
    append_base64(out, bytes);
    EXPECT_EQ(out, text);
    out.clear();
    EXPECT_TRUE(decode_base64(text, out));
    EXPECT_EQ(out, bytes);
  }
}

TEST(Base64, TakesMissingPaddingAndBlanksAndRefusesTheRest) {
  std::string out;
  EXPECT_TRUE(decode_base64("Zm9v\nYg", out));
  EXPECT_EQ(out, "foob");
  for (const std::string_view wrong : {"Z", "Zg=", "Zg===", "Zm9v=", "Zg==Zg==", "Zm9-", "Zm%v"}) {
    EXPECT_FALSE(decode_base64(wrong, out)) << wrong;
  }
}

}  // namespace
}  // namespace slipway
