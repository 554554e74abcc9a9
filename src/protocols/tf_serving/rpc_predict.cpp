// tensorflow.serving.PredictionService: Predict, Classify, Regress, MultiInference.
#include <fmt/format.h>

#include "protocols/internal/endpoints.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/tf_serving/answer_json.h"
#include "protocols/tf_serving/proto_request.h"
#include "protocols/tf_serving/tensor_proto.h"

namespace slipway::protocols {
namespace {

using tf_serving::ReadSpec;

constexpr size_t kTasksMax = 64;

void append_spec(ProtoWriter& out, uint32_t field, const RpcCall& call,
                 std::string_view signature_name) {
  const serving::ServedModel& model = *call.infer.model;
  const size_t spec = out.open(field);
  out.bytes(1, model.name);
  const size_t version = out.open(2);
  out.varint(1, tf_serving::version_number(model.version));
  out.close(version);
  out.bytes(3, signature_name.empty() ? tf_serving::kServingDefault : signature_name);
  out.close(spec);
}

void write_predict(RpcCall& call) {
  ProtoWriter out(*call.answer);
  const Signature& signature = call.infer.model->signature();
  for (const RequestedOutput& requested : call.plan.outputs) {
    const OutputSpec& spec = signature.outputs[requested.index];
    const size_t entry = out.open(1);
    out.bytes(1, spec.name);
    const size_t tensor = out.open(2);
    tf_serving::append_tensor(out, spec, call.result.outputs[requested.index]);
    out.close(tensor);
    out.close(entry);
  }
  append_spec(out, 2, call, call.plan.note);
}

void append_class(ProtoWriter& out, const LabelTable& table, int32_t index, double score) {
  const size_t one = out.open(1);
  out.bytes(1, tf_serving::label_text(table, index));
  out.real(2, static_cast<float>(score));
  out.close(one);
}

/// A ClassificationResult.
void append_classes(ProtoWriter& out, const RpcCall& call, const tf_serving::ClassifyPlan& plan) {
  const LabelTable& table = call.infer.model->signature().outputs[plan.classes].labels.front();
  const OutputBuffer& classes = call.result.outputs[plan.classes];
  for (size_t row = 0; row < classes.rows; ++row) {
    const size_t list = out.open(1);
    if (plan.scores) {
      const OutputBuffer& scores = call.result.outputs[*plan.scores];
      for (size_t i = 0; i < scores.width; ++i) {
        append_class(out, table, static_cast<int32_t>(i), scores.numbers[row * scores.width + i]);
      }
    } else {
      append_class(out, table, classes.indices[row], 1);
    }
    out.close(list);
  }
}

/// A RegressionResult.
void append_values(ProtoWriter& out, const OutputBuffer& values) {
  for (size_t row = 0; row < values.rows; ++row) {
    const size_t one = out.open(1);
    out.real(1, static_cast<float>(values.numbers[row]));
    out.close(one);
  }
}

tf_serving::ClassifyPlan plan_of(const RpcCall& call) {
  tf_serving::ClassifyPlan plan;
  plan.classes = call.plan.outputs[0].index;
  if (call.plan.outputs.size() > 1) plan.scores = call.plan.outputs[1].index;
  return plan;
}

void write_classify(RpcCall& call) {
  ProtoWriter out(*call.answer);
  const size_t result = out.open(1);
  append_classes(out, call, plan_of(call));
  out.close(result);
  append_spec(out, 2, call, call.plan.note);
}

void write_regress(RpcCall& call) {
  ProtoWriter out(*call.answer);
  const size_t result = out.open(1);
  append_values(out, call.result.outputs[call.plan.outputs[0].index]);
  out.close(result);
  append_spec(out, 2, call, call.plan.note);
}

Status read_predict(RpcCall& call) {
  call.plan.clear();
  ReadSpec read;
  TRY_STATUS(tf_serving::read_spec(call.message, 1, read));
  TRY_STATUS(tf_serving::choose(call, read.spec));
  call.plan.note = read.spec.signature_name;
  const serving::ServedModel& model = *call.infer.model;
  return tf_serving::read_predict_proto(call.message, {model.signature(), model.column_places},
                                        read.spec, *call.loop->read, call.infer.input, call.plan,
                                        call.infer.wanted);
}

/// The model and the examples of a ClassificationRequest or a RegressionRequest.
Status read_examples(RpcCall& call) {
  call.plan.clear();
  ReadSpec read;
  TRY_STATUS(tf_serving::read_spec(call.message, 1, read));
  TRY_STATUS(tf_serving::choose(call, read.spec));
  call.plan.note = read.spec.signature_name;
  return {};
}

Status read_rows(RpcCall& call) {
  const std::string_view input = TRY(tf_serving::bytes_field(call.message, 2));
  const serving::ServedModel& model = *call.infer.model;
  return tf_serving::read_input_proto(input, {model.signature(), model.column_places},
                                      *call.loop->read, call.infer.input);
}

Status read_classify(RpcCall& call) {
  TRY_STATUS(read_examples(call));
  const Signature& signature = call.infer.model->signature();
  const auto plan = TRY(tf_serving::plan_classify(signature, call.plan.note));
  call.plan.outputs.push_back({plan.classes});
  if (plan.scores) call.plan.outputs.push_back({*plan.scores});
  call.infer.wanted = plan.mask();
  return read_rows(call);
}

Status read_regress(RpcCall& call) {
  TRY_STATUS(read_examples(call));
  const Signature& signature = call.infer.model->signature();
  const uint32_t output = TRY(tf_serving::plan_regress(signature, call.plan.note));
  call.plan.outputs.push_back({output});
  call.infer.wanted = OutputMask{1} << output;
  return read_rows(call);
}

/// One InferenceTask; a result is one of two kinds.
struct Task {
  std::string signature_name;
  std::optional<tf_serving::ClassifyPlan> classify;
  uint32_t regress = 0;
};

Status read_task(std::string_view message, RpcCall& call, std::vector<Task>& tasks) {
  ReadSpec read;
  TRY_STATUS(tf_serving::read_spec(message, 1, read));
  if (read.spec.name.empty()) return invalid_argument("Found ModelSpec with an empty model name.");
  if (call.infer.model == nullptr) {
    TRY_STATUS(tf_serving::choose(call, read.spec));
  } else if (call.infer.model->name != read.spec.name) {
    return invalid_argument(
        "All ModelSpecs in a MultiInferenceRequest must access the same model name.");
  }
  Task task;
  task.signature_name =
      read.spec.signature_name.empty() ? tf_serving::kServingDefault : read.spec.signature_name;
  for (const Task& other : tasks) {
    if (other.signature_name != task.signature_name) continue;
    return invalid_argument(
        fmt::format("Duplicate evaluation of signature: {}", task.signature_name.substr(0, 128)));
  }
  const Signature& signature = call.infer.model->signature();
  if (!tf_serving::find_signature(signature, task.signature_name)) {
    return invalid_argument(fmt::format("Requested signature not found in model graph: {}",
                                        task.signature_name.substr(0, 128)));
  }
  const std::string_view method = TRY(tf_serving::bytes_field(message, 2));
  if (method == tf_serving::kClassifyMethod) {
    task.classify = TRY(tf_serving::plan_classify(signature, task.signature_name));
    call.infer.wanted |= task.classify->mask();
  } else if (method == tf_serving::kRegressMethod) {
    task.regress = TRY(tf_serving::plan_regress(signature, task.signature_name));
    call.infer.wanted |= OutputMask{1} << task.regress;
  } else {
    TRY_STATUS(check_utf8(method, "method_name"));
    return unimplemented(
        fmt::format("Unsupported signature method_name: {}", method.substr(0, 128)));
  }
  tasks.push_back(std::move(task));
  return {};
}

/// The tasks of a MultiInferenceRequest; they are read again for the answer.
Status read_tasks(RpcCall& call, std::vector<Task>& tasks) {
  ProtoFields fields(call.message);
  while (fields.next()) {
    if (!fields.is(1, ProtoFields::kBytes)) continue;
    if (tasks.size() == kTasksMax) {
      return invalid_argument(fmt::format("a request has at most {} tasks", kTasksMax));
    }
    TRY_STATUS(read_task(fields.bytes(), call, tasks));
  }
  TRY_STATUS(fields.status("the request"));
  return tasks.empty() ? invalid_argument("the request has no tasks") : Status();
}

void write_multi_inference(RpcCall& call) {
  std::vector<Task> tasks;
  call.error = read_tasks(call, tasks);
  if (!call.error.ok()) return;
  ProtoWriter out(*call.answer);
  for (const Task& task : tasks) {
    const size_t result = out.open(1);
    append_spec(out, 1, call, task.signature_name);
    const size_t values = out.open(task.classify ? 2 : 3);
    if (task.classify) {
      append_classes(out, call, *task.classify);
    } else {
      append_values(out, call.result.outputs[task.regress]);
    }
    out.close(values);
    out.close(result);
  }
}

Status read_multi_inference(RpcCall& call) {
  call.plan.clear();
  call.infer.wanted = 0;
  std::vector<Task> tasks;
  TRY_STATUS(read_tasks(call, tasks));
  return read_rows(call);
}

void infer(RpcCall& call, Status status, void (*write)(RpcCall&)) {
  call.error = std::move(status);
  if (call.error.ok()) run_inference(call, write);
}

}  // namespace

void tfs_rpc_predict(RpcCall& call) { infer(call, read_predict(call), write_predict); }
void tfs_rpc_classify(RpcCall& call) { infer(call, read_classify(call), write_classify); }
void tfs_rpc_regress(RpcCall& call) { infer(call, read_regress(call), write_regress); }
void tfs_rpc_multi_inference(RpcCall& call) {
  infer(call, read_multi_inference(call), write_multi_inference);
}

}  // namespace slipway::protocols
