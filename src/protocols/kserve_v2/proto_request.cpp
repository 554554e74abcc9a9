#include "protocols/kserve_v2/proto_request.h"

#include <fmt/format.h>

#include "protocols/internal/closest.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/kserve_v2/proto_contents.h"

namespace slipway::protocols::kserve_v2 {
namespace {

constexpr std::string_view kRequest = "the ModelInferRequest";

/// An InferParameter as far as it is of interest here.
struct Parameter {
  std::string_view name;
  std::optional<int64_t> integer;
  std::optional<std::string_view> text;
};

/// One entry of a map<string, InferParameter>.
Result<Parameter> read_parameter(std::string_view entry) {
  Parameter parameter;
  std::string_view value;
  ProtoFields fields(entry);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kBytes)) parameter.name = fields.bytes();
    if (fields.is(2, ProtoFields::kBytes)) value = fields.bytes();
  }
  TRY_STATUS(fields.status(kRequest));
  TRY_STATUS(check_utf8(parameter.name, "a parameter's name"));
  ProtoFields choice(value);
  while (choice.next()) {
    parameter.integer.reset();
    parameter.text.reset();
    if (choice.is(3, ProtoFields::kBytes)) parameter.text = choice.bytes();
    const bool whole = choice.is(2, ProtoFields::kVarint) || choice.is(5, ProtoFields::kVarint);
    if (whole) parameter.integer = static_cast<int64_t>(choice.varint());
  }
  TRY_STATUS(choice.status(kRequest));
  return parameter;
}

Status read_request_parameter(std::string_view entry, ProtoHead& head) {
  const Parameter parameter = TRY(read_parameter(entry));
  const bool is_timeout = parameter.name == "timeout";
  if (!is_timeout && parameter.name != "priority") return {};  // the others are for other servers
  if (!parameter.integer || *parameter.integer < 0) {
    return invalid_argument(fmt::format("the parameter \"{}\": expected int64_param from 0 on{}",
                                        parameter.name, is_timeout ? ", in µs" : ""));
  }
  const auto value = static_cast<uint64_t>(*parameter.integer);
  if (is_timeout) {
    head.urgency.timeout_us = value;
  } else {
    head.urgency.priority = known_priority(value);
  }
  return {};
}

Result<uint64_t> count_of(const Parameter& parameter) {
  if (parameter.integer && *parameter.integer >= 0) {
    return static_cast<uint64_t>(*parameter.integer);
  }
  return invalid_argument(
      fmt::format("invalid value for '{}' parameter, expected int64_param >= 0.", parameter.name));
}

/// One of the parameters that say where in shared memory a tensor lies, or another one.
Status read_shared_place(const Parameter& parameter, SharedPlace& place) {
  if (parameter.name == "shared_memory_region") {
    if (!parameter.text) {
      return invalid_argument(
          "invalid value for 'shared_memory_region' parameter, expected string_param.");
    }
    TRY_STATUS(check_utf8(*parameter.text, "a shared memory region's name"));
    place.region = *parameter.text;
  } else if (parameter.name == "shared_memory_byte_size") {
    place.bytes = TRY(count_of(parameter));
  } else if (parameter.name == "shared_memory_offset") {
    place.offset = TRY(count_of(parameter));
  }
  return {};
}

Status read_dimension(uint64_t varint, Tensor& tensor) {
  if (tensor.rank == 2) {
    return invalid_argument(
        fmt::format("input {}: expected one or two dimensions, got more", in_quotes(tensor.name)));
  }
  const auto dimension = static_cast<int64_t>(varint);
  if (dimension < 0) {
    return invalid_argument(
        fmt::format("input {}: a dimension is negative: {}", in_quotes(tensor.name), dimension));
  }
  tensor.dims[tensor.rank++] = varint;
  return {};
}

/// repeated int64, packed or one by one.
Status read_shape(const ProtoFields& field, Tensor& tensor) {
  if (field.kind() == ProtoFields::kVarint) return read_dimension(field.varint(), tensor);
  if (field.kind() != ProtoFields::kBytes) return {};
  const std::string_view packed = field.bytes();
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(packed.data()),
                                            static_cast<int>(packed.size()));
  while (static_cast<size_t>(in.CurrentPosition()) < packed.size()) {
    uint64_t value = 0;
    if (!in.ReadVarint64(&value)) {
      return invalid_argument(fmt::format("{} is malformed protobuf", kRequest));
    }
    TRY_STATUS(read_dimension(value, tensor));
  }
  return {};
}

