// Hostile and odd files: one clear error, in time and memory bounded by the file. What sound files
// answer is held by cli/parity_test.cpp.
#include "formats/pmml/reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"

namespace slipway::pmml {
namespace {

constexpr std::string_view kFields =
    R"(<DataDictionary><DataField name="y" optype="continuous" dataType="double"/>)"
    R"(<DataField name="x" optype="continuous" dataType="double"/></DataDictionary>)";
constexpr std::string_view kSchema =
    R"(<MiningSchema><MiningField name="y" usageType="target"/><MiningField name="x"/></MiningSchema>)";
constexpr std::string_view kTable =
    R"(<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable>)";

std::string file_of(std::string_view body, std::string_view space = "http://www.dmg.org/PMML-4_4") {
  return fmt::format(R"(<?xml version="1.0"?><PMML xmlns="{}" version="4.4"><Header/>{}{}</PMML>)",
                     space, kFields, body);
}
std::string regression(std::string_view extra, std::string_view table = kTable) {
  return fmt::format(R"(<RegressionModel functionName="regression">{}{}{}</RegressionModel>)",
                     kSchema, extra, table);
}

Status read(std::string bytes, const Limits& limits = {}) {
  const Result<formats::ReadReport> report = make_format()->read(std::move(bytes), {}, {}, limits);
  return report.ok() ? report->status() : report.status();
}
StatusCode code_of(std::string bytes, const Limits& limits = {}) {
  return read(std::move(bytes), limits).code();
}
bool is_refusal(StatusCode code) {
  return code == StatusCode::kDataLoss || code == StatusCode::kInvalidArgument ||
         code == StatusCode::kUnimplemented || code == StatusCode::kResourceExhausted;
}
std::string repeated(std::string_view text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}
std::string fixture(const std::string& name) {
  const auto bytes =
      read_file(std::string(SLIPWAY_TEST_DATA_DIR) + "/pmml/4.4/" + name + ".pmml", Limits{});
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : std::string();
}

TEST(PmmlReaderTest, EveryVersionsNamespaceAndAPrefixAreRead) {
  for (const char* space :
       {"http://www.dmg.org/PMML-3_0", "http://www.dmg.org/PMML-3_2", "http://www.dmg.org/PMML-4_0",
        "http://www.dmg.org/PMML-4_1", "http://www.dmg.org/PMML-4_2", "http://www.dmg.org/PMML-4_3",
        "http://www.dmg.org/PMML-4_4"}) {
    EXPECT_EQ(code_of(file_of(regression(""), space)), StatusCode::kOk) << space;
  }
  std::string prefixed = file_of(regression(""));
  for (size_t at = prefixed.find('<', 1); at != std::string::npos;
       at = prefixed.find('<', at + 1)) {
    prefixed.insert(prefixed[at + 1] == '/' ? at + 2 : at + 1, "p:");
  }
  prefixed.replace(prefixed.find("xmlns="), 6, "xmlns:p=");
  EXPECT_EQ(code_of(prefixed), StatusCode::kOk);
  EXPECT_TRUE(make_format()->recognises(prefixed));
}

TEST(PmmlReaderTest, AFileCutShortAnywhereIsRefused) {
  for (const char* name : {"mining_sum_mixed", "knn_average", "network_softmax"}) {
    const std::string whole = fixture(name);
    ASSERT_EQ(code_of(whole), StatusCode::kOk);
    const size_t end = whole.find("</PMML>");
    for (size_t size = 0; size < end; size += 7) {
      EXPECT_TRUE(is_refusal(code_of(whole.substr(0, size)))) << name << ", " << size;
    }
  }
}

TEST(PmmlReaderTest, HostileValuesOfAnyAttributeAreReadOrRefused) {
  for (const char* name :
       {"clustering_minkowski", "cox_regression", "knn_weightedMajorityVote", "naive_bayes",
        "rules_weightedMax", "scorecard_above", "svm_one_against_one", "transformations"}) {
    const std::string whole = fixture(name);
    size_t at = whole.find("<DataDictionary");
    for (at = whole.find("=\"", at); at != std::string::npos; at = whole.find("=\"", at + 1)) {
      const size_t end = whole.find('"', at + 2);
      if (end == std::string::npos) break;
      for (const char* value : {"", "-1", "1e308", "4294967296", "NaN", "nonsense"}) {
        const StatusCode code = code_of(whole.substr(0, at + 2) + value + whole.substr(end));
        EXPECT_TRUE(code == StatusCode::kOk || is_refusal(code)) << name << ", byte " << at;
      }
    }
  }
}

TEST(PmmlReaderTest, ElementsThatAreNotKnownAreNamed) {
  EXPECT_EQ(code_of(file_of("<AssociationModel/>")), StatusCode::kUnimplemented);
  EXPECT_TRUE(is_refusal(code_of(file_of("<Surprise/>"))));
  EXPECT_EQ(code_of("<html/>"), StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of("PMML"), StatusCode::kDataLoss);
  const Status status = read(file_of(regression(
      R"(<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double">)"
      R"(<Lag field="x"/></DerivedField></LocalTransformations>)",
      R"(<RegressionTable intercept="1"><NumericPredictor name="d" coefficient="2"/></RegressionTable>)")));
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("<Lag>"), std::string::npos) << status.message();
}

