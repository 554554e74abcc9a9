// GET /v2/models/{model}/openapi.json: an OpenAPI 3.0.3 document of one model, with its columns and
// examples that it takes.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/site/example.h"

namespace slipway::protocols {
namespace {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// {name} stands in OpenAPI paths for a parameter, so such a name cannot be written into a path.
std::string path_of(std::string_view name, std::string_view before, std::string_view after) {
  std::string path(before);
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      path.push_back(c);
    } else {
      path += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  path += after;
  return json_text(path);
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

std::string operation(std::string_view id, std::string_view summary, std::string_view request,
                      const std::string& example, std::string_view response) {
  return fmt::format(
      R"({{"post":{{"operationId":"{}","summary":"{}","requestBody":{{"required":true,)"
      R"("content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/{}"}},)"
      R"("example":{}}}}}}},"responses":{{"200":{{"description":"The answer.","content":)"
      R"({{"application/json":{{"schema":{{"$ref":"#/components/schemas/{}"}}}}}}}},)"
      R"("default":{{"description":"What was wrong.","content":{{"application/json":)"
      R"({{"schema":{{"$ref":"#/components/schemas/Error"}}}}}}}}}}}}}})",
      id, summary, request, example, response);
}

std::string document(const serving::ServedModel& model) {
  const Signature& signature = model.signature();
  std::string schemas = "\"Row\":" + row_schema(signature);
  if (signature.columns_named) schemas += ",\"NamedRow\":" + named_row_schema(signature);
  schemas += ",\"PredictRequest\":" + predict_request_schema(signature);
  schemas += R"(,"PredictResponse":{"type":"object","properties":{"prediction":{},)"
             R"("probabilities":{}},"required":["prediction"]},)";
  schemas += infer_schemas(signature);
  std::string out =
      "{\"openapi\":\"3.0.3\",\"info\":{\"title\":" + json_text(model.name) +
      ",\"version\":" + json_text(model.version) + ",\"description\":" +
      json_text(fmt::format("{} of {} {}, served by Slipway.", model.loaded.class_name,
                            model.loaded.library, model.loaded.library_version)) +
      "},\"paths\":{";
  out += path_of(model.name, "/models/", "/predict") + ":" +
         operation("predict", "Predict rows.", "PredictRequest", site::example_features(signature),
                   "PredictResponse");
  out += "," + path_of(model.name, "/v2/models/", "/infer") + ":" +
         operation("infer", "Infer tensors (Open Inference Protocol).", "InferRequest",
                   site::example_infer(signature), "InferResponse");
  return out + "},\"components\":{\"schemas\":{" + schemas + "}}}";
}

}  // namespace

void model_openapi(Call& call) {
  Status status = choose_model(call, call.parameters[0], {});
  if (!status.ok()) return answer_error(call, std::move(status));
  call.response().body = document(*call.infer.model);
  call.infer.model = nullptr;  // no inference request to count
}

}  // namespace slipway::protocols
