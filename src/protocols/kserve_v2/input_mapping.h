// From the tensors of a request to the cells of the model's rows, and from the names of outputs to
// what the model computes: the same for JSON, binary and protobuf.
//
//   tensors (name, type, shape) --InputMapping::assign--> InputBuffer with room --place_of--> data
//
// The tensors are proven against the model before memory is taken, and it is only taken for what
// the request can hold. A Tensor's data is then read by tensor_data.h.
//
// Ownership: both only point. Thread rule: single-sequence, one per request.
//
//   InputMapping mapping(model, buffers, input);
//   TRY_STATUS(mapping.assign(tensors, body.size()));
//   for (const Tensor& tensor : tensors) {
//     if (!mapping.is_passed_over(tensor)) TRY_STATUS(read(tensor, mapping.place_of(tensor)));
//   }
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/tensor_data.h"

namespace slipway::protocols::kserve_v2 {

/// What a request is read against.
struct ModelInputs {
  const Signature& signature;
  const std::unordered_map<std::string_view, uint32_t>& column_places;  // may be empty
  const SharedMemory* shared = nullptr;                                 // null: there is none
  /// What the operator chose for requests that name no output; none: the model's default.
  std::optional<uint32_t> unnamed_output = std::nullopt;
};
/// Of the model that a call has chosen.
ModelInputs inputs_of(const BaseCall& call);

/// The parameters of a tensor that say where its data lies.
struct SharedPlace {
  std::optional<std::string> region;
  uint64_t offset = 0;
  uint64_t bytes = 0;

  Result<SharedSlice> slice(const ModelInputs& model) const;
};

/// What an output's parameters ask for.
struct OutputForm {
  std::optional<bool> binary;  // nothing if the request does not say it of this output
  uint64_t classes = 0;        // "classification"
  SharedPlace shared;
};

class InputMapping {
 public:
  InputMapping(const ModelInputs& model, ReadBuffers& buffers, InputBuffer& input)
      : signature_(model.signature),
        places_(model.column_places),
        nested_(buffers.nested),
        seen_(buffers.seen),
        input_(input) {}

  /// `bytes`: how large the request is. Each cell takes at least one, so that a shape by itself
  /// takes no memory.
  Status assign(std::span<Tensor> tensors, size_t bytes);
  /// A column that nothing depends on may hold anything.
  bool is_passed_over(const Tensor& tensor) const {
    return !matrix_ && !signature_.columns[tensor.column].is_used;
  }
  Place place_of(const Tensor& tensor);

 private:
  size_t columns() const { return signature_.columns.size(); }
  std::optional<uint32_t> find_column(std::string_view name) const;
  Status assign_columns(std::span<Tensor> tensors);
  Status check_matrix(const Tensor& tensor) const;
  Status check_column(Tensor& tensor, const Tensor& first);

  const Signature& signature_;
  const std::unordered_map<std::string_view, uint32_t>& places_;
  JsonInput& nested_;
  std::vector<uint64_t>& seen_;
  InputBuffer& input_;
  bool matrix_ = false;  // one tensor holds all columns
  ColumnType matrix_type_ = ColumnType::kNumber;
};

/// The outputs that a request asks for, into the AnswerPlan. Clears the plan first.
class OutputChoice {
 public:
  OutputChoice(const ModelInputs& model, AnswerPlan& plan, OutputMask& wanted)
      : model_(model), signature_(model.signature), plan_(plan), wanted_(wanted) {
    plan_.clear();
    wanted_ = 0;
  }
  /// INVALID_ARGUMENT names what there is.
  Result<uint32_t> find(std::string_view name) const;
  Status add(uint32_t index, const OutputForm& form);
  /// The default output if none was asked for; `binary_default` where nothing else was said.
  void finish(bool binary_default);

 private:
  Status check_form(uint32_t index, const OutputForm& form) const;

  const ModelInputs model_;
  const Signature& signature_;
  AnswerPlan& plan_;
  OutputMask& wanted_;
  OutputMask undecided_ = 0;  // outputs that do not say whether they want to be binary
};

/// Bytes of all tensors in shared memory. RESOURCE_EXHAUSTED over what a request may take there.
Result<size_t> shared_bytes_of(std::span<const Tensor> tensors, const ModelInputs& model);
/// Once they are read: no region is kept open, nor much memory.
void release_shared(std::span<Tensor> tensors, std::string& bytes);

/// INVALID_ARGUMENT unless another tensor may follow `count` of them.
Status check_tensor_count(size_t count, const Signature& signature);
/// INVALID_ARGUMENT names the types that there are.
Result<DType> parse_datatype(std::string_view name);

}  // namespace slipway::protocols::kserve_v2