TEST(PmmlReaderTest, WhatWouldChangeAnswersAndIsNotComputedIsNamed) {
  const auto text_index = [](std::string_view attributes) {
    return file_of(regression(
        fmt::format(
            R"(<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double">)"
            R"(<TextIndex textField="x" {}><Constant dataType="string">a</Constant></TextIndex></DerivedField></LocalTransformations>)",
            attributes),
        R"(<RegressionTable intercept="1"><NumericPredictor name="d" coefficient="2"/></RegressionTable>)"));
  };
  EXPECT_EQ(code_of(text_index("")), StatusCode::kOk);
  for (const char* attributes :
       {R"(tokenize="false")", R"(localTermWeights="augmentedNormalizedTermFrequency")"}) {
    EXPECT_EQ(code_of(text_index(attributes)), StatusCode::kUnimplemented) << attributes;
  }
  for (const char* attributes :
       {R"(wordSeparatorCharacterRE="(")", R"(maxLevenshteinDistance="-1")", R"(countHits="some")",
        R"(isCaseSensitive="perhaps")"}) {
    EXPECT_TRUE(is_refusal(code_of(text_index(attributes)))) << attributes;
  }
}

TEST(PmmlReaderTest, NumbersThatAreNoneAreRefused) {
  const Status status = read(file_of(regression("", R"(<RegressionTable intercept="one"/>)")));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("intercept must be a number"), std::string::npos);
}

TEST(PmmlReaderTest, EntitiesAreNeverExpanded) {
  const std::string body = file_of(regression(""));
  const std::string bomb = R"(<!DOCTYPE PMML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">)"
                           R"(<!ENTITY f SYSTEM "file:///etc/passwd">]>)";
  std::string file = body;
  file.insert(file.find("<PMML"), bomb);
  EXPECT_EQ(code_of(file), StatusCode::kOk);  // skipped
  // In a place for a number it is just a text that is no number.
  file.replace(file.find("intercept=\"1\""), 13, "intercept=\"&f;\"");
  const Status status = read(file);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("&f;"), std::string::npos) << status.message();
}

TEST(PmmlReaderTest, DerivedFieldsInACircleAreRefused) {
  const auto field = [](std::string_view name, std::string_view of) {
    return fmt::format(R"(<DerivedField name="{}" optype="continuous" dataType="double">)"
                       R"(<FieldRef field="{}"/></DerivedField>)",
                       name, of);
  };
  constexpr std::string_view kUses =
      R"(<RegressionTable intercept="1"><NumericPredictor name="a" coefficient="2"/></RegressionTable>)";
  for (const std::string& fields :
       {field("a", "a"), field("a", "b") + field("b", "a"),
        field("a", "b") + field("b", "c") + field("c", "d") + field("d", "b")}) {
    const Status status = read(file_of(
        regression(fmt::format("<LocalTransformations>{}</LocalTransformations>", fields), kUses)));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find("depends on itself"), std::string::npos) << status.message();
  }
}

TEST(PmmlReaderTest, FunctionsThatUseEachOtherWithoutEndAreRefused) {
  std::string functions = "<TransformationDictionary>";
  for (const auto& [name, other] : {std::pair("f", "g"), std::pair("g", "f")}) {
    functions += fmt::format(
        R"(<DefineFunction name="{}" optype="continuous"><ParameterField name="p"/><Apply function="+">)"
        R"(<Apply function="{}"><FieldRef field="p"/></Apply><Apply function="{}"><FieldRef field="p"/></Apply>)"
        R"(</Apply></DefineFunction>)",
        name, other, other);
  }
  functions +=
      R"(<DerivedField name="d" optype="continuous" dataType="double"><Apply function="f">)"
      R"(<FieldRef field="x"/></Apply></DerivedField></TransformationDictionary>)";
  EXPECT_TRUE(is_refusal(code_of(file_of(
      functions +
      regression(
          "",
          R"(<RegressionTable><NumericPredictor name="d" coefficient="2"/></RegressionTable>)")))));
}

TEST(PmmlReaderTest, ModelsInModelsAreBounded) {
  std::string open;
  std::string close;
  for (int i = 0; i < 2000; ++i) {
    open += fmt::format(
        R"(<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="sum"><Segment><True/>)",
        kSchema);
    close += "</Segment></Segmentation></MiningModel>";
  }
  EXPECT_TRUE(is_refusal(code_of(file_of(open + regression("") + close))));
  // A segment's output that stands for a field of its own model.
  EXPECT_TRUE(is_refusal(code_of(file_of(fmt::format(
      R"(<MiningModel functionName="regression">{}<Segmentation multipleModelMethod="modelChain">)"
      R"(<Segment><True/><RegressionModel functionName="regression">{}<Output><OutputField name="o" feature="predictedValue"/></Output>)"
      R"(<RegressionTable><NumericPredictor name="o" coefficient="1"/></RegressionTable></RegressionModel></Segment>)"
      R"(</Segmentation></MiningModel>)",
      kSchema, kSchema)))));
}

