#include "protocols/tf_serving/proto_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "protocols/internal/closest.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/kserve_v2/input_mapping.h"
#include "protocols/tf_serving/example_rows.h"
#include "protocols/tf_serving/tensor_proto.h"

namespace slipway::protocols::tf_serving {
namespace {

constexpr std::string_view kRequest = "the request";
constexpr size_t kNamesShown = 256;

// A value may stand for many: such a tensor may have so many cells whatever its message's size.
constexpr size_t kRepeatedCellsMax = 1U << 20;

Status read_spec_fields(std::string_view message, ReadSpec& read) {
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.kind() != ProtoFields::kBytes) continue;
    switch (fields.number()) {
      case 1: read.spec.name = fields.bytes(); break;
      case 2: {
        int64_t version = 0;  // Int64Value leaves out a zero
        ProtoFields value(fields.bytes());
        while (value.next()) {
          if (value.is(1, ProtoFields::kVarint)) version = static_cast<int64_t>(value.varint());
        }
        TRY_STATUS(value.status(kRequest));
        read.digits = fmt::format("{}", version);
        read.spec.label = {};
        break;
      }
      case 3: read.spec.signature_name = fields.bytes(); break;
      case 4:
        read.spec.label = fields.bytes();
        read.digits.clear();
        break;
      default: break;
    }
  }
  TRY_STATUS(fields.status(kRequest));
  read.spec.version = read.digits;
  TRY_STATUS(check_utf8(read.spec.name, "the model's name"));
  TRY_STATUS(check_utf8(read.spec.label, "the version's label"));
  return check_utf8(read.spec.signature_name, "the signature's name");
}

class PredictReader {
 public:
  PredictReader(const kserve_v2::ModelInputs& model, ReadBuffers& buffers, InputBuffer& input,
                AnswerPlan& plan, OutputMask& wanted)
      : signature_(model.signature),
        buffers_(buffers),
        plan_(plan),
        wanted_(wanted),
        mapping_(model, buffers, input) {}

  Status read(std::string_view message, OutputMask all) {
    wanted_ = 0;
    ProtoFields fields(message);
    while (fields.next()) {
      if (fields.is(2, ProtoFields::kBytes)) TRY_STATUS(read_input(fields.bytes()));
      if (fields.is(3, ProtoFields::kBytes)) TRY_STATUS(read_filter(fields.bytes(), all));
    }
    TRY_STATUS(fields.status(kRequest));
    if (wanted_ == 0) add_outputs(all);
    const std::span<Tensor> tensors = std::span(buffers_.tensors).first(count_);
    TRY_STATUS(check_inputs(tensors));
    const bool is_whole = is_matrix(tensors);
    const size_t columns = std::max<size_t>(signature_.columns.size(), 1);
    const size_t free_bytes = kRepeatedCellsMax / columns * (is_whole ? columns : tensors.size());
    TRY_STATUS(mapping_.assign(tensors, std::max(message.size(), free_bytes)));
    for (const Tensor& tensor : tensors) {
      if (mapping_.is_passed_over(tensor)) continue;
      const kserve_v2::Place place = mapping_.place_of(tensor);
      Status status = read_tensor_data(tensor, place);
      if (status.ok()) continue;
      return std::move(status).with_context("tensor parsing error: " + tensor.name);
    }
    return {};
  }

 private:
  /// An entry of map<string, TensorProto>.
  Status read_input(std::string_view entry) {
    TRY_STATUS(kserve_v2::check_tensor_count(count_, signature_));
    std::string_view name;
    std::string_view tensor;
    ProtoFields fields(entry);
    while (fields.next()) {
      if (fields.is(1, ProtoFields::kBytes)) name = fields.bytes();
      if (fields.is(2, ProtoFields::kBytes)) tensor = fields.bytes();
    }
    TRY_STATUS(fields.status(kRequest));
    TRY_STATUS(check_utf8(name, "an input's name"));
    if (buffers_.tensors.size() == count_) buffers_.tensors.emplace_back();
    return read_tensor_head(tensor, name, buffers_.tensors[count_++]);
  }

