// POST /predict and POST /models/{model}/predict.
#include <fmt/format.h>

#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/json_output.h"
#include "protocols/simple/request.h"

namespace slipway::protocols {
namespace {

constexpr std::string_view kProbabilities = "predict_proba";

/// "", "1", "true", "yes" ask for it; "0", "false", "no" do not.
Status read_proba_parameter(const transport::HttpRequest& request, bool& wanted) {
  const std::string_view value = request.query_parameter("proba");
  if (value.data() == nullptr) return {};
  if (value.empty() || value == "1" || value == "true" || value == "yes") {
    wanted = true;
  } else if (value != "0" && value != "false" && value != "no") {
    return invalid_argument("the query parameter proba: expected 1 or 0");
  }
  return {};
}

Status read(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  AnswerPlan& plan = call.plan;
  plan.clear();
  TRY_STATUS(read_proba_parameter(call.request(), plan.probabilities));
  TRY_STATUS(simple::read_request(call.request().body, signature, model.column_places,
                                  *call.loop->read, call.infer.input, plan));
  plan.outputs.push_back({signature.default_output});
  call.infer.wanted = OutputMask{1} << signature.default_output;
  if (plan.probabilities) {
    const auto index = signature.find_output(kProbabilities);
    if (!index) {
      std::string names;
      for (const OutputSpec& output : signature.outputs) {
        names += (names.empty() ? "" : ", ") + output.name;
      }
      return invalid_argument(
          fmt::format("model \"{}\" gives no probabilities; it has: {}", model.name, names));
    }
    plan.outputs.push_back({*index});
    call.infer.wanted |= OutputMask{1} << *index;
  }
  return {};
}

void append_answer(std::string& body, const Call& call, uint32_t index) {
  const OutputSpec& spec = call.infer.model->signature().outputs[index];
  const OutputBuffer& output = call.result.outputs[index];
  if (call.plan.single) {
    append_row(body, spec, output, 0);
    return;
  }
  append_rows(body, spec, output);
}

void write(Call& call) {
  std::string& body = call.response().body;
  body += "{\"prediction\":";
  append_answer(body, call, call.plan.outputs[0].index);
  if (call.plan.probabilities) {
    body += ",\"probabilities\":";
    append_answer(body, call, call.plan.outputs[1].index);
  }
  body.push_back('}');
}

void predict(Call& call, std::string_view name) {
  Status status = choose_model(call, name, {});
  if (status.ok()) status = read(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

}  // namespace

void simple_predict(Call& call) { predict(call, {}); }
void simple_predict_model(Call& call) { predict(call, call.parameters[0]); }

}  // namespace slipway::protocols