TEST(PmmlReaderTest, DeepPredicatesAndExpressionsAreReadOrRefused) {
  for (const size_t depth : {size_t{100}, size_t{4000}, size_t{100'000}}) {
    const std::string predicates =
        repeated(R"(<CompoundPredicate booleanOperator="or"><False/>)", depth) + "<True/>" +
        repeated("</CompoundPredicate>", depth);
    const StatusCode tree = code_of(file_of(fmt::format(
        R"(<TreeModel functionName="regression">{}<Node score="1">{}</Node></TreeModel>)", kSchema,
        predicates)));
    EXPECT_TRUE(is_refusal(tree) || (tree == StatusCode::kOk && depth < 5000)) << depth;
    const std::string applied = repeated(R"(<Apply function="+"><Constant>1</Constant>)", depth) +
                                R"(<FieldRef field="x"/>)" + repeated("</Apply>", depth);
    const StatusCode formula = code_of(file_of(regression(
        R"(<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double">)" +
            applied + "</DerivedField></LocalTransformations>",
        R"(<RegressionTable><NumericPredictor name="d" coefficient="2"/></RegressionTable>)")));
    EXPECT_TRUE(is_refusal(formula) || (formula == StatusCode::kOk && depth < 5000)) << depth;
  }
}

TEST(PmmlReaderTest, TablesFarLargerThanTheirFileAreRefused) {
  // 2,000 sparse vectors of 2,000 fields in 100 kB: 4 million numbers from nothing.
  std::string vectors;
  std::string fields;
  for (int i = 0; i < 4000; ++i) {
    vectors += fmt::format(R"(<VectorInstance id="{}"><REAL-SparseArray/></VectorInstance>)", i);
    fields += R"(<FieldRef field="x"/>)";
  }
  const Status status = read(file_of(fmt::format(
      R"(<SupportVectorMachineModel functionName="regression">{}<LinearKernelType/><VectorDictionary>)"
      R"(<VectorFields>{}</VectorFields>{}</VectorDictionary><SupportVectorMachine><Coefficients/></SupportVectorMachine>)"
      R"(</SupportVectorMachineModel>)",
      kSchema, fields, vectors)));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.message();
  const Status neighbors = read(file_of(fmt::format(
      R"(<NearestNeighborModel functionName="regression" numberOfNeighbors="4000000000">{}<TrainingInstances>)"
      R"(<InstanceFields><InstanceField field="x" column="x"/></InstanceFields><InlineTable><row><x>1</x></row></InlineTable></TrainingInstances>)"
      R"(<ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><KNNInputs><KNNInput field="x"/></KNNInputs></NearestNeighborModel>)",
      kSchema)));
  EXPECT_EQ(neighbors.code(), StatusCode::kInvalidArgument) << neighbors.message();
}

TEST(PmmlReaderTest, ProgramsThatRepeatALargeTableAreBounded) {
  std::string bins;
  for (int i = 0; i < 4000; ++i) {
    bins += fmt::format(
        R"(<DiscretizeBin binValue="{}"><Interval closure="closedOpen" leftMargin="{}" rightMargin="{}"/></DiscretizeBin>)",
        i, i, i + 1);
  }
  std::string derived =
      R"(<DerivedField name="big" optype="categorical" dataType="string"><Discretize field="x">)" +
      bins + "</Discretize></DerivedField>";
  std::string uses;
  for (int i = 0; i < 20'000; ++i) {
    derived += fmt::format(
        R"(<DerivedField name="u{}" optype="continuous" dataType="double"><Apply function="if"><Apply function="equal">)"
        R"(<FieldRef field="big"/><Constant dataType="string">{}</Constant></Apply><FieldRef field="x"/><Constant>1</Constant></Apply></DerivedField>)",
        i, i);
    uses += fmt::format(R"(<NumericPredictor name="u{}" coefficient="1"/>)", i);
  }
  const StatusCode code =
      code_of(file_of(regression("<LocalTransformations>" + derived + "</LocalTransformations>",
                                 "<RegressionTable>" + uses + "</RegressionTable>")));
  EXPECT_EQ(code, StatusCode::kResourceExhausted);
}

TEST(PmmlReaderTest, ManyElementsOrAttributesAreRefusedBeforeTheyAreRead) {
  Limits limits;
  limits.objects_max = 10'000;
  EXPECT_EQ(code_of(file_of(repeated("<a/>", 20'000)), limits), StatusCode::kResourceExhausted);
  limits = {};
  limits.memory_bytes_max = 1 << 20;
  EXPECT_EQ(code_of(file_of(repeated("<a/>", 20'000)), limits), StatusCode::kResourceExhausted);
  std::string attributes;
  for (int i = 0; i < 2000; ++i) attributes += fmt::format(R"( a{}="")", i);
  EXPECT_EQ(code_of(file_of("<Extension" + attributes + "/>")), StatusCode::kResourceExhausted);
  EXPECT_EQ(code_of(file_of(repeated("<a>", 100'000) + repeated("</a>", 100'000))),
            StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace slipway::pmml
