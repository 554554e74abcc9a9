// POST /predict and POST /models/{model}/predict.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/csv_output.h"
#include "protocols/internal/arrow_body.h"
#include "protocols/internal/call.h"
#include "protocols/internal/csv_body.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/media_type.h"
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

bool is_csv(std::string_view header) { return names_media_type(header, "text/csv"); }

enum class AnswerForm : uint8_t { kJson, kCsv, kArrow };

/// JSON for who takes none of them: the answer says what it is.
AnswerForm form_of(std::string_view accept) {
  constexpr std::string_view kOffered[] = {"application/json", "text/csv", kArrowStream};
  return static_cast<AnswerForm>(choose_media_type(accept, kOffered).value_or(0));
}

Status read_rows(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  const transport::HttpRequest& request = call.request();
  const std::string_view type = request.header("Content-Type");
  if (is_csv(type)) {
    return read_csv_body(request.body, model.signature(), CsvHeader::kFind, call.infer.input,
                         call.plan.keys);
  }
  if (names_arrow(type)) return read_arrow_body(call, request.body);
  return simple::read_request(request.body, model.signature(), model.column_places,
                              *call.loop->read, call.infer.input, call.plan);
}

Status read(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  AnswerPlan& plan = call.plan;
  plan.clear();
  TRY_STATUS(read_proba_parameter(call.request(), plan.probabilities));
  TRY_STATUS(read_rows(call));
  const uint32_t chosen = default_output(call);
  plan.outputs.push_back({chosen});
  call.infer.wanted = OutputMask{1} << chosen;
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

/// A header, then a line for each row: the prediction, then the probabilities, if they are asked
/// for.
void write_csv(Call& call) {
  const Signature& signature = call.infer.model->signature();
  std::string& body = call.response().body;
  call.response().content_type = "text/csv; charset=utf-8";
  std::string_view name = "prediction";
  const KeyFields& keys = call.plan.keys;
  keys.append_names(body);
  for (const RequestedOutput& wanted : call.plan.outputs) {
    if (&wanted != &call.plan.outputs.front()) body.push_back(',');
    append_csv_names(body, name, signature.outputs[wanted.index],
                     call.result.outputs[wanted.index].width);
    name = "probability";
  }
  body.push_back('\n');
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t row = 0; row < rows; ++row) {
    keys.append_cells(body, row);
    for (const RequestedOutput& wanted : call.plan.outputs) {
      const OutputBuffer& output = call.result.outputs[wanted.index];
      for (size_t column = 0; column < output.width; ++column) {
        if (column > 0 || &wanted != &call.plan.outputs.front()) body.push_back(',');
        append_csv_cell(body, signature.outputs[wanted.index], output, row, column);
      }
    }
    body.push_back('\n');
  }
}

/// Each key field as a member beside the prediction: its value, or one for each row.
void append_keys(std::string& body, const Call& call) {
  const KeyFields& keys = call.plan.keys;
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t key = 0; key < keys.size(); ++key) {
    body.push_back(',');
    append_json_string(body, keys.names()[key]);
    body += call.plan.single ? ":" : ":[";
    for (size_t row = 0; row < rows; ++row) {
      if (row > 0) body.push_back(',');
      keys.append_value(body, row, key);
    }
    if (!call.plan.single) body.push_back(']');
  }
}

/// A table of the same columns.
void write_arrow(Call& call) {
  const Signature& signature = call.infer.model->signature();
  std::vector<ArrowOutput> outputs;
  std::string_view name = "prediction";
  for (const RequestedOutput& wanted : call.plan.outputs) {
    outputs.push_back({name, signature.outputs[wanted.index], call.result.outputs[wanted.index]});
    name = "probability";
  }
  Status status = append_arrow_outputs(call.response().body, outputs, call.plan.keys);
  if (!status.ok()) return answer_error(call, std::move(status));
  call.response().content_type = kArrowStream;
}

void write(Call& call) {
  switch (form_of(call.request().header("Accept"))) {
    case AnswerForm::kCsv: return write_csv(call);
    case AnswerForm::kArrow: return write_arrow(call);
    case AnswerForm::kJson: break;
  }
  std::string& body = call.response().body;
  body += "{\"prediction\":";
  append_answer(body, call, call.plan.outputs[0].index);
  if (call.plan.probabilities) {
    body += ",\"probabilities\":";
    append_answer(body, call, call.plan.outputs[1].index);
  }
  append_keys(body, call);
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