  void add_outputs(OutputMask all) {
    for (uint32_t i = 0; i < signature_.outputs.size(); ++i) {
      if ((all >> i & 1U) != 0) plan_.outputs.push_back({i});
    }
    wanted_ = all;
  }

  Status read_filter(std::string_view name, OutputMask all) {
    TRY_STATUS(check_utf8(name, "an output's name"));
    const auto index = signature_.find_output(name);
    if (!index || (all >> *index & 1U) == 0) {
      std::string names;
      for (const OutputSpec& output : signature_.outputs) {
        names += (names.empty() ? "" : ",") + output.name;
      }
      return invalid_argument(
          fmt::format("output tensor alias not found in signature: {} Outputs expected to be in "
                      "the set {{{}}}.",
                      name.substr(0, 128), names));
    }
    const OutputMask bit = OutputMask{1} << *index;
    if ((wanted_ & bit) != 0) {
      return invalid_argument(fmt::format("duplicate output tensor alias: {}", name));
    }
    wanted_ |= bit;
    plan_.outputs.push_back({*index});
    return {};
  }

  /// One tensor that is no column is the whole matrix, whatever it is called.
  bool is_matrix(std::span<const Tensor> tensors) const {
    return tensors.size() == 1 && signature_.uniform_type().has_value() &&
           (takes_matrix(signature_) || !signature_.find_column(tensors[0].name));
  }

  /// All others have their columns' names.
  Status check_inputs(std::span<const Tensor> tensors) const {
    if (is_matrix(tensors)) return {};
    std::string sent;
    std::string extra;
    for (const Tensor& tensor : tensors) {
      add_name(sent, tensor.name);
      if (!signature_.find_column(tensor.name)) add_name(extra, tensor.name);
    }
    std::string expected;
    std::string missing;
    size_t count = 1;
    if (takes_matrix(signature_) && tensors.empty()) {
      expected = missing = kMatrixInput;
    } else {
      count = signature_.columns.size();
      for (const InputColumn& column : signature_.columns) {
        add_name(expected, column.name);
        const bool is_sent = std::ranges::any_of(
            tensors, [&](const Tensor& tensor) { return tensor.name == column.name; });
        if (!is_sent && column.is_used) add_name(missing, column.name);
        if (missing.size() > kNamesShown) break;
      }
    }
    if (extra.empty() && missing.empty()) return {};
    return invalid_argument(
        fmt::format("input size does not match signature: {}!={} len({{{}}}) != len({{{}}}). Sent "
                    "extra: {{{}}}. "
                    "Missing but required: {{{}}}.",
                    tensors.size(), count, sent, expected, extra, missing));
  }

  static void add_name(std::string& names, std::string_view name) {
    if (names.size() > kNamesShown) return;
    names += names.empty() ? "" : ",";
    names += name.substr(0, kNamesShown);
  }

  const Signature& signature_;
  ReadBuffers& buffers_;
  AnswerPlan& plan_;
  OutputMask& wanted_;
  kserve_v2::InputMapping mapping_;
  size_t count_ = 0;
};

/// A Feature: bytes_list, float_list or int64_list.
Status read_feature(std::string_view message, ExampleRows& rows) {
  ProtoFields kinds(message);
  while (kinds.next()) {
    if (kinds.kind() != ProtoFields::kBytes) continue;
    const uint32_t kind = kinds.number();
    ProtoFields values(kinds.bytes());
    while (values.next()) {
      if (values.number() != 1) continue;
      const std::string_view bytes = values.bytes();
      const bool is_packed = values.kind() == ProtoFields::kBytes;
      if (kind == 1 && is_packed) {
        TRY_STATUS(rows.text(bytes));
      } else if (kind == 2 && (is_packed || values.kind() == ProtoFields::kFixed32)) {
        for (size_t at = 0; at + sizeof(float) <= bytes.size(); at += sizeof(float)) {
          float value = 0;
          std::memcpy(&value, bytes.data() + at, sizeof(value));
          TRY_STATUS(rows.number(static_cast<double>(value)));
        }
      } else if (kind == 3 && is_packed) {
        google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                  static_cast<int>(bytes.size()));
        while (static_cast<size_t>(in.CurrentPosition()) < bytes.size()) {
          uint64_t value = 0;
          if (!in.ReadVarint64(&value)) return invalid_argument("a Feature is malformed protobuf");
          TRY_STATUS(rows.number(static_cast<double>(static_cast<int64_t>(value))));
        }
      } else if (kind == 3 && values.kind() == ProtoFields::kVarint) {
        TRY_STATUS(rows.number(static_cast<double>(static_cast<int64_t>(values.varint()))));
      }
    }
    TRY_STATUS(values.status("a Feature"));
  }
  return kinds.status("a Feature");
}

