// Reads the requests of PredictionService and ModelService where they lie, without messages.
//
//   message --read_spec--> which model --read_predict_proto / read_input_proto--> InputBuffer
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/input_mapping.h"
#include "protocols/tf_serving/signature.h"

namespace slipway::protocols::tf_serving {

/// A ModelSpec with what its views point to.
struct ReadSpec {
  ModelSpec spec;
  std::string digits;  // of the version
  bool is_given = false;

  ReadSpec() = default;
  ReadSpec(const ReadSpec&) = delete;
  ReadSpec& operator=(const ReadSpec&) = delete;
};

/// The ModelSpec in the field of this number. INVALID_ARGUMENT if there is none.
Status read_spec(std::string_view message, uint32_t field, ReadSpec& read);

/// The tensors of a PredictRequest, and the outputs that it asks for: all of its signature unless
/// it names some.
Status read_predict_proto(std::string_view message, const kserve_v2::ModelInputs& model,
                          const ModelSpec& spec, ReadBuffers& buffers, InputBuffer& input,
                          AnswerPlan& plan, OutputMask& wanted);

/// The examples of an Input.
Status read_input_proto(std::string_view input, const kserve_v2::ModelInputs& model,
                        ReadBuffers& buffers, InputBuffer& rows);

/// A model's version as Int64Value has it.
uint64_t version_number(std::string_view version);

/// The last bytes field of this number; empty if there is none.
Result<std::string_view> bytes_field(std::string_view message, uint32_t field);

}  // namespace slipway::protocols::tf_serving
