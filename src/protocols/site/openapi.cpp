// GET /v2/models/{model}/openapi.json: an OpenAPI 3.0.3 document of one model: its columns, and for
// each dialect of the listener an example that it takes.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/site/examples.h"

namespace slipway::protocols {
namespace {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string value_schema(const InputColumn& column) {
  switch (column.type) {
    case ColumnType::kNumber: return R"({"type":"number","nullable":true})";
    case ColumnType::kText: return R"({"type":"string","nullable":true})";
    case ColumnType::kRecord:
      return R"({"type":"object","additionalProperties":{"nullable":true,"anyOf":[)"
             R"({"type":"number"},{"type":"string"},{"type":"boolean"},)"
             R"({"type":"array","items":{"type":"string"}}]}})";
  }
  return "{}";
}

std::string named_row_schema(const Signature& signature) {
  std::string properties;
  std::string required;
  for (const InputColumn& column : signature.columns) {
    if (!properties.empty()) properties += ",";
    properties += json_text(column.name) + ":" + value_schema(column);
    if (!required.empty()) required += ",";
    required += json_text(column.name);
  }
  return R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required +
         R"(],"additionalProperties":false})";
}

std::string row_schema(const Signature& signature) {
  if (signature.rows_are_records) return value_schema(signature.columns[0]);
  const size_t columns = signature.columns.size();
  return fmt::format(R"({{"type":"array","minItems":{0},"maxItems":{0},"items":{{)"
                     R"("nullable":true,"oneOf":[{{"type":"number"}},{{"type":"string"}},)"
                     R"({{"type":"boolean"}}]}}}})",
                     columns);
}

std::string predict_request_schema(const Signature& signature) {
  std::string rows = R"({"type":"array","items":{"$ref":"#/components/schemas/Row"}})";
  std::string named = R"({"type":"array","items":{"$ref":"#/components/schemas/NamedRow"}})";
  return R"({"type":"object","properties":{"features":{"anyOf":[{"$ref":"#/components/schemas/Row"},)" +
         rows + (signature.columns_named ? "," + named : "") +
         R"(]},"proba":{"type":"boolean","description":"also answer the probabilities"}},)"
         R"("required":["features"]})";
}

std::string tensor_schemas() {
  return R"("Tensor":{"type":"object","properties":{"name":{"type":"string"},)"
         R"("datatype":{"type":"string","enum":["BOOL","INT8","INT16","INT32","INT64","UINT8",)"
         R"("UINT16","UINT32","UINT64","FP16","FP32","FP64","BYTES"]},)"
         R"("shape":{"type":"array","items":{"type":"integer"}},)"
         R"("data":{"type":"array","items":{}},"parameters":{"type":"object"}},)"
         R"("required":["name","datatype","shape"]},)"
         R"("Error":{"type":"object","properties":{"error":{"type":"string"}},)"
         R"("required":["error"]})";
}

std::string infer_schemas(const Signature& signature) {
  std::string names;
  for (const OutputSpec& output : signature.outputs) {
    names += (names.empty() ? "" : ",") + json_text(output.name);
  }
  return R"("InferRequest":{"type":"object","properties":{"id":{"type":"string"},)"
         R"("inputs":{"type":"array","items":{"$ref":"#/components/schemas/Tensor"}},)"
         R"("outputs":{"type":"array","items":{"type":"object","properties":{"name":)"
         R"({"type":"string","enum":[)" +
         names +
         R"(]},"parameters":{"type":"object"}},"required":["name"]}},)"
         R"("parameters":{"type":"object"}},"required":["inputs"]},)"
         R"("InferResponse":{"type":"object","properties":{"model_name":{"type":"string"},)"
         R"("model_version":{"type":"string"},"id":{"type":"string"},)"
         R"("outputs":{"type":"array","items":{"$ref":"#/components/schemas/Tensor"}}},)"
         R"("required":["model_name","outputs"]},)" +
         tensor_schemas();
}

/// What is known of a dialect's bodies beyond the example.
struct Schemas {
  std::string_view dialect;
  std::string_view request;
  std::string_view response;
};
constexpr Schemas kSchemas[] = {
    {"simple", R"({"$ref":"#/components/schemas/PredictRequest"})",
     R"({"$ref":"#/components/schemas/PredictResponse"})"},
    {"kserve-v2", R"({"$ref":"#/components/schemas/InferRequest"})",
     R"({"$ref":"#/components/schemas/InferResponse"})"},
    {"", "{}", "{}"},
};

/// One path with its POST operation. Names are encoded, so that no brace of one is taken for a
/// parameter.
std::string operation(const site::Example& example) {
  const Schemas* schemas = kSchemas;
  while (!schemas->dialect.empty() && schemas->dialect != example.dialect) ++schemas;
  return fmt::format(
      R"({}:{{"post":{{"operationId":{},"tags":[{}],"summary":{},"requestBody":{{"required":true,)"
      R"("content":{{"application/json":{{"schema":{},"example":{}}}}}}},)"
      R"("responses":{{"200":{{"description":"The answer.","content":)"
      R"({{"application/json":{{"schema":{}}}}}}},)"
      R"("default":{{"description":"What was wrong.","content":{{"application/json":)"
      R"({{"schema":{{}}}}}}}}}}}}}})",
      json_text(example.path), json_text(example.dialect), json_text(example.dialect),
      json_text(example.system), schemas->request, example.body, schemas->response);
}

std::string document(const Call& call, const serving::ServedModel& model) {
  const Signature& signature = model.signature();
  std::string schemas = "\"Row\":" + row_schema(signature);
  if (signature.columns_named) schemas += ",\"NamedRow\":" + named_row_schema(signature);
  schemas += ",\"PredictRequest\":" + predict_request_schema(signature);
  schemas += R"(,"PredictResponse":{"type":"object","properties":{"prediction":{},)"
             R"("probabilities":{}},"required":["prediction"]},)";
  schemas += infer_schemas(signature);
  const auto& models = *call.loop->inference.models();
  std::string paths;
  for (const site::Example& example :
       site::examples_of(*call.routes, model, models.default_name() == model.name)) {
    if (example.is_grpc) continue;
    paths += (paths.empty() ? "" : ",") + operation(example);
  }
  return "{\"openapi\":\"3.0.3\",\"info\":{\"title\":" + json_text(model.name) +
         ",\"version\":" + json_text(model.version) + ",\"description\":" +
         json_text(fmt::format("{} of {} {}, served by Slipway.", model.loaded.class_name,
                               model.loaded.library, model.loaded.library_version)) +
         "},\"paths\":{" + paths + "},\"components\":{\"schemas\":{" + schemas + "}}}";
}

}  // namespace

void model_openapi(Call& call) {
  Status status = choose_model(call, call.parameters[0], {});
  if (!status.ok()) return answer_error(call, std::move(status));
  call.response().body = document(call, *call.infer.model);
  call.infer.model = nullptr;  // no inference request to count
}

}  // namespace slipway::protocols
