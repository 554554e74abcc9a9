#include "formats/bundle/internal/mlflow.h"

#include <gtest/gtest.h>

namespace slipway::bundle {
namespace {

TEST(Mlflow, AFlavourAndItsSignatureAreRead) {
  const MlModel model = parse_mlmodel(R"(
artifact_path: model
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    predict_fn: predict_proba
    model_path: model.pkl
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.5.2
mlflow_version: 2.19.0
signature:
  inputs: '[{"type": "double", "name": "a", "required": true}, {"type": "string", "name": "b", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
)")
                            .value();
  EXPECT_EQ(model.flavour, "sklearn");
  EXPECT_EQ(model.data, "model.pkl");
  EXPECT_EQ(model.predict_fn, "predict_proba");
  EXPECT_EQ(model.mlflow_version, "2.19.0");
  ASSERT_EQ(model.columns.size(), 2U);
  EXPECT_EQ(model.columns[1].name, "b");
  EXPECT_EQ(model.columns[1].type, "string");
  EXPECT_FALSE(model.columns[1].is_required);
}

TEST(Mlflow, TheParametersOfASignatureAreRead) {
  const MlModel model = parse_mlmodel(R"(
flavors: {sklearn: {pickled_model: model.pkl}}
signature:
  inputs: '[{"type": "double", "name": "a"}]'
  params: '[{"name": "share", "default": 0.5, "shape": null, "type": "double"}, {"name": "counts", "default": [1, 2],
    "shape": [-1], "type": "long"}, {"name": "on", "default": true, "dtype": "boolean"}]'
)")
                            .value();
  EXPECT_TRUE(model.has_parameters);
  ASSERT_EQ(model.parameters.size(), 3U);
  EXPECT_EQ(model.parameters[0].name, "share");
  EXPECT_EQ(model.parameters[0].type, RequestParameter::Type::kDouble);
  EXPECT_EQ(model.parameters[0].default_text, "0.5");
  EXPECT_FALSE(model.parameters[0].is_list);
  EXPECT_TRUE(model.parameters[1].is_list);
  EXPECT_EQ(model.parameters[1].default_text, "[1, 2]");
  EXPECT_EQ(model.parameters[2].type, RequestParameter::Type::kBoolean);
  EXPECT_EQ(model.parameters[2].default_text, "True");
}

TEST(Mlflow, ParametersThatCannotBeReadAreNoSchema) {
  for (const char* params :
       {"x", "{}", R"([{"name": "a"}])", R"([{"name": "a", "type": "binary"}])",
        R"([{"type": "long"}])", "[5]"}) {
    const std::string text =
        std::string("flavors: {sklearn: {}}\nsignature:\n  params: '") + params + "'";
    EXPECT_FALSE(parse_mlmodel(text).value().has_parameters) << params;
  }
}

TEST(Mlflow, ATensorSignatureNamesNoColumns) {
  const MlModel model = parse_mlmodel(R"(
flavors: {xgboost: {data: model.ubj}}
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]'
)")
                            .value();
  EXPECT_EQ(model.flavour, "xgboost");
  EXPECT_TRUE(model.columns.empty());
}

TEST(Mlflow, PythonFunctionAloneHasNoFlavour) {
  const MlModel model =
      parse_mlmodel("flavors:\n  python_function: {loader_module: mlflow.pyfunc.model}\n").value();
  EXPECT_TRUE(model.flavour.empty());
  EXPECT_EQ(model.loader_module, "mlflow.pyfunc.model");
}

TEST(Mlflow, WhatIsNoMlModelIsAnError) {
  for (const char* text :
       {"", "a", "[1, 2]", "flavors: 3", "a: b: c", "flavors: &a [*a]", "{", "\x01"}) {
    EXPECT_EQ(parse_mlmodel(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(Mlflow, DeepNestingEndsInAnError) {
  EXPECT_FALSE(parse_mlmodel(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace slipway::bundle
