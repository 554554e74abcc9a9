#include "protocols/site/examples.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/json_escape.h"
#include "protocols/internal/dialect.h"

namespace slipway::protocols::site {
namespace {

using transport::HttpMethod;

void append_value(std::string& out, const InputColumn& column) {
  if (!column.example.empty()) {
    out += column.example;
  } else {
    out += column.is_record() ? "{}" : column.is_text() ? "\"text\"" : "1.0";
  }
}

std::string text_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// What stands between brackets: one piece for each column.
template <typename Piece>
std::string joined(const Signature& signature, Piece piece) {
  std::string out;
  for (const InputColumn& column : signature.columns) {
    if (!out.empty()) out += ", ";
    piece(out, column);
  }
  return out;
}

std::string values(const Signature& signature) { return joined(signature, append_value); }

std::string named_values(const Signature& signature) {
  return joined(signature, [](std::string& out, const InputColumn& column) {
    append_json_string(out, column.name);
    out += ": ";
    append_value(out, column);
  });
}

/// A row as most dialects take it: an object where columns have names, or where the row is one.
std::string row(const Signature& signature) {
  if (signature.rows_are_records) return values(signature);
  if (signature.columns_named) return "{" + named_values(signature) + "}";
  return "[" + values(signature) + "]";
}

std::string rows(const Signature& signature) { return "[" + row(signature) + "]"; }

std::string features(const Signature& signature) {
  const bool is_object = signature.columns_named || signature.rows_are_records;
  return "{\"features\": [" + (is_object ? row(signature) : values(signature)) + "]}";
}

/// The values of columns as a tensor's data: in a tensor a record is a text.
std::string tensor_data(const InputColumn& column) {
  std::string out;
  if (column.is_record()) {
    append_json_string(out, column.example.empty() ? "{}" : column.example);
  } else {
    append_value(out, column);
  }
  return out;
}

/// The text that a JSON string in an example stands for: examples have no escapes but of quotes.
std::string plain_text(std::string_view json) {
  std::string out;
  if (json.size() >= 2 && json.front() == '"') json = json.substr(1, json.size() - 2);
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '\\' && i + 1 < json.size()) ++i;
    out.push_back(json[i]);
  }
  return out;
}

std::string rest_contents(ColumnType, std::string_view data) {
  return fmt::format("\"data\": [{}]", data);
}

/// Bytes are base64 in the JSON form of protobuf.
std::string rpc_contents(ColumnType type, std::string_view data) {
  if (type == ColumnType::kNumber)
    return fmt::format("\"contents\": {{\"fp64_contents\": [{}]}}", data);
  std::string bytes;
  append_base64(bytes, plain_text(data));
  return fmt::format("\"contents\": {{\"bytes_contents\": [\"{}\"]}}", bytes);
}

std::string infer_inputs(const Signature& signature,
                         std::string (*contents)(ColumnType, std::string_view)) {
  const std::optional<ColumnType> type = signature.uniform_type();
  if (!signature.columns_named && type == ColumnType::kNumber) {
    return fmt::format(R"([{{"name": "input", "shape": [1, {}], "datatype": "FP64", {}}}])",
                       signature.columns.size(), contents(*type, values(signature)));
  }
  std::string out;
  for (const InputColumn& column : signature.columns) {
    out += out.empty() ? "" : ", ";
    out += fmt::format(R"({{"name": {}, "shape": [1, 1], "datatype": "{}", {}}})",
                       text_of(signature.rows_are_records ? "record" : column.name),
                       column.type == ColumnType::kNumber ? "FP64" : "BYTES",
                       contents(column.type, tensor_data(column)));
  }
  return "[" + out + "]";
}

bool has_records(const Signature& signature) {
  return std::ranges::any_of(signature.columns, &InputColumn::is_record);
}

/// One dialect's request of a model. `name`: the model's, encoded.
struct Source {
  const Dialect& dialect;
  std::string_view system;
  std::string (*path)(std::string_view name);
  std::string (*body)(const Signature& signature);
  bool of_default = false;  // the path names no model
  bool takes_records = true;
};

