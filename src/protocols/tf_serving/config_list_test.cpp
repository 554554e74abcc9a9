#include "protocols/tf_serving/config_list.h"

#include <gtest/gtest.h>

#include <string>

#include "protocols/internal/proto_writer.h"

namespace slipway::protocols::tf_serving {
namespace {

/// A request of one model; `fill` writes what its ModelConfig holds.
template <typename Fill>
std::string request(Fill&& fill) {
  std::string bytes;
  ProtoWriter out(bytes);
  const size_t config = out.open(1);
  const size_t list = out.open(1);
  const size_t model = out.open(1);
  fill(out);
  out.close(model);
  out.close(list);
  out.close(config);
  return bytes;
}

TEST(ConfigListTest, IsWrittenAsItsFileWouldBe) {
  const std::string bytes = request([](ProtoWriter& out) {
    out.bytes(1, "iris");
    out.bytes(2, "/models/iris");
    const size_t policy = out.open(7);
    const size_t specific = out.open(102);
    out.varint(1, 3);
    out.bytes(1, std::string("\x05\x81\x01", 3));  // packed: 5, 129
    out.close(specific);
    out.close(policy);
    const size_t label = out.open(8);
    out.bytes(1, "stable");
    out.varint(2, 3);
    out.close(label);
  });
  const auto text = read_config_list(bytes);
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text,
            "model_config_list { config { name: \"iris\" base_path: \"/models/iris\" "
            "model_version_policy { specific { versions: 3 versions: 5 versions: 129 } } "
            "version_labels { key: \"stable\" value: 3 } } }\n");
}

TEST(ConfigListTest, ATextCannotEndItself) {
  const std::string bytes =
      request([](ProtoWriter& out) { out.bytes(1, "a\" base_path: \"/\n\\"); });
  const auto text = read_config_list(bytes);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "model_config_list { config { name: \"a\\\" base_path: \\\"/\\012\\\\\" } }\n");
}

TEST(ConfigListTest, AnythingElseIsRefused) {
  EXPECT_EQ(read_config_list("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(read_config_list("\x0a\x05").status().code(), StatusCode::kInvalidArgument);
  const std::string utf16 = request([](ProtoWriter& out) { out.bytes(1, "\xff\xfe"); });
  EXPECT_EQ(read_config_list(utf16).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::protocols::tf_serving