/// An InferInputTensor, but for its data.
Status read_tensor(std::string_view message, const ModelInputs& model, Tensor& tensor) {
  tensor.name.clear();
  tensor.shared = {};
  SharedPlace place;
  tensor.rank = 0;
  tensor.contents = {};
  tensor.has_data = false;
  std::string_view datatype;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kBytes)) {
      TRY_STATUS(check_utf8(fields.bytes(), "an input's name"));
      tensor.name = fields.bytes();
    } else if (fields.is(2, ProtoFields::kBytes)) {
      datatype = fields.bytes();
    } else if (fields.number() == 3) {
      TRY_STATUS(read_shape(fields, tensor));
    } else if (fields.is(4, ProtoFields::kBytes)) {
      const Parameter parameter = TRY(read_parameter(fields.bytes()));
      TRY_STATUS(read_shared_place(parameter, place));
    } else if (fields.is(5, ProtoFields::kBytes)) {
      if (tensor.has_data) {
        return invalid_argument(
            fmt::format("input {} has its contents twice", in_quotes(tensor.name)));
      }
      tensor.has_data = true;
      tensor.contents = fields.bytes();
    }
  }
  TRY_STATUS(fields.status(kRequest));
  TRY_STATUS(check_utf8(datatype, "a datatype"));
  tensor.dtype = TRY(parse_datatype(datatype));
  tensor.shared = TRY(place.slice(model));
  if (tensor.shared && tensor.has_data) {
    return invalid_argument(
        fmt::format("unexpected 'content' provided when using shared memory for input tensor {}",
                    in_quotes(tensor.name)));
  }
  if (tensor.rank > 0) return {};
  return invalid_argument(
      fmt::format("input {}: expected one or two dimensions, got none", in_quotes(tensor.name)));
}

/// An InferRequestedOutputTensor. All outputs are raw or none, as the inputs are.
Status read_output(std::string_view message, OutputChoice& outputs) {
  OutputForm form;
  std::string_view name;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kBytes)) {
      name = fields.bytes();
    } else if (fields.is(2, ProtoFields::kBytes)) {
      const Parameter parameter = TRY(read_parameter(fields.bytes()));
      if (parameter.name == "classification") form.classes = TRY(count_of(parameter));
      TRY_STATUS(read_shared_place(parameter, form.shared));
    }
  }
  TRY_STATUS(fields.status(kRequest));
  TRY_STATUS(check_utf8(name, "an output's name"));
  const uint32_t index = TRY(outputs.find(name));
  return outputs.add(index, form);
}

/// Tensors and raw contents are counted before they are kept: both are bounded by the model.
class ProtoReader {
 public:
  ProtoReader(std::string_view message, const ModelInputs& model, ReadBuffers& buffers,
              InputBuffer& input, AnswerPlan& plan, OutputMask& wanted)
      : message_(message),
        model_(model),
        signature_(model.signature),
        tensors_(buffers.tensors),
        raw_(buffers.raw),
        shared_bytes_(buffers.shared),
        mapping_(model, buffers, input),
        outputs_(model, plan, wanted) {}
  ~ProtoReader() {
    if (shared_count_ > 0) release_shared(std::span(tensors_).first(count_), shared_bytes_);
  }
  ProtoReader(const ProtoReader&) = delete;
  ProtoReader& operator=(const ProtoReader&) = delete;

