// Triton's model configuration: GET /v2/models/{m}[/versions/{v}]/config, ModelConfig. It tells
// what is in force, in the words of Triton's config.pbtxt.
#include <fmt/format.h>
#include <inference.pb.h>

#include <algorithm>
#include <charconv>

#include "base/json_escape.h"
#include "metrics/registry.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/configuration.h"
#include "protocols/kserve_v2/model_metadata.h"
#include "protocols/kserve_v2/proto_message.h"

namespace slipway::protocols {
namespace {

using serving::ServedModel;
using serving::VersionPolicy;

inference::DataType data_type(DType dtype) {
  switch (dtype) {
    case DType::kBool: return inference::TYPE_BOOL;
    case DType::kInt64: return inference::TYPE_INT64;
    case DType::kString: return inference::TYPE_STRING;
    default: return inference::TYPE_FP64;
  }
}

std::string_view data_type_name(inference::DataType type) {
  switch (type) {
    case inference::TYPE_BOOL: return "TYPE_BOOL";
    case inference::TYPE_INT64: return "TYPE_INT64";
    case inference::TYPE_STRING: return "TYPE_STRING";
    default: return "TYPE_FP64";
  }
}

void set_policy(inference::ModelVersionPolicy& out, const VersionPolicy& policy) {
  switch (policy.kind) {
    case VersionPolicy::Kind::kAll: out.mutable_all(); break;
    case VersionPolicy::Kind::kLatest: out.mutable_latest()->set_num_versions(policy.latest); break;
    case VersionPolicy::Kind::kSpecific:
      for (const uint64_t version : policy.versions) {
        out.mutable_specific()->add_versions(static_cast<int64_t>(version));
      }
      break;
  }
}

void set_batching(inference::ModelDynamicBatching& out,
                  const serving::AdmissionSettings& settings) {
  for (const uint32_t rows : settings.batch.preferred_rows) {
    out.add_preferred_batch_size(static_cast<int32_t>(rows));
  }
  out.set_max_queue_delay_microseconds(static_cast<uint64_t>(settings.batch.delay_max.count()));
  out.set_priority_levels(serving::kPriorityLevels);
  out.set_default_priority_level(settings.queue.priority);
  inference::ModelQueuePolicy& policy = *out.mutable_default_queue_policy();
  policy.set_default_timeout_microseconds(static_cast<uint64_t>(settings.queue.timeout.count()));
  policy.set_allow_timeout_override(true);
  policy.set_max_queue_size(settings.queue.requests_max);
}

void set_parameter(inference::ModelConfig& config, const std::string& name, std::string value) {
  (*config.mutable_parameters())[name].set_string_value(std::move(value));
}

inference::ModelConfig configuration_of(const BaseCall& call, const ServedModel& model) {
  const serving::ExecutionPlan plan = call.loop->inference.plan_of(model);
  const Signature& signature = model.signature();
  inference::ModelConfig config;
  config.set_name(model.name);
  config.set_platform(kserve_v2::platform_of(model.loaded));
  config.set_backend("slipway");
  config.set_max_batch_size(static_cast<int32_t>(std::min<uint64_t>(plan.rows_max, INT32_MAX)));
  set_policy(*config.mutable_version_policy(), call.loop->inference.models()->policy(model.name));
  kserve_v2::for_each_input(signature, [&](std::string_view name, ColumnType type, size_t width) {
    inference::ModelInput& input = *config.add_input();
    input.set_name(name.data(), name.size());
    input.set_data_type(type == ColumnType::kNumber ? inference::TYPE_FP64
                                                    : inference::TYPE_STRING);
    input.add_dims(static_cast<int64_t>(width));
    const auto column = width == 1 ? signature.find_column(name) : std::nullopt;
    input.set_optional(column.has_value() && !signature.columns[*column].is_used);
  });
  for (const OutputSpec& spec : signature.outputs) {
    inference::ModelOutput& output = *config.add_output();
    output.set_name(spec.name);
    output.set_data_type(data_type(output_dtype(spec)));
    output.add_dims(spec.width);
  }
  // Cheap models run where their requests are read, without a queue.
  if (!plan.is_inline) set_batching(*config.mutable_dynamic_batching(), plan.admission);
  inference::ModelInstanceGroup& group = *config.add_instance_group();
  group.set_name(model.name);
  group.set_kind(inference::ModelInstanceGroup::KIND_CPU);
  const uint32_t loops = call.loop->server.registry->loops();
  group.set_count(static_cast<int32_t>(plan.is_inline ? loops : plan.threads));
  config.set_default_model_filename(model.path.substr(model.path.find_last_of('/') + 1));
  if (!plan.is_inline) {
    set_parameter(config, "joined_rows_max", std::to_string(plan.admission.batch.rows_max));
  }
  set_parameter(config, "class", model.loaded.class_name);
  set_parameter(config, "library_version", model.loaded.library_version);
  return config;
}

/// The message as JSON, with the further fields that Triton's always has.
class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void print(const inference::ModelConfig& config) {
    out_ += "{\"name\":";
    append_json_string(out_, config.name());
    field("platform", config.platform());
    field("backend", config.backend());
    out_ += R"(,"runtime":"","version_policy":)";
    print(config.version_policy());
    fmt::format_to(std::back_inserter(out_), R"(,"max_batch_size":{},"input":[)",
                   config.max_batch_size());
    for (const inference::ModelInput& input : config.input()) {
      begin_tensor(input);
      fmt::format_to(
          std::back_inserter(out_),
          R"(,"format":"FORMAT_NONE","is_shape_tensor":false,)"
          R"("allow_ragged_batch":false,"optional":{},"is_non_linear_format_io":false}})",
          input.optional());
    }
    out_ += R"(],"output":[)";
    for (const inference::ModelOutput& output : config.output()) {
      begin_tensor(output);
      out_ += R"(,"label_filename":"","is_shape_tensor":false,"is_non_linear_format_io":false})";
    }
    out_ += R"(],"batch_input":[],"batch_output":[],"optimization":{"priority":"PRIORITY_DEFAULT")"
            R"(,"input_pinned_memory":{"enable":false},"output_pinned_memory":{"enable":false},)"
            R"("gather_kernel_buffer_threshold":0,"eager_batching":false})";
    if (config.has_dynamic_batching()) print(config.dynamic_batching());
    for (const inference::ModelInstanceGroup& group : config.instance_group()) {
      out_ += R"(,"instance_group":[{"name":)";
      append_json_string(out_, group.name());
      fmt::format_to(std::back_inserter(out_),
                     R"(,"kind":"KIND_CPU","count":{},"gpus":[],"secondary_devices":[],)"
                     R"("profile":[],"passive":false,"host_policy":""}}])",
                     group.count());
    }
    field("default_model_filename", config.default_model_filename());
    out_ += R"(,"cc_model_filenames":{},"metric_tags":{},"parameters":{)";
    print_parameters(config);
    out_ += R"(},"model_warmup":[],"model_transaction_policy":{"decoupled":false}})";
  }

