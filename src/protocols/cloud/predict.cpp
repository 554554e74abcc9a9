#include "protocols/cloud/predict.h"

#include <utility>

namespace slipway::protocols::cloud {

Status read_json_request(Call& call, RowsFormat format) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  call.plan.clear();
  const uint32_t output = default_output(call);
  call.plan.outputs.push_back({output});
  call.infer.wanted = OutputMask{1} << output;
  return read_rows(call.request().body, format, signature, model.column_places, *call.loop->read,
                   call.infer.input);
}

void predict(Call& call, void (*write)(Call&)) {
  Status status = choose_model(call, {}, {});
  if (status.ok()) status = read_json_request(call, RowsFormat::kJson);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

}  // namespace slipway::protocols::cloud