/// An Example: its Features are a map by name.
Status read_example(std::string_view message, ExampleRows& rows) {
  ProtoFields example(message);
  while (example.next()) {
    if (!example.is(1, ProtoFields::kBytes)) continue;
    ProtoFields features(example.bytes());
    while (features.next()) {
      if (!features.is(1, ProtoFields::kBytes)) continue;
      const std::string_view name = TRY(bytes_field(features.bytes(), 1));
      const std::string_view feature = TRY(bytes_field(features.bytes(), 2));
      TRY_STATUS(check_utf8(name, "a feature's name"));
      TRY_STATUS(rows.begin_feature(name));
      TRY_STATUS(read_feature(feature, rows));
      TRY_STATUS(rows.end_feature());
    }
    TRY_STATUS(features.status("an Example"));
  }
  return example.status("an Example");
}

}  // namespace

uint64_t version_number(std::string_view version) {
  uint64_t number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);  // digits, at most 18
  return number;
}

Result<std::string_view> bytes_field(std::string_view message, uint32_t field) {
  std::string_view found;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(field, ProtoFields::kBytes)) found = fields.bytes();
  }
  TRY_STATUS(fields.status(kRequest));
  return found;
}

Status read_spec(std::string_view message, uint32_t field, ReadSpec& read) {
  ProtoFields fields(message);
  while (fields.next()) {
    if (!fields.is(field, ProtoFields::kBytes)) continue;
    read.is_given = true;
    TRY_STATUS(read_spec_fields(fields.bytes(), read));
  }
  TRY_STATUS(fields.status(kRequest));
  return read.is_given ? Status() : invalid_argument("Missing ModelSpec");
}

Status read_predict_proto(std::string_view message, const kserve_v2::ModelInputs& model,
                          const ModelSpec& spec, ReadBuffers& buffers, InputBuffer& input,
                          AnswerPlan& plan, OutputMask& wanted) {
  const auto outputs = find_signature(model.signature, spec.signature_name);
  if (!outputs) {
    return Status(
        StatusCode::kFailedPrecondition,
        fmt::format("Serving signature key \"{}\" not found.", spec.signature_name.substr(0, 128)));
  }
  return PredictReader(model, buffers, input, plan, wanted).read(message, outputs->mask);
}

Status read_input_proto(std::string_view input, const kserve_v2::ModelInputs& model,
                        ReadBuffers& buffers, InputBuffer& rows) {
  std::string_view list;
  uint32_t kind = 0;
  ProtoFields fields(input);
  while (fields.next()) {
    if (fields.kind() != ProtoFields::kBytes || fields.number() > 2) continue;
    kind = fields.number();
    list = fields.bytes();
  }
  TRY_STATUS(fields.status(kRequest));
  ExampleRows reader(model, buffers, rows);
  if (kind == 2) {
    const std::string_view context = TRY(bytes_field(list, 2));
    reader.begin_context();
    TRY_STATUS(read_example(context, reader));
  }
  ProtoFields examples(list);
  while (examples.next()) {
    if (!examples.is(1, ProtoFields::kBytes)) continue;
    TRY_STATUS(reader.begin_example());
    TRY_STATUS(read_example(examples.bytes(), reader));
    TRY_STATUS(reader.finish_example());
  }
  TRY_STATUS(examples.status(kRequest));
  return rows.rows() > 0 ? Status() : invalid_argument("Input is empty.");
}

}  // namespace slipway::protocols::tf_serving
