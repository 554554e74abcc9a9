// Files that are damaged or mean harm: one clear error each, within bounded memory and time. The
// files are written field by field, as no ONNX library would write them.
#include "formats/onnx/format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace slipway::onnx {
namespace {

std::string varint(uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out.push_back(static_cast<char>((value & 127U) | 128U));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string number(uint32_t field, int64_t value) {
  return varint(uint64_t{field} << 3) + varint(static_cast<uint64_t>(value));
}

std::string bytes(uint32_t field, std::string_view content) {
  return varint(uint64_t{field} << 3 | 2) + varint(content.size()) + std::string(content);
}

std::string real(float value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string attribute(std::string_view name, const std::string& value) {
  return bytes(5, bytes(1, name) + value);
}
std::string integer(std::string_view name, int64_t value) {
  return attribute(name, number(3, value));
}
std::string text(std::string_view name, std::string_view value) {
  return attribute(name, bytes(4, value));
}
std::string integers(std::string_view name, std::initializer_list<int64_t> values) {
  std::string all;
  for (const int64_t value : values) all += number(8, value);
  return attribute(name, all);
}
std::string reals(std::string_view name, std::initializer_list<float> values) {
  std::string all;
  for (const float value : values) all += real(value);
  return attribute(name, bytes(7, all));
}
std::string texts(std::string_view name, std::initializer_list<std::string_view> values) {
  std::string all;
  for (const std::string_view value : values) all += bytes(9, value);
  return attribute(name, all);
}

std::string names(uint32_t field, std::initializer_list<std::string_view> values) {
  std::string all;
  for (const std::string_view value : values) all += bytes(field, value);
  return all;
}

using Names = std::initializer_list<std::string_view>;

std::string node(std::string_view type, Names inputs, Names outputs,
                 const std::string& attributes = "", std::string_view domain = "") {
  return bytes(1, names(1, inputs) + names(2, outputs) + bytes(4, type) + attributes +
                      (domain.empty() ? "" : bytes(7, domain)));
}

std::string ml(std::string_view type, const std::string& attributes) {
  return node(type, {"X"}, {"Y"}, attributes, "ai.onnx.ml");
}

std::string tensor(std::string_view name, int64_t type, std::initializer_list<int64_t> dims,
                   const std::string& rest) {
  std::string all;
  for (const int64_t size : dims) all += number(1, size);
  return all + number(2, type) + bytes(8, name) + rest;
}

std::string constant(std::string_view name, int64_t type, std::initializer_list<int64_t> dims,
                     const std::string& rest) {
  return bytes(5, tensor(name, type, dims, rest));
}

/// A value of elements of a type: [rows, `width`].
std::string value(uint32_t field, std::string_view name, int64_t type, int64_t width) {
  const std::string shape = bytes(1, bytes(2, "N")) + bytes(1, number(1, width));
  return bytes(field, bytes(1, name) + bytes(2, bytes(1, number(1, type) + bytes(2, shape))));
}

std::string input(std::string_view name = "X", int64_t type = 1, int64_t width = 4) {
  return value(11, name, type, width);
}
std::string output(std::string_view name = "Y") { return bytes(12, bytes(1, name)); }

std::string model_of(const std::string& graph) {
  return number(1, 8) + bytes(7, graph) + bytes(8, number(2, 17)) +
         bytes(8, bytes(1, "ai.onnx.ml") + number(2, 3)) +
         bytes(8, bytes(1, "com.microsoft") + number(2, 1));
}

std::string model(const std::string& nodes) { return model_of(nodes + input() + output()); }

Result<formats::ReadReport> read(const std::string& file) {
  return make_format()->read(file, {}, {}, {});
}

Status status_of(const std::string& file) {
  const Result<formats::ReadReport> report = read(file);
  return report.ok() ? report->status() : report.status();
}

void expect_refused(const std::string& file, StatusCode code, std::string_view message) {
  const Status status = status_of(file);
  EXPECT_EQ(status.code(), code) << status.to_string();
  EXPECT_NE(status.to_string().find(message), std::string::npos)
      << status.to_string() << "\nexpected: " << message;
}

TEST(OnnxFormatTest, ASmallModelIsRead) {
  const Status status = status_of(model(node("Relu", {"X"}, {"Y"})));
  EXPECT_TRUE(status.ok()) << status.to_string();
}

TEST(OnnxFormatTest, FilesAreRecognisedByTheirContent) {
  const auto format = make_format();
  EXPECT_TRUE(format->recognises(model(node("Relu", {"X"}, {"Y"}))));
  for (const std::string_view other : {"", "\x08", "\x80\x04\x95", "{\"learner\": {",
                                       "tree\nversion=v4\n", "CBM1", "PK\x03\x04"}) {
    EXPECT_FALSE(format->recognises(other)) << other;
  }
}

TEST(OnnxFormatTest, AFileThatIsCutIsRefusedWhereverItIsCut) {
  const std::string whole = model(node("Relu", {"X"}, {"Y"}));
  const size_t graph_end = whole.size() - 60;
  for (size_t size = 0; size < graph_end; ++size) {
    const Status status = status_of(whole.substr(0, size));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << size << ": " << status.to_string();
  }
}

TEST(OnnxFormatTest, MalformedMessagesAreRefused) {
  const std::string start = number(1, 8);
  const std::string endless(11, '\xff');  // a varint of more than 64 bits
  for (const std::string& rest :
       {endless, std::string("\x3a") + endless,                       // a length without end
        std::string("\x3a\xff\xff\xff\xff\x0f"),                      // longer than the file
        std::string("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  // longer than memory
        std::string("\x3b"),                                          // a group
        std::string("\x02\x01", 2),                                   // field 0
        bytes(7, "\x0a\x05"), bytes(7, bytes(1, "\xff")),
        bytes(7, bytes(5, "\x22\x03\x01\x02\x03"))}) {
    expect_refused(start + rest, StatusCode::kInvalidArgument, "the file is damaged");
  }
}

TEST(OnnxFormatTest, TwoGraphsAndNoneAreRefused) {
  expect_refused(number(1, 8) + bytes(7, "") + bytes(7, ""), StatusCode::kInvalidArgument,
                 "two graphs");
  expect_refused(number(1, 8) + bytes(2, "nobody"), StatusCode::kInvalidArgument, "no ONNX graph");
}

TEST(OnnxFormatTest, InputsThatNothingGivesAreNamed) {
  expect_refused(model(node("Relu", {"Z"}, {"Y"})), StatusCode::kInvalidArgument,
                 "its input Z is not there");
  expect_refused(model(node("Relu", {"X"}, {"Z"})), StatusCode::kInvalidArgument,
                 "the output Y is not computed");
  expect_refused(model(node("Add", {"X"}, {"Y"})), StatusCode::kInvalidArgument,
                 "its input 1 is missing");
  expect_refused(model(node("Relu", {}, {"Y"})), StatusCode::kInvalidArgument, "input 0");
}

TEST(OnnxFormatTest, NodesThatWaitForEachOtherAreRefused) {
  expect_refused(
      model(node("Relu", {"B"}, {"A"}) + node("Relu", {"A"}, {"B"}) + node("Relu", {"A"}, {"Y"})),
      StatusCode::kInvalidArgument, "its input B is not there");
  expect_refused(model(node("Relu", {"Y"}, {"Y"})), StatusCode::kInvalidArgument,
                 "its input Y is not there");
}

TEST(OnnxFormatTest, OperatorsThatAreNotThereAreNamedAllAtOnce) {
  const Result<formats::ReadReport> report =
      read(model(node("LSTM", {"X"}, {"A"}) + node("Magic", {"A"}, {"Y"}, "", "example.org")));
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  ASSERT_EQ(report->gaps.size(), 2U);
  EXPECT_EQ(report->gaps[0].class_name, "ai.onnx.LSTM");
  EXPECT_EQ(report->gaps[1].class_name, "example.org.Magic");
  EXPECT_EQ(report->status().code(), StatusCode::kUnimplemented);
}

// Nodes of ai.slipway (docs/container.md): attributes are what an operator is made of.

std::string own(std::string_view type, const std::string& attributes) {
  return model(node(type, {"X"}, {"Y"}, attributes, "ai.slipway"));
}
std::string typed_integer(std::string_view name, int64_t value) {
  return bytes(5, bytes(1, name) + number(3, value) + number(20, 2));
}
std::string doubles(std::string_view name, std::initializer_list<double> values) {
  std::string raw(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(double));
  const std::string content = number(1, static_cast<int64_t>(values.size())) + number(2, 11);
  return bytes(5, bytes(1, name) + bytes(5, content + bytes(9, raw)) + number(20, 4));
}

TEST(OnnxFormatTest, AnOwnOperatorIsRead) {
  const Status status =
      status_of(own("AdditiveChi2", typed_integer("steps", 2) + doubles("interval", {0.5})));
  EXPECT_TRUE(status.ok()) << status.to_string();
}

TEST(OnnxFormatTest, AnOwnOperatorsConstantsAreChecked) {
  const std::string steps = typed_integer("steps", 2);
  const std::string interval = doubles("interval", {0.5});
  const auto refused = [](const std::string& attributes, std::string_view message) {
    expect_refused(own("AdditiveChi2", attributes), StatusCode::kInvalidArgument, message);
  };
  refused(steps, "the attribute interval is missing");
  refused(steps + doubles("interval", {1, 2}), "the attribute interval is not one number");
  refused(steps + text("interval", "x"), "is no integer, text, list of them or list of doubles");
  refused(interval + typed_integer("steps", -1), "the attribute steps is -1");
  refused(interval + typed_integer("steps", int64_t{1} << 33), "the attribute steps is");
  refused(steps + interval + typed_integer("seed", 1), "it has 3 attributes, expected 2");
  refused(steps + steps + interval, "its attribute steps is there twice");
}

TEST(OnnxFormatTest, AnOwnOperatorTakesRowsOfColumnsOfItsWidth) {
  const std::string pairs =
      typed_integer("classes", 3) + doubles("a", {1, 1, 1}) + doubles("b", {0, 0, 0});
  expect_refused(own("SvmProbability", pairs), StatusCode::kInvalidArgument,
                 "expected one dense input of 3 pairs of classes");
  const std::string reshaped = constant("C", 7, {3}, number(7, -1) + number(7, 2) + number(7, 2)) +
                               node("Reshape", {"X", "C"}, {"Z"});
  expect_refused(
      model(reshaped + node("AdditiveChi2", {"Z"}, {"Y"},
                            typed_integer("steps", 1) + doubles("interval", {1}), "ai.slipway")),
      StatusCode::kInvalidArgument, "expected rows of columns");
}

TEST(OnnxFormatTest, OwnOperatorsThatAreNotThereAreNamed) {
  const auto report = read(own("Conjure", ""));
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->gaps.size(), 1U);
  EXPECT_EQ(report->gaps[0].class_name, "ai.slipway.Conjure");
  const std::string later =
      model_of(node("Smallest", {"X"}, {"Y"}, typed_integer("count", 1), "ai.slipway") + input() +
               output()) +
      bytes(8, bytes(1, "ai.slipway") + number(2, 2));
  const auto gaps = read(later);
  ASSERT_TRUE(gaps.ok());
  ASSERT_EQ(gaps->gaps.size(), 1U);
  EXPECT_NE(gaps->gaps[0].message.find("version 2"), std::string::npos);
}

TEST(OnnxFormatTest, ConstantsThatDoNotFitTheirShapeAreRefused) {
  const std::string add = node("Add", {"X", "C"}, {"Y"});
  const std::string four(16, '\0');
  for (const auto& dims : {std::initializer_list<int64_t>{5}, {2, 3}, {0}, {1, 1}, {}}) {
    expect_refused(model(add + constant("C", 1, dims, bytes(9, four))),
                   StatusCode::kInvalidArgument, "does not fit its shape");
  }
  expect_refused(model(add + constant("C", 1, {4}, "")), StatusCode::kInvalidArgument,
                 "does not fit its shape");
  expect_refused(model(add + constant("C", 1, {-4}, bytes(9, four))), StatusCode::kInvalidArgument,
                 "negative size");
  expect_refused(model(add + constant("C", 1, {int64_t{1} << 40}, bytes(9, four))),
                 StatusCode::kResourceExhausted, "too many elements");
  expect_refused(
      model(add + constant("C", 1, {int64_t{1} << 32, int64_t{1} << 32}, bytes(9, four))),
      StatusCode::kResourceExhausted, "too many elements");
  expect_refused(model(add + constant("C", 1, {INT64_MAX, INT64_MAX, 0}, bytes(9, four))),
                 StatusCode::kResourceExhausted, "too many elements");
}

TEST(OnnxFormatTest, ElementsThatSlipwayDoesNotComputeWithAreNamed) {
  const std::string add = node("Add", {"X", "C"}, {"Y"});
  expect_refused(model(add + constant("C", 14, {1}, bytes(9, "ab"))), StatusCode::kUnimplemented,
                 "complex64");
  expect_refused(model(add + constant("C", 99, {1}, bytes(9, "ab"))), StatusCode::kUnimplemented,
                 "type 99");
  expect_refused(model(add + constant("C", 8, {1}, bytes(6, "text"))), StatusCode::kInvalidArgument,
                 "two numbers, or two texts");
  expect_refused(model_of(node("Relu", {"X"}, {"Y"}) + input("X", 8) + output()),
                 StatusCode::kInvalidArgument, "got texts");
}

TEST(OnnxFormatTest, NumbersInOtherFilesAreRefused) {
  const std::string place = bytes(13, bytes(1, "location") + bytes(2, "../../etc/passwd"));
  expect_refused(
      model(node("Add", {"X", "C"}, {"Y"}) + constant("C", 1, {4}, place + number(14, 1))),
      StatusCode::kUnimplemented, "external data");
}

TEST(OnnxFormatTest, GraphsInGraphsAreBounded) {
  std::string inner = node("Relu", {"X"}, {"Y"}) + output();
  for (int depth = 0; depth < 1000; ++depth) {
    inner = node("If", {"C"}, {"Y"}, attribute("then_branch", bytes(6, inner))) + output();
  }
  expect_refused(model(inner), StatusCode::kResourceExhausted, "too deep");
}

TEST(OnnxFormatTest, ASmallFileDoesNotBecomeALargeModel) {
  const std::string shape = constant("S", 7, {2}, bytes(7, varint(1) + varint(1U << 23)));
  std::string nodes = shape + constant("Z", 1, {1}, bytes(4, real(1)));
  for (int i = 0; i < 200; ++i) {
    const std::string name = fmt::format("E{}", i);
    nodes += node("Expand", {"Z", "S"}, {name});
  }
  expect_refused(model(nodes + node("Relu", {"X"}, {"Y"})), StatusCode::kResourceExhausted,
                 "far larger than its file");
}

TEST(OnnxFormatTest, InputsAreBounded) {
  for (const int64_t width : {int64_t{1} << 21, int64_t{1} << 40, INT64_MAX}) {
    const std::string file = model_of(node("Relu", {"X"}, {"Y"}) + input("X", 1, width) + output());
    EXPECT_EQ(status_of(file).code(), StatusCode::kResourceExhausted)
        << status_of(file).to_string();
  }
}

TEST(OnnxFormatTest, LoopsAreBounded) {
  const std::string body = node("Add", {"state", "state"}, {"next"}) +
                           node("Identity", {"on"}, {"on2"}) + bytes(11, bytes(1, "round")) +
                           bytes(11, bytes(1, "on")) + bytes(11, bytes(1, "state")) +
                           output("on2") + output("next");
  const auto loop = [&](const std::string& count) {
    return model(constant("M", 7, {}, bytes(7, count)) +
                 node("Loop", {"M", "", "X"}, {"Y"}, attribute("body", bytes(6, body))));
  };
  EXPECT_TRUE(status_of(loop(varint(5))).ok()) << status_of(loop(varint(5))).to_string();
  expect_refused(loop(varint(INT64_MAX)), StatusCode::kResourceExhausted, "too often");
}

/// Three nodes: a split and two leaves. A test changes one attribute.
std::string tree(std::string_view changed = "", const std::string& by = "") {
  const std::vector<std::pair<std::string_view, std::string>> attributes = {
      {"nodes_treeids", integers("nodes_treeids", {0, 0, 0})},
      {"nodes_nodeids", integers("nodes_nodeids", {0, 1, 2})},
      {"nodes_featureids", integers("nodes_featureids", {3, 0, 0})},
      {"nodes_truenodeids", integers("nodes_truenodeids", {1, 0, 0})},
      {"nodes_falsenodeids", integers("nodes_falsenodeids", {2, 0, 0})},
      {"nodes_modes", texts("nodes_modes", {"BRANCH_LEQ", "LEAF", "LEAF"})},
      {"nodes_values", reals("nodes_values", {0.5F, 0, 0})},
      {"target_treeids", integers("target_treeids", {0, 0})},
      {"target_nodeids", integers("target_nodeids", {1, 2})},
      {"target_ids", integers("target_ids", {0, 0})},
      {"target_weights", reals("target_weights", {1, 2})},
      {"n_targets", integer("n_targets", 1)},
  };
  std::string all;
  for (const auto& [name, written] : attributes) all += name == changed ? by : written;
  return model(ml("TreeEnsembleRegressor", all));
}

TEST(OnnxFormatTest, ContradictionsInTreesAreRefused) {
  ASSERT_TRUE(status_of(tree()).ok()) << status_of(tree()).to_string();
  const auto changed = [](std::string_view name, std::initializer_list<int64_t> values) {
    return tree(name, integers(name, values));
  };
  const std::vector<std::string> files = {
      changed("nodes_truenodeids", {7, 0, 0}),  // no such node
      changed("nodes_truenodeids", {-1, 0, 0}),
      changed("nodes_truenodeids", {1, 0}),    // too short
      changed("nodes_nodeids", {0, 1, 1}),     // twice the same
      changed("nodes_featureids", {4, 0, 0}),  // no such feature
      changed("nodes_featureids", {-1, 0, 0}),
      changed("nodes_featureids", {INT64_MAX, 0, 0}),
      changed("target_ids", {0, 1}),  // no such target
      changed("target_ids", {0, -1}),
      changed("target_nodeids", {1, 9}),
      changed("target_nodeids", {1}),
      tree("nodes_modes", texts("nodes_modes", {"BRANCH_ELSE", "LEAF", "LEAF"})),
      tree("nodes_values", reals("nodes_values", {0.5F})),
      tree("n_targets", integer("n_targets", 0)),
      tree("n_targets", integer("n_targets", INT64_MIN)),
  };
  for (const std::string& file : files) {
    EXPECT_EQ(status_of(file).code(), StatusCode::kInvalidArgument) << status_of(file).to_string();
  }
}

TEST(OnnxFormatTest, TreesThatGoInCirclesEnd) {
  // Node 1 is a split that leads back to itself and to the root.
  const std::string modes = texts("nodes_modes", {"BRANCH_LEQ", "BRANCH_LEQ", "LEAF"});
  const auto circle = [&](std::initializer_list<int64_t> truth) {
    std::string file = tree("nodes_modes", modes);
    const std::string from = integers("nodes_truenodeids", {1, 0, 0});
    const std::string to = integers("nodes_truenodeids", truth);
    const size_t place = file.find(from);
    return file.replace(place, from.size(), to);
  };
  for (const std::string& file : {circle({1, 1, 0}), circle({1, 0, 0}), circle({0, 0, 0})}) {
    EXPECT_FALSE(status_of(file).ok());
  }
}

TEST(OnnxFormatTest, LinearModelsAndVectorMachinesMustFitTheirInput) {
  const std::vector<std::string> files = {
      ml("LinearRegressor", reals("coefficients", {1, 2, 3})),
      ml("LinearRegressor", reals("coefficients", {1, 2, 3, 4}) + integer("targets", 2)),
      ml("LinearRegressor", reals("coefficients", {1, 2, 3, 4}) + integer("targets", -1)),
      ml("LinearClassifier", reals("coefficients", {1, 2, 3, 4}) + reals("intercepts", {1})),
      ml("LinearClassifier",
         reals("coefficients", {1, 2, 3, 4}) + integers("classlabels_ints", {0, 1, 2})),
      ml("SVMRegressor", integer("n_supports", 5) + reals("support_vectors", {1, 2, 3}) +
                             reals("coefficients", {1}) + reals("rho", {0})),
      ml("SVMRegressor", text("kernel_type", "MAGIC") + reals("rho", {0})),
      ml("SVMClassifier", integers("vectors_per_class", {1, -1}) +
                              integers("classlabels_ints", {0, 1}) +
                              reals("support_vectors", {1, 2, 3, 4}) + reals("coefficients", {1}) +
                              reals("rho", {0})),
      ml("SVMClassifier", integers("vectors_per_class", {INT64_MAX, 1}) +
                              integers("classlabels_ints", {0, 1}) + reals("rho", {0})),
  };
  for (const std::string& nodes : files) {
    const Status status = status_of(model(nodes));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
  }
}

TEST(OnnxFormatTest, TablesMustHoldPairs) {
  const std::vector<std::string> files = {
      ml("LabelEncoder", integers("keys_int64s", {1, 2}) + texts("values_strings", {"a"})),
      ml("LabelEncoder", texts("keys_strings", {"a"}) + integers("values_int64s", {1})),
      ml("LabelEncoder", ""),
      ml("CategoryMapper", texts("cats_strings", {"a"}) + integers("cats_int64s", {})),
      ml("OneHotEncoder", texts("cats_strings", {"a"})),
      ml("Imputer", ""),
      ml("Imputer", reals("imputed_value_floats", {1, 2, 3})),
      ml("Scaler", reals("offset", {1, 2, 3})),
      ml("ZipMap", integers("classlabels_int64s", {0, 1})),
  };
  for (const std::string& nodes : files) {
    const Status status = status_of(model(nodes));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
  }
}

TEST(OnnxFormatTest, CountsOfWordsMustFitTheirPool) {
  const auto words = [](const std::string& attributes) {
    return model_of(
        input("X", 8, 1) + output() +
        node("Tokenizer", {"X"}, {"W"}, text("tokenexp", "[a-z]+"), "com.microsoft") +
        node("TfIdfVectorizer", {"W"}, {"Y"},
             text("mode", "TF") + texts("pool_strings", {"a", "b", "a", "c"}) + attributes));
  };
  const std::string lengths = integer("min_gram_length", 1) + integer("max_gram_length", 2);
  const std::string good =
      integers("ngram_counts", {0, 2}) + integers("ngram_indexes", {0, 1, 2}) + lengths;
  ASSERT_TRUE(status_of(words(good)).ok()) << status_of(words(good)).to_string();
  for (const std::string& bad :
       {integers("ngram_counts", {0, 1}) + integers("ngram_indexes", {0, 1, 2}) + lengths,
        integers("ngram_counts", {0, 9}) + integers("ngram_indexes", {0, 1, 2}) + lengths,
        integers("ngram_counts", {0, -2}) + integers("ngram_indexes", {0, 1, 2}) + lengths,
        integers("ngram_counts", {0, 2}) + integers("ngram_indexes", {0, 1}) + lengths,
        integers("ngram_counts", {0, 2}) + integers("ngram_indexes", {0, 1, -2}) + lengths,
        integers("ngram_counts", {0, 2}) + integers("ngram_indexes", {0, 1, INT64_MAX}) + lengths,
        integers("ngram_counts", {0, 2}) + integers("ngram_indexes", {0, 1, 2}) +
            integer("min_gram_length", 0)}) {
    EXPECT_EQ(status_of(words(bad)).code(), StatusCode::kInvalidArgument)
        << status_of(words(bad)).to_string();
  }
}

TEST(OnnxFormatTest, WordsAreForTfIdfVectorizerOnly) {
  expect_refused(
      model_of(input("X", 8, 1) + output() +
               node("Tokenizer", {"X"}, {"Y"}, text("tokenexp", "[a-z]+"), "com.microsoft")),
      StatusCode::kUnimplemented, "words of a text");
}

TEST(OnnxFormatTest, RowsAreNotMixed) {
  const std::string zero = integers("axes", {0});
  for (const std::string& nodes :
       {node("ReduceMean", {"X"}, {"Y"}, zero), node("Softmax", {"X"}, {"Y"}, integer("axis", 0)),
        node("MatMul", {"X", "T"}, {"Y"})}) {
    const std::string file = model(node("Transpose", {"X"}, {"T"}) + nodes);
    EXPECT_EQ(status_of(file).code(), StatusCode::kUnimplemented) << status_of(file).to_string();
  }
}

std::string function(std::string_view name, Names inputs, Names outputs, const std::string& nodes) {
  std::string all = bytes(1, name) + names(4, inputs) + names(5, outputs) + bytes(10, "own");
  // Nodes are field 7 of a function, and field 1 of a graph, as node() writes them.
  for (size_t at = 0; at < nodes.size();) {
    size_t size = static_cast<unsigned char>(nodes[at + 1]);
    size_t head = 2;
    if (size > 127) {
      size = (size & 127U) + (static_cast<unsigned char>(nodes[at + 2]) << 7U);
      head = 3;
    }
    all += bytes(7, nodes.substr(at + head, size));
    at += head + size;
  }
  return bytes(25, all + bytes(9, number(2, 17)) + bytes(9, bytes(1, "own") + number(2, 1)));
}

std::string own(std::string_view type, Names inputs, Names outputs,
                const std::string& attributes = "") {
  return node(type, inputs, outputs, attributes, "own");
}

TEST(OnnxFormatTest, FunctionsOfTheModelsOwnAreReadWhereTheyAreUsed) {
  // The name of the caller's attribute stands in the attribute's own.
  const std::string reference = bytes(5, bytes(1, "alpha") + bytes(21, "slope") + number(20, 1));
  const std::string leaky =
      function("Leaky", {"a", "left_out"}, {"b"}, node("LeakyRelu", {"a"}, {"b"}, reference));
  const std::string twice =
      function("Twice", {"a"}, {"c"}, own("Leaky", {"a"}, {"b"}) + own("Leaky", {"b"}, {"c"}));
  const std::string slope = bytes(5, bytes(1, "slope") + varint(2U << 3U | 5U) + real(0.5F));
  EXPECT_TRUE(status_of(model(own("Leaky", {"X"}, {"Y"}, slope)) + leaky).ok());
  EXPECT_TRUE(status_of(model(own("Twice", {"X"}, {"Y"})) + leaky + twice).ok());
  expect_refused(model(own("Leaky", {"X", "X", "X"}, {"Y"})) + leaky, StatusCode::kInvalidArgument,
                 "takes 2 inputs, not 3");
  expect_refused(model(own("None", {"X"}, {"Y"})) + function("None", {"a"}, {"b"}, ""),
                 StatusCode::kInvalidArgument, "does not give its output b");
  expect_refused(model(own("Odd", {"X"}, {"Y"})) +
                     function("Odd", {"a"}, {"b"}, node("Strange", {"a"}, {"b"})),
                 StatusCode::kUnimplemented, "Strange");
}

TEST(OnnxFormatTest, FunctionsThatUseThemselvesEnd) {
  expect_refused(
      model(own("F", {"X"}, {"Y"})) + function("F", {"a"}, {"b"}, own("F", {"a"}, {"b"})),
      StatusCode::kResourceExhausted, "too deep");
  // Each uses the next one many times: what they become is bounded, not what they are.
  std::string file = model(own("F0", {"X"}, {"Y"}));
  for (int i = 0; i < 14; ++i) {
    const std::string name = fmt::format("F{}", i);
    const std::string next = fmt::format("F{}", i + 1);
    std::string nodes;
    for (int k = 0; k < 30; ++k) nodes += own(next, {"a"}, {"b"});
    file += function(name, {"a"}, {"b"}, nodes);
  }
  file += function("F14", {"a"}, {"b"}, node("Relu", {"a"}, {"b"}));
  EXPECT_EQ(status_of(file).code(), StatusCode::kResourceExhausted);
}

std::string metadata(std::string_view key, std::string_view value) {
  return bytes(14, bytes(1, key) + bytes(2, value));
}

TEST(OnnxFormatTest, ColumnsOfSlipwaysOwnMetadataAreTaken) {
  const std::string relu = model(node("Relu", {"X"}, {"Y"}));
  const auto found =
      read(relu + metadata("columns", R"(["age", "a\"\u00e4", "\ud83d\ude00", ""])") +
           metadata("Y.columns", R"(["p","q","r","s"])"));
  ASSERT_TRUE(found.ok() && found->graph != nullptr);
  const Signature& signature = found->graph->signature();
  EXPECT_TRUE(signature.columns_named && found->info.warnings.empty());
  EXPECT_EQ(signature.columns[0].name, "age");
  EXPECT_EQ(signature.columns[1].name, "a\"\u00e4");
  EXPECT_EQ(signature.columns[2].name, "\U0001f600");
  EXPECT_EQ(signature.outputs[0].columns, (std::vector<std::string>{"p", "q", "r", "s"}));
  const std::string apart = model_of(node("Concat", {"b", "a"}, {"Y"}, integer("axis", 1)) +
                                     input("b", 11, 1) + input("a", 11, 1) + output());
  const auto ordered = read(apart + metadata("columns", R"(["a","unused","b"])") +
                            metadata("column_types", R"(["number","text","number"])"));
  ASSERT_TRUE(ordered.ok() && ordered->graph != nullptr);
  const auto& columns = ordered->graph->signature().columns;
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[0].name, "a");
  EXPECT_TRUE(columns[1].is_text() && !columns[1].is_used && columns[2].is_used);
}

TEST(OnnxFormatTest, ColumnsThatDoNotFitArePassedOverWithAWarning) {
  const std::string relu = model(node("Relu", {"X"}, {"Y"}));
  for (const std::string_view bad :
       {R"(["a","b","c"])", R"(["a","a","b","c"])", R"(["a","b","c",4])", "[", "",
        R"(["a","b","c","d"]x)", R"(["\ud800","b","c","d"])", R"(["\q","b","c","d"])",
        R"({"a":1})"}) {
    const auto found = read(relu + metadata("columns", bad));
    ASSERT_TRUE(found.ok() && found->graph != nullptr) << bad;
    EXPECT_EQ(found->info.warnings.size(), 1U) << bad;
    EXPECT_FALSE(found->graph->signature().columns_named) << bad;
  }
}

}  // namespace
}  // namespace slipway::onnx
