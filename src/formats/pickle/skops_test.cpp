#include "formats/pickle/skops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/file.h"
#include "formats/pickle/internal/npy.h"
#include "formats/pickle/internal/skops_json.h"
#include "formats/pickle/internal/tree_builder.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {
namespace {

std::string fixture(const std::string& version, const std::string& name) {
  return read_file(std::string(SLIPWAY_TEST_DATA_DIR) + "/skops/" + version + "/" + name, {})
      .value();
}

TEST(Skops, AModelIsTheTreeOfItsPickle) {
  for (const char* version : {"0.3.0", "0.9.0", "0.13.0", "0.14.0"}) {
    const Result<Tree> tree = parse_skops(fixture(version, "standard_scaler.skops"), {});
    ASSERT_TRUE(tree.ok()) << tree.status().to_string();
    EXPECT_EQ(tree->container(), "skops");
    EXPECT_TRUE(tree->refused().empty());
    const Value model = tree->root();
    EXPECT_TRUE(model.is("sklearn.preprocessing", "StandardScaler")) << model.type_name();
    EXPECT_FALSE(to_f64(model.attr("mean_").value()).value().values.empty());
    EXPECT_FALSE(model.attr("_sklearn_version").value().as_string().value().empty());
  }
}

TEST(Skops, ATreesNodesAreAStructuredArray) {
  const Tree tree = parse_skops(fixture("0.13.0", "decision_tree_classifier.skops"), {}).value();
  const Value inner = tree.root().attr("tree_").value();
  EXPECT_TRUE(inner.is("sklearn.tree", "Tree"));
  EXPECT_EQ(inner.args().size(), 3U);
  const Value nodes = inner.attr("nodes").value();
  const auto left = field_i64(nodes, "left_child").value();
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(left->values[0], 1);
}

TEST(Skops, WhereverAFileIsCutItIsAnError) {
  const std::string bytes = fixture("0.13.0", "standard_scaler.skops");
  for (size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_FALSE(parse_skops(bytes.substr(0, size), {}).ok()) << size;
  }
}

TEST(Skops, ADamagedByteNeverGivesAnotherModelSilently) {
  const std::string bytes = fixture("0.13.0", "standard_scaler.skops");
  const size_t schema = bytes.find("\"__class__\"");
  std::string damaged = bytes;
  if (schema == std::string::npos) {
    damaged[bytes.size() / 2] = static_cast<char>(damaged[bytes.size() / 2] + 1);
  } else {
    damaged[schema + 3] = 'x';
  }
  EXPECT_FALSE(parse_skops(damaged, {}).ok());
}

TEST(Skops, ScalarsAreThoseOfPython) {
  EXPECT_EQ(parse_json_scalar("null")->kind, Kind::kNone);
  EXPECT_EQ(parse_json_scalar("true")->integer, 1);
  EXPECT_EQ(parse_json_scalar("-12")->integer, -12);
  EXPECT_EQ(parse_json_scalar("18446744073709551616")->kind, Kind::kBigInt);
  EXPECT_EQ(parse_json_scalar("1.5e3")->number, 1500);
  EXPECT_TRUE(std::isnan(parse_json_scalar("NaN")->number));
  EXPECT_EQ(parse_json_scalar("-Infinity")->number, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_json_scalar(R"("a\"\u00e9\ud83d\ude00\n")")->text,
            "a\"\xc3\xa9\xf0\x9f\x98\x80\n");
  EXPECT_EQ(parse_json_scalar(R"("\ud83d")")->text, "\xed\xa0\xbd");
  for (const char* text :
       {"", "[]", "{}", "\"", "\"a", "\"a\"b\"", "tru", "1e", "\"\\x\"", "--1"}) {
    EXPECT_FALSE(parse_json_scalar(text).has_value()) << text;
  }
}

TEST(Npy, AHeaderThatNumpyDoesNotWriteIsMalformed) {
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f8'}x", "{'descr': '<f8', 'shape': (2}", "{'shape': (-1,)}",
        "{'descr': [('a', '<f8'), 'fortran_order': True}", "{'descr': '<f8', 'what': 1}"}) {
    const std::string text = header;
    std::string file("\x93NUMPY\x01\x00", 8);
    file.push_back(static_cast<char>(text.size()));
    file.push_back('\0');
    file += text;
    Tree::Impl storage;
    storage.bytes = file;
    TreeBuilder builder(storage);
    EXPECT_FALSE(add_npy(builder, storage.bytes, 0).ok()) << header;
  }
}

}  // namespace
}  // namespace slipway::pickle