 private:
  void field(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out_), ",\"{}\":", name);
    append_json_string(out_, value);
  }

  template <typename Tensor>
  void begin_tensor(const Tensor& tensor) {
    if (out_.back() != '[') out_.push_back(',');
    out_ += "{\"name\":";
    append_json_string(out_, tensor.name());
    fmt::format_to(std::back_inserter(out_), R"(,"data_type":"{}","dims":[{}])",
                   data_type_name(tensor.data_type()), tensor.dims(0));
  }

  void print(const inference::ModelVersionPolicy& policy) {
    if (policy.has_all()) {
      out_ += R"({"all":{}})";
      return;
    }
    if (policy.has_latest()) {
      fmt::format_to(std::back_inserter(out_), R"({{"latest":{{"num_versions":{}}}}})",
                     policy.latest().num_versions());
      return;
    }
    out_ += R"({"specific":{"versions":[)";
    for (const int64_t version : policy.specific().versions()) {
      if (out_.back() != '[') out_.push_back(',');
      out_ += std::to_string(version);
    }
    out_ += "]}}";
  }

  void print(const inference::ModelDynamicBatching& batching) {
    out_ += R"(,"dynamic_batching":{"preferred_batch_size":[)";
    for (const int32_t rows : batching.preferred_batch_size()) {
      if (out_.back() != '[') out_.push_back(',');
      out_ += std::to_string(rows);
    }
    const inference::ModelQueuePolicy& policy = batching.default_queue_policy();
    fmt::format_to(
        std::back_inserter(out_),
        R"(],"max_queue_delay_microseconds":{},"preserve_ordering":false,"priority_levels":{},)"
        R"("default_priority_level":{},"default_queue_policy":{{"timeout_action":"REJECT",)"
        R"("default_timeout_microseconds":{},"allow_timeout_override":true,"max_queue_size":{}}},)"
        R"("priority_queue_policy":{{}}}})",
        batching.max_queue_delay_microseconds(), batching.priority_levels(),
        batching.default_priority_level(), policy.default_timeout_microseconds(),
        policy.max_queue_size());
  }

  void print_parameters(const inference::ModelConfig& config) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : config.parameters()) names.push_back(name);
    std::ranges::sort(names);
    for (const std::string_view name : names) {
      if (out_.back() != '{') out_.push_back(',');
      append_json_string(out_, name);
      out_ += ":{\"string_value\":";
      append_json_string(out_, config.parameters().at(std::string(name)).string_value());
      out_.push_back('}');
    }
  }

  std::string& out_;
};

}  // namespace

namespace kserve_v2 {

std::string configuration_json(const BaseCall& call, const ServedModel& model) {
  std::string text;
  Printer(text).print(configuration_of(call, model));
  return text;
}

}  // namespace kserve_v2

void v2_model_config(Call& call) {
  Status status = choose_model(call, call.parameters[0], call.parameters[1]);
  const ServedModel* model = std::exchange(call.infer.model, nullptr);
  if (!status.ok()) return answer_error(call, std::move(status));
  kserve_v2::keep_plain(call);
  call.response().body = kserve_v2::configuration_json(call, *model);
}

void rpc_model_config(RpcCall& call) {
  inference::ModelConfigRequest request;
  if (!kserve_v2::parse(call, request)) return;
  call.error = choose_model(call, request.name(), request.version());
  const ServedModel* model = std::exchange(call.infer.model, nullptr);
  if (!call.error.ok()) return;
  inference::ModelConfigResponse response;
  *response.mutable_config() = configuration_of(call, *model);
  kserve_v2::answer(call, response);
}

}  // namespace slipway::protocols