const Source kSources[] = {
    {kSimpleDialect, "By hand: rows, or named values",
     [](std::string_view name) { return fmt::format("/models/{}/predict", name); }, features},
    {kKserveV2Dialect, "KServe v2, Triton, Open Inference Protocol",
     [](std::string_view name) { return fmt::format("/v2/models/{}/infer", name); },
     [](const Signature& s) { return "{\"inputs\": " + infer_inputs(s, rest_contents) + "}"; }},
    {kTfServingDialect, "TensorFlow Serving, KServe v1",
     [](std::string_view name) { return fmt::format("/v1/models/{}:predict", name); },
     [](const Signature& s) { return "{\"instances\": " + rows(s) + "}"; }, false, false},
    {kKserveV1Dialect, "KServe v1",
     [](std::string_view name) { return fmt::format("/v1/models/{}:predict", name); },
     [](const Signature& s) { return "{\"instances\": " + rows(s) + "}"; }, false, false},
    {kMlflowDialect, "MLflow", [](std::string_view) { return std::string("/invocations"); },
     [](const Signature& s) {
       const bool is_object = s.columns_named || s.rows_are_records;
       return (is_object ? "{\"dataframe_records\": " : "{\"inputs\": ") + rows(s) + "}";
     },
     true},
    {kSeldonDialect, "Seldon Core 1",
     [](std::string_view name) {
       return fmt::format("/seldon/default/{}/api/v1.0/predictions", name);
     },
     [](const Signature& s) {
       return "{\"data\": {\"ndarray\": [" + (s.rows_are_records ? row(s) : "[" + values(s) + "]") +
              "]}}";
     }},
    {kVertexDialect, "Vertex AI",
     [](std::string_view name) {
       return fmt::format("/v1/endpoints/1/deployedModels/{}:predict", name);
     },
     [](const Signature& s) { return "{\"instances\": " + rows(s) + "}"; }, true},
    {kOpenscoringDialect, "Openscoring",
     [](std::string_view name) { return fmt::format("/openscoring/model/{}", name); },
     [](const Signature& s) {
       return "{\"id\": \"1\", \"arguments\": " +
              (s.rows_are_records ? values(s) : "{" + named_values(s) + "}") + "}";
     }},
    {kTorchServeDialect, "TorchServe",
     [](std::string_view name) { return fmt::format("/predictions/{}", name); },
     [](const Signature& s) { return rows(s); }},
    {kSageMakerDialect, "SageMaker",
     [](std::string_view name) { return fmt::format("/models/{}/invoke", name); },
     [](const Signature& s) { return "{\"instances\": " + rows(s) + "}"; }},
    {kAzureMlDialect, "Azure ML", [](std::string_view) { return std::string("/score"); },
     [](const Signature& s) { return "{\"data\": " + rows(s) + "}"; }, true},
};

}  // namespace

std::string encoded_segment(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::vector<Example> examples_of(const RouteTable& routes, const serving::ServedModel& model,
                                 bool is_default) {
  const Signature& signature = model.signature();
  const std::string name = encoded_segment(model.name);
  std::vector<Example> examples;
  for (const Dialect* dialect : routes.dialects()) {
    for (const Source& source : kSources) {
      if (&source.dialect != dialect || (source.of_default && !is_default)) continue;
      if (!source.takes_records && has_records(signature)) continue;
      std::string path = source.path(name);
      RouteSegments segments;
      const RouteTable::Entry* route = routes.find(HttpMethod::kPost, path, segments);
      if (route == nullptr || route->dialect != dialect) continue;
      examples.push_back({dialect->name, source.system, std::move(path), source.body(signature)});
    }
    if (dialect != &kKserveV2Dialect) continue;
    examples.push_back({dialect->name, "KServe v2, Triton over gRPC",
                        "inference.GRPCInferenceService/ModelInfer",
                        fmt::format("{{\"model_name\": {}, \"inputs\": {}}}", text_of(model.name),
                                    infer_inputs(signature, rpc_contents)),
                        true});
  }
  return examples;
}

}  // namespace slipway::protocols::site
