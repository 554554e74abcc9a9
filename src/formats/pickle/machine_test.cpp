#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "formats/pickle/internal/test_pickles.h"
#include "formats/pickle/numpy.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {
namespace {

using std::string_literals::operator""s;

StatusCode code_of(std::string bytes, const Limits& limits = {}) {
  return parse(std::move(bytes), limits).status().code();
}

Tree parsed(std::string bytes) {
  Result<Tree> tree = parse(std::move(bytes), {});
  EXPECT_TRUE(tree.ok()) << tree.status().to_string();
  return tree.ok() ? std::move(*tree) : Tree();
}

std::string message_of(std::string bytes, const Limits& limits = {}) {
  return parse(std::move(bytes), limits).status().to_string();
}

TEST(Machine, ReadsTheTextLiteralsOfProtocol0) {
  const Tree tree = parsed(
      "(I12\nI01\nI00\nL-99999999999999999999L\nF1.5e3\nFnan\nS'a\\x41\\'\\n'\nV\\u00e9\\\\\nNt.");
  const Value root = tree.root();
  ASSERT_EQ(root.size(), 9u);
  EXPECT_EQ(root.at(0).as_int().value(), 12);
  EXPECT_EQ(root.at(1).kind(), Kind::kBool);
  EXPECT_TRUE(root.at(1).as_bool().value());
  EXPECT_FALSE(root.at(2).as_bool().value());
  EXPECT_EQ(root.at(3).kind(), Kind::kBigInt);
  EXPECT_DOUBLE_EQ(root.at(3).as_double().value(), -99999999999999999999.0);
  EXPECT_EQ(root.at(4).as_double().value(), 1500);
  EXPECT_TRUE(std::isnan(root.at(5).as_double().value()));
  EXPECT_EQ(root.at(6).as_string().value(), "aA'\n");
  EXPECT_EQ(root.at(7).as_string().value(), "\u00e9\\\\");
  EXPECT_TRUE(root.at(8).is_none());
}

TEST(Machine, ReadsTheBinaryIntegers) {
  const Tree tree =
      parsed(pickle_of("(K\xffM\xff\xffJ\xff\xff\xff\xff\x8a\x01\x80\x8a\x00"
                       "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00"
                       "\x8b\x02\x00\x00\x00\x00\x01t"s));
  const int64_t expected[] = {255, 65535, -1, -128, 0};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(tree.root().at(i).as_int().value(), expected[i]);
  EXPECT_EQ(tree.root().at(5).as_double().value(), 0x1p63);
  EXPECT_FALSE(tree.root().at(5).as_int().ok());
  EXPECT_EQ(tree.root().at(6).as_int().value(), 256);
}

TEST(Machine, MakesTheSameObjectOfEveryWayToCallAClass) {
  const std::string type = global("sklearn.svm", "SVC");
  const std::string state = "}" + text("C") + "K\x02s";
  const std::string bodies[] = {
      type + ")\x81" + state + "b",
      type + ")R" + state + "b",
      type + ")}\x92" + state + "b",
      "(isklearn.svm\nSVC\n" + state + "b",
      "(" + type + "o" + state + "b",
      "ccopy_reg\n_reconstructor\n(" + type + global("builtins", "object") + "NtR" + state + "b",
      "ccopy_reg\n__newobj__\n(" + type + "tR" + state + "b",
      "ccopyreg\n__newobj_ex__\n(" + type + ")}tR" + state + "b",
      type + ")\x81N" + state + "\x86" + "b",
  };
  for (const std::string& body : bodies) {
    const Tree tree = parsed(pickle_of(body));
    const Value root = tree.root();
    EXPECT_EQ(root.type_name(), "sklearn.svm.SVC");
    EXPECT_EQ(root.trust(), Trust::kUnderstood);
    EXPECT_EQ(root.args().size(), 0u);
    EXPECT_EQ(root.attr("C").value().as_int().value(), 2);
    EXPECT_FALSE(root.attr("gamma").ok());
    EXPECT_TRUE(tree.refused_status().ok());
  }
}

TEST(Machine, RefusesWhatNoModelNeedsAndListsAllOfIt) {
  const Tree tree =
      parsed(pickle_of("(" + global("os", "system") + text("id") + "\x85R" +
                       global("builtins", "eval") + global("__main__", "Foo") + ")\x81t"));
  ASSERT_EQ(tree.refused().size(), 3u);
  EXPECT_EQ(tree.refused()[0].module, "os");
  EXPECT_EQ(tree.refused()[0].name, "system");
  EXPECT_EQ(tree.refused()[0].offset, 15u);
  EXPECT_EQ(tree.refused()[1].name, "eval");
  EXPECT_EQ(tree.refused()[2].module, "__main__");
  const Status status = tree.refused_status();
  EXPECT_EQ(status.code(), StatusCode::kPermissionDenied);
  EXPECT_NE(status.message().find("os.system at byte 15"), std::string::npos);
  EXPECT_EQ(tree.root().at(0).trust(), Trust::kRefused);
}

TEST(Machine, GetattrNeverResolves) {
  const std::string name = global("builtins", "getattr");
  const std::string opaque = global("datetime", "datetime") + text("now") + "\x86R";
  const Tree inert = parsed(pickle_of(name + opaque));
  EXPECT_TRUE(inert.refused_status().ok());
  EXPECT_EQ(inert.root().trust(), Trust::kInert);
  EXPECT_FALSE(parsed(pickle_of(name + opaque + ")R")).refused_status().ok());
  const std::string dunder = global("datetime", "datetime") + text("__class__") + "\x86R";
  EXPECT_FALSE(parsed(pickle_of(name + dunder)).refused_status().ok());
  const std::string of_text = text("abc") + text("format") + "\x86R";
  EXPECT_FALSE(parsed(pickle_of(name + of_text)).refused_status().ok());
}

TEST(Machine, ADottedNameCannotWalkOutOfAKnownModule) {
  EXPECT_FALSE(parsed(pickle_of(global("sklearn", "base.os.system"))).refused_status().ok());
}

TEST(Machine, StackErrorsAreDataLossWithTheOffset) {
  EXPECT_EQ(message_of("\x80\x04\x85."),
            "DATA_LOSS: The pickle is malformed at byte 2: nothing on the stack to work on");
  const std::string bodies[] = {"0",
                                "1",
                                "2",
                                "a",
                                "K\x01"
                                "a",
                                "e",
                                "(e",
                                "s",
                                "u",
                                "(u",
                                "t",
                                "l",
                                "d",
                                "(Nd",
                                "o",
                                "(o",
                                "R",
                                "NR",
                                "b",
                                "NNb",
                                "]Nb",
                                "\x81",
                                "N)\x81",
                                "\x92",
                                "\x93",
                                "NN\x93",
                                "h\x05",
                                "g7\n",
                                "j\x01\x01\x01\x01",
                                "q\x01",
                                "N(a",
                                "N(Na",
                                "}(Nu",
                                "\x8f(N\x90"
                                "0\x90",
                                "](K\x01\x90",
                                "I1x\n",
                                "Fx\n",
                                "Lx\n",
                                "S'a\n",
                                "V\\u12\n",
                                "\x8c\x01\xff",
                                "\x8b\xff\xff\xff\xff",
                                "p-1\n",
                                "\xff",
                                "T\xff\xff\xff\xff",
                                "N(R"};
  for (const std::string& body : bodies) {
    EXPECT_EQ(code_of("\x80\x04" + body + "."), StatusCode::kDataLoss) << body;
  }
}

TEST(Machine, LengthsBeyondTheFileAreDataLoss) {
  const std::string bodies[] = {"X\xff\xff\xff\x7f",
                                "\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
                                "\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
                                "\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
                                "B\xff\xff\xff\xff",
                                "\x95\xff\xff\xff\xff\xff\xff\xff\xff",
                                "\x8b\xff\xff\xff\x7f",
                                "cos"};
  for (const std::string& body : bodies) {
    EXPECT_EQ(code_of("\x80\x04" + body + "."), StatusCode::kDataLoss) << body;
  }
}

TEST(Machine, ReferencesOutsideTheFileAreRefused) {
  for (const std::string& body : {"P1\n"s, "NQ"s, "\x82\x01"s, "\x97"s, "N\x98"s}) {
    EXPECT_EQ(code_of(pickle_of(body)), StatusCode::kInvalidArgument) << body;
  }
  EXPECT_EQ(code_of("\x80\x06N."), StatusCode::kUnimplemented);
  EXPECT_NE(message_of("\x80\x06N.").find("protocol not supported: 6"), std::string::npos);
}

TEST(Machine, WhatIsNoPickleIsInvalid) {
  for (const std::string& bytes : {""s, "a,b\n1,2\n"s, "PK\x03\x04zip"s, "{\"a\": 1}"s,
                                   "\x7f"
                                   "ELF"s}) {
    EXPECT_EQ(code_of(bytes), StatusCode::kInvalidArgument);
    EXPECT_FALSE(looks_like_pickle(bytes));
  }
  EXPECT_EQ(code_of("ZF0x1234"), StatusCode::kUnimplemented);
  EXPECT_TRUE(looks_like_pickle("\x80\x04N."));
  EXPECT_TRUE(looks_like_pickle("I1\n."));
}

TEST(Machine, AListMayHoldItself) {
  const Tree tree = parsed(pickle_of("]\x94h"s + '\0' + "a"));
  EXPECT_EQ(tree.root().at(0).id(), tree.root().id());
  EXPECT_FALSE(to_f64(tree.root()).ok());
}

TEST(Machine, DeepNestingIsRefusedWithoutRecursion) {
  Limits limits;
  EXPECT_EQ(code_of(pickle_of("N" + repeated("\x85", 200'000)), limits),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(code_of(pickle_of(repeated("(", 200'000)), limits), StatusCode::kResourceExhausted);
  EXPECT_EQ(code_of(pickle_of("N" + repeated("\x85", limits.depth_max)), limits), StatusCode::kOk);
  EXPECT_EQ(code_of(pickle_of("N" + repeated("\x85", limits.depth_max + 1)), limits),
            StatusCode::kResourceExhausted);
  // Filled from outside in: the containers are already inside each other when they are empty.
  EXPECT_EQ(code_of(pickle_of(repeated("]", 300) + repeated("a", 299)), limits),
            StatusCode::kResourceExhausted);
  limits.depth_max = 0xFFFFFFFF;
  EXPECT_EQ(code_of(pickle_of("N" + repeated("\x85", 200'000)), limits), StatusCode::kOk);
}

TEST(Machine, SharedPartsAreNeitherCopiedNorWalkedTwice) {
  // Ten references to the level below, 100 levels: 10^100 leaves.
  std::string body = "]\x94";
  for (int level = 0; level < 100; ++level) {
    body += "](";
    for (int i = 0; i < 10; ++i) body += "h" + little(static_cast<uint64_t>(level), 1);
    body += "e\x94";
  }
  const Tree tree = parsed(pickle_of(body));
  EXPECT_LT(tree.node_count(), 1000u);
  EXPECT_EQ(tree.root().size(), 10u);
  EXPECT_EQ(to_f64(tree.root()).status().code(), StatusCode::kResourceExhausted);
}

TEST(Machine, ObjectAndMemoLimitsHold) {
  Limits limits;
  limits.objects_max = 100;
  EXPECT_EQ(code_of(pickle_of("](" + repeated("N", 60) + "e"), limits),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(code_of(pickle_of("N" + repeated("2", 200)), limits), StatusCode::kResourceExhausted);
  limits = {};
  limits.memo_max = 2;
  EXPECT_EQ(code_of(pickle_of("N\x94\x94\x94"), limits), StatusCode::kResourceExhausted);
  limits = {};
  limits.file_bytes_max = 3;
  EXPECT_EQ(code_of(pickle_of("NN"), limits), StatusCode::kResourceExhausted);
}

TEST(Machine, AHugeMemoNumberCostsNoMemory) {
  const Tree tree = parsed(pickle_of("K\x07r\xff\xff\xff\xffj\xff\xff\xff\xff\x86"));
  EXPECT_EQ(tree.root().at(1).id(), tree.root().at(0).id());
}

TEST(Machine, TheSameTextIsRecodedOnce) {
  std::string body = global("_codecs", "encode") + "\x94X" + little(20000, 4);
  body += repeated("\u00e9", 10000) + text("latin1") + "\x86\x94";
  body += repeated("h"s + '\0' + "h\x01R0", 1000) + "h"s + '\0' + "h\x01R";
  const Tree tree = parsed(pickle_of(body));
  EXPECT_EQ(tree.root().kind(), Kind::kBytes);
  EXPECT_EQ(tree.root().text(), repeated("\xe9", 10000));
}

TEST(Machine, TheCostOfATextIsPaidOnce) {
  // Each of these uses one long text thousands of times; every use once cost its whole length.
  const std::string length = little(1 << 20, 4);
  const std::string zeros = "B" + length + std::string(1 << 20, '\0');
  const std::string ascii = "X" + length + std::string(1 << 20, 'a');
  const std::string state = "(K\x03" + text("<") + "NNNJ" + length + "K\x04K\x00tb"s;
  const std::string dtype = global("numpy", "dtype") + text("U262144") + "\x85R" + state;
  const size_t times = 20'000;
  EXPECT_EQ(
      code_of(pickle_of(ascii + "\x94" + text("b") + "\x94" + repeated("h\0h\1\x93"s, times))),
      StatusCode::kDataLoss);  // as a name
  EXPECT_EQ(code_of(pickle_of(global("_codecs", "encode") + "\x94" + ascii + text("latin1") +
                              "\x86\x94" + repeated("h\0h\1R0"s, times))),
            StatusCode::kOk);
  EXPECT_EQ(code_of(pickle_of(global("numpy.core.multiarray", "scalar") + "\x94" + dtype + zeros +
                              "\x86\x94" + repeated("h\0h\1R0"s, times))),
            StatusCode::kOk);
}

TEST(Machine, LongIntegersInDigitsAreExact) {
  const Tree tree =
      parsed("(L1267650600228229401496703205376L\nL-1267650600228229401496703205376L\nt.");
  EXPECT_EQ(tree.root().at(0).as_double().value(), 0x1p100);
  EXPECT_EQ(tree.root().at(1).as_double().value(), -0x1p100);
  EXPECT_EQ(tree.root().at(0).text().substr(0, 13), std::string(12, '\0') + "\x10");
}

TEST(Machine, ATimeZoneIsTheOnlyCallOfAnAttribute) {
  const std::string loader = global("builtins", "getattr") + global("zoneinfo", "ZoneInfo");
  const std::string name = text("Europe/Berlin") + "K\x01\x86R";
  EXPECT_TRUE(parsed(pickle_of(loader + text("_unpickle") + "\x86R" + name)).refused_status().ok());
  EXPECT_FALSE(
      parsed(pickle_of(loader + text("from_file") + "\x86R" + name)).refused_status().ok());
}

TEST(Machine, APartialOfAnOpaqueFunctionMayBeCalled) {
  const std::string partial = global("functools", "partial");
  const auto refused = [&](const std::string& function) {
    return !parsed(pickle_of(partial + function + "\x85R)R")).refused_status().ok();
  };
  EXPECT_FALSE(refused(global("pandas.core.internals.blocks", "new_block")));
  EXPECT_TRUE(refused(global("os", "system")));
  EXPECT_TRUE(refused(global("builtins", "getattr")));
  EXPECT_TRUE(refused(partial + global("datetime", "datetime") + "\x85R"));
}

TEST(Machine, AnAttributeOfARefusedClassIsListedOnce) {
  const Tree tree = parsed(pickle_of(global("builtins", "getattr") + global("__main__", "Color") +
                                     text("RED") + "\x86R"));
  ASSERT_EQ(tree.refused().size(), 1u);
  EXPECT_EQ(tree.refused()[0].name, "Color");
}

TEST(Machine, DillsArraysAreArrays) {
  const std::string make = global("numpy.core.multiarray", "_reconstruct");
  const std::string given = "(" + global("numpy", "ndarray") + "K\x00\x85"s + "C\x01" + "bt";
  const std::string dtype = global("numpy", "dtype") + text("u1") + "\x85R";
  const std::string state = "(K\x01K\x02\x85" + dtype + "\x89" + "C\x02" + "\x05\x06t";
  const Tree tree =
      parsed(pickle_of(global("dill._dill", "_create_array") + "(" + make + given + state + "NtR"));
  EXPECT_TRUE(tree.refused_status().ok());
  EXPECT_EQ(to_i64(tree.root()).value().values, (std::vector<int64_t>{5, 6}));
}

TEST(Machine, ListsThatGrowInTurnsStayLinear) {
  std::string body = "](]\x94]\x94";
  for (int i = 0; i < 1000; ++i)
    body += "h"s + '\0' +
            "K\x01"
            "a0h\x01K\x02"
            "a0";
  const Tree tree = parsed(pickle_of(body + "e"));
  ASSERT_EQ(tree.root().at(0).size(), 1000u);
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(tree.root().at(0).at(i).as_int().value(), 1);
    ASSERT_EQ(tree.root().at(1).at(i).as_int().value(), 2);
  }
}

TEST(Machine, OldJoblibFilesAreNamedAsSuch) {
  const std::string message =
      message_of(pickle_of(global("joblib.numpy_pickle", "NDArrayWrapper") + ")\x81"));
  EXPECT_NE(message.find("older than 0.10"), std::string::npos) << message;
}

}  // namespace
}  // namespace slipway::pickle
