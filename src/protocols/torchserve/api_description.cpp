#include "protocols/torchserve/api_description.h"

#include <fmt/format.h>

#include <span>

#include "base/json_escape.h"

namespace slipway::protocols::torchserve {
namespace {

struct Operation {
  std::string_view path;
  std::string_view method;
  std::string_view id;
  std::string_view description;
};

constexpr Operation kInference[] = {
    {"/", "options", "apiDescription", "Get openapi description."},
    {"/ping", "get", "ping", "Get TorchServe status."},
    {"/predictions/{model_name}", "post", "predictions", "Predictions of the default version."},
    {"/predictions/{model_name}/{model_version}", "post", "version_predictions",
     "Predictions of a version."},
    {"/explanations/{model_name}", "post", "explanations", "Explanations: not supported yet."},
    {"/v1/models/{model_name}:predict", "post", "v1_predict", "Predictions in KServe's form."},
    {"/invocations", "post", "invocations", "Predictions of the model that a parameter names."},
    {"/api-description", "get", "api_description", "Get openapi description."},
};

// Operations of one path stand together.
constexpr Operation kManagement[] = {
    {"/models", "get", "listModels", "List the registered models."},
    {"/models", "post", "registerModel", "Register a model."},
    {"/models/{model_name}", "get", "describeModel", "Describe the default version of a model."},
    {"/models/{model_name}", "put", "setAutoScale", "Note the number of workers of a model."},
    {"/models/{model_name}", "delete", "unregisterModel", "Unregister a model."},
    {"/models/{model_name}/{model_version}", "get", "version_describeModel",
     "Describe a version of a model, or all of them."},
    {"/models/{model_name}/{model_version}", "put", "version_setAutoScale",
     "Note the number of workers of a version."},
    {"/models/{model_name}/{model_version}", "delete", "version_unregisterModel",
     "Unregister a version of a model."},
    {"/models/{model_name}/{model_version}/set-default", "put", "setDefault",
     "Set the default version of a model."},
    {"/token", "get", "token", "Renew the key for inference or management."},
};

void append_head(std::string& out, std::string_view title, std::string_view version) {
  out += R"({"openapi":"3.0.1","info":{"title":)";
  append_json_string(out, title);
  out += R"(,"version":)";
  append_json_string(out, version);
  out += R"(},"paths":{)";
}

void append_parameters(std::string& out, std::string_view path) {
  out += R"("parameters":[)";
  bool is_first = true;
  for (const std::string_view name : {"model_name", "model_version"}) {
    if (path.find(fmt::format("{{{}}}", name)) == std::string_view::npos) continue;
    out +=
        fmt::format(R"({}{{"in":"path","name":"{}","required":true,"schema":{{"type":"string"}}}})",
                    is_first ? "" : ",", name);
    is_first = false;
  }
  out += "]";
}

void append_operations(std::string& out, std::span<const Operation> operations) {
  for (size_t i = 0; i < operations.size(); ++i) {
    const Operation& one = operations[i];
    const bool is_new_path = i == 0 || operations[i - 1].path != one.path;
    if (i > 0) out += is_new_path ? "}," : ",";
    if (is_new_path) out += fmt::format("\"{}\":{{", one.path);
    out += fmt::format(R"("{}":{{"operationId":"{}","description":"{}",)", one.method, one.id,
                       one.description);
    append_parameters(out, one.path);
    out += R"(,"responses":{"200":{"description":"OK"}}})";
  }
  out += "}}}\n";
}

}  // namespace

void append_inference_api(std::string& out, std::string_view version) {
  append_head(out, "TorchServe APIs", version);
  append_operations(out, kInference);
}

void append_management_api(std::string& out, std::string_view version) {
  append_head(out, "TorchServe Management APIs", version);
  append_operations(out, kManagement);
}

void append_model_api(std::string& out, const serving::ServedModel& model) {
  append_head(out, fmt::format("RESTful API for: {}", model.name), model.version);
  append_json_string(out, fmt::format("/predictions/{}", model.name));
  out += R"(:{"post":{"operationId":)";
  append_json_string(out, model.name);
  out += R"(,"description":)";
  append_json_string(out, fmt::format("A predict entry point for model: {}.", model.name));
  out += R"(,"parameters":[],"requestBody":{"content":{"application/json":{"schema":)"
         R"({"type":"array","items":{"type":"object","properties":{)";
  const Signature& signature = model.signature();
  for (size_t i = 0; i < signature.columns.size(); ++i) {
    const InputColumn& column = signature.columns[i];
    if (i > 0) out.push_back(',');
    append_json_string(out, column.name);
    out += fmt::format(R"(:{{"type":"{}"}})", column.is_record() ? "object"
                                              : column.is_text() ? "string"
                                                                 : "number");
  }
  out += R"(}}}}}},"responses":{"200":{"description":"OK"}}}}}})"
         "\n";
}

}  // namespace slipway::protocols::torchserve