  Status read(const ProtoHead& head) {
    raw_.clear();
    ProtoFields fields(message_);
    while (fields.next()) {
      if (fields.kind() != ProtoFields::kBytes) continue;
      switch (fields.number()) {
        case 5: TRY_STATUS(read_input(fields.bytes())); break;
        case 6: TRY_STATUS(read_output(fields.bytes(), outputs_)); break;
        case 7: TRY_STATUS(keep_raw(fields.bytes())); break;
        default: break;
      }
    }
    TRY_STATUS(fields.status(kRequest));
    if (count_ == 0) return invalid_argument("there are no inputs; expected at least one tensor");
    // Who has inputs in shared memory is a client of Triton's, which reads raw outputs.
    outputs_.finish(head.has_raw_inputs || shared_count_ > 0);
    TRY_STATUS(check_raw());
    const std::span<Tensor> tensors = std::span(tensors_).first(count_);
    size_t bytes = message_.size();
    if (shared_count_ > 0) bytes += TRY(shared_bytes_of(tensors, model_));
    TRY_STATUS(mapping_.assign(tensors, bytes));
    size_t raw_index = 0;
    for (size_t i = 0; i < count_; ++i) {
      const size_t index = tensors[i].shared ? 0 : raw_index++;
      if (mapping_.is_passed_over(tensors[i])) continue;
      Status status = read_data(tensors[i], index);
      if (status.ok()) continue;
      return std::move(status).with_context("input " + in_quotes(tensors[i].name));
    }
    return {};
  }

 private:
  Status read_input(std::string_view message) {
    TRY_STATUS(check_tensor_count(count_, signature_));
    if (tensors_.size() == count_) tensors_.emplace_back();
    Tensor& tensor = tensors_[count_++];
    TRY_STATUS(read_tensor(message, model_, tensor));
    if (tensor.shared) ++shared_count_;
    return {};
  }

  Status keep_raw(std::string_view bytes) {
    if (raw_.size() > signature_.columns.size()) {
      return invalid_argument(
          fmt::format("too many raw_input_contents: expected one for each input, at most {}",
                      signature_.columns.size()));
    }
    raw_.push_back(bytes);
    return {};
  }

  Status check_raw() const {
    if (raw_.empty()) return {};
    for (size_t i = 0; i < count_; ++i) {
      if (tensors_[i].contents.empty()) continue;  // MLServer's client sends an empty one
      return invalid_argument(
          fmt::format("contents field must not be specified when using raw_input_contents for {}",
                      in_quotes(tensors_[i].name)));
    }
    const size_t expected = count_ - shared_count_;
    if (raw_.size() == expected) return {};
    return invalid_argument(fmt::format("expected as many raw_input_contents as inputs, {}, got {}",
                                        expected, raw_.size()));
  }

  Status read_data(const Tensor& tensor, size_t raw_index) {
    const Place place = mapping_.place_of(tensor);
    if (tensor.shared) {
      TRY_STATUS(tensor.shared.read(shared_bytes_));
      return read_binary_data(shared_bytes_, tensor, place);
    }
    if (!raw_.empty()) return read_binary_data(raw_[raw_index], tensor, place);
    return read_typed_data(tensor.contents, tensor, place);
  }

  const std::string_view message_;
  const ModelInputs model_;
  const Signature& signature_;
  std::vector<Tensor>& tensors_;        // the first count_ are in use
  std::vector<std::string_view>& raw_;  // raw_input_contents
  std::string& shared_bytes_;
  InputMapping mapping_;
  OutputChoice outputs_;
  size_t count_ = 0;
  size_t shared_count_ = 0;  // of them, in shared memory
};

}  // namespace

Result<ProtoHead> read_proto_head(std::string_view message) {
  ProtoHead head;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.kind() != ProtoFields::kBytes) continue;
    switch (fields.number()) {
      case 1: head.model_name = fields.bytes(); break;
      case 2: head.model_version = fields.bytes(); break;
      case 3: head.id = fields.bytes(); break;
      case 4: TRY_STATUS(read_request_parameter(fields.bytes(), head)); break;
      case 7: head.has_raw_inputs = true; break;
      default: break;
    }
  }
  TRY_STATUS(fields.status(kRequest));
  TRY_STATUS(check_utf8(head.model_name, "model_name"));
  TRY_STATUS(check_utf8(head.model_version, "model_version"));
  TRY_STATUS(check_utf8(head.id, "id"));
  return head;
}

Status read_proto_request(std::string_view message, const ProtoHead& head, const ModelInputs& model,
                          ReadBuffers& buffers, InputBuffer& input, AnswerPlan& plan,
                          OutputMask& wanted) {
  TRY_STATUS(ProtoReader(message, model, buffers, input, plan, wanted).read(head));
  plan.id = head.id;
  plan.has_id = true;
  return {};
}

}  // namespace slipway::protocols::kserve_v2
