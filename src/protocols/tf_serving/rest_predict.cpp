// POST /v1/models/{model}[/versions/{version}|/labels/{label}]:predict, :classify, :regress.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/endpoints.h"
#include "protocols/tf_serving/answer_json.h"
#include "protocols/tf_serving/rest_examples.h"
#include "protocols/tf_serving/rest_request.h"
#include "protocols/tf_serving/signature.h"

namespace slipway::protocols {
namespace {

Status malformed(const Call& call) {
  const transport::HttpRequest& request = call.request();
  return invalid_argument(fmt::format("Malformed request: {} {}", http_method_name(request.method),
                                      request.path.substr(0, 256)));
}

Status choose_version(Call& call) {
  const std::string_view version = call.parameters[1];
  if (version.find_first_not_of("0123456789") != std::string_view::npos) return malformed(call);
  return tf_serving::choose(call, {call.parameters[0], version, {}, {}});
}
Status choose_label(Call& call) {
  return tf_serving::choose(call, {call.parameters[0], {}, call.parameters[1], {}});
}

/// A request that names no signature gets the model's default output alone, so that clients of
/// KServe, who ask at the same path, see the values that they expect.
Status read_predict(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  call.plan.clear();
  tf_serving::PredictBody body;
  TRY_STATUS(tf_serving::read_predict(call.request().body, {signature, model.column_places},
                                      *call.loop->read, call.infer.input, body));
  const auto outputs = tf_serving::find_signature(signature, body.signature_name);
  if (!outputs) {
    return invalid_argument(fmt::format("Serving signature name: \"{}\" not found in signature def",
                                        body.signature_name.substr(0, 128)));
  }
  call.plan.columnar = body.is_columnar;
  call.infer.wanted =
      body.signature_name.empty() ? OutputMask{1} << default_output(call) : outputs->mask;
  for (uint32_t i = 0; i < signature.outputs.size(); ++i) {
    if ((call.infer.wanted >> i & 1U) != 0) call.plan.outputs.push_back({i});
  }
  return {};
}

void write_predict(Call& call) {
  std::string& body = call.response().body;
  call.plan.columnar ? tf_serving::append_outputs(body, call)
                     : tf_serving::append_predictions(body, call);
}

void predict(Call& call, Status status) {
  if (status.ok()) status = read_predict(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write_predict);
}

Status read_examples(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  call.plan.clear();
  return tf_serving::read_examples(call.request().body, {model.signature(), model.column_places},
                                   *call.loop->read, call.infer.input, call.plan.note);
}

void append_classes(std::string& out, const Call& call, size_t row) {
  const Signature& signature = call.infer.model->signature();
  const auto& outputs = call.plan.outputs;
  const LabelTable& table = signature.outputs[outputs[0].index].labels.front();
  const auto append = [&](int32_t index, double score) {
    out.push_back('[');
    append_json_string(out, tf_serving::label_text(table, index));
    out.push_back(',');
    tf_serving::append_float(out, score);
    out.push_back(']');
  };
  out.push_back('[');
  if (outputs.size() == 1) {
    append(call.result.outputs[outputs[0].index].indices[row], 1);
  } else {
    const OutputBuffer& scores = call.result.outputs[outputs[1].index];
    for (size_t i = 0; i < scores.width; ++i) {
      if (i > 0) out.push_back(',');
      append(static_cast<int32_t>(i), scores.numbers[row * scores.width + i]);
    }
  }
  out.push_back(']');
}

void write_classify(Call& call) {
  std::string& body = call.response().body;
  body += "{\"results\":[";
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) body.push_back(',');
    append_classes(body, call, row);
  }
  body += "]}";
}

void classify(Call& call, Status status) {
  if (status.ok()) status = read_examples(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  const auto plan = tf_serving::plan_classify(call.infer.model->signature(), call.plan.note);
  if (!plan.ok()) return answer_error(call, plan.status());
  call.plan.outputs.push_back({plan->classes});
  if (plan->scores) call.plan.outputs.push_back({*plan->scores});
  call.infer.wanted = plan->mask();
  run_inference(call, write_classify);
}

void write_regress(Call& call) {
  std::string& body = call.response().body;
  body += "{\"results\":[";
  const OutputBuffer& values = call.result.outputs[call.plan.outputs[0].index];
  for (size_t row = 0; row < values.rows; ++row) {
    if (row > 0) body.push_back(',');
    tf_serving::append_float(body, values.numbers[row]);
  }
  body += "]}";
}

void regress(Call& call, Status status) {
  if (status.ok()) status = read_examples(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  const auto output = tf_serving::plan_regress(call.infer.model->signature(), call.plan.note);
  if (!output.ok()) return answer_error(call, output.status());
  call.plan.outputs.push_back({*output});
  call.infer.wanted = OutputMask{1} << *output;
  run_inference(call, write_regress);
}

}  // namespace

void tfs_predict(Call& call) { predict(call, choose_version(call)); }
void tfs_predict_label(Call& call) { predict(call, choose_label(call)); }
void tfs_classify(Call& call) { classify(call, choose_version(call)); }
void tfs_classify_label(Call& call) { classify(call, choose_label(call)); }
void tfs_regress(Call& call) { regress(call, choose_version(call)); }
void tfs_regress_label(Call& call) { regress(call, choose_label(call)); }

void tfs_unknown(Call& call) {
  const std::string_view path = call.request().path;
  const bool lists = path == "/v1/models" || path == "/v1/models/";
  answer_error(call, lists && call.request().method == transport::HttpMethod::kGet
                         ? invalid_argument("Missing model name in request.")
                         : malformed(call));
}

}  // namespace slipway::protocols
