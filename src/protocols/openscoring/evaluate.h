// Openscoring's calls, and what their answers share.
#pragma once

#include <string>

#include "protocols/internal/call.h"

namespace slipway::protocols::openscoring {

void evaluate_one(Call& call);    // POST /openscoring/model/{id}
void evaluate_batch(Call& call);  // POST /openscoring/model/{id}/batch
void evaluate_csv(Call& call);    // POST /openscoring/model/{id}/csv

void deploy(Call& call);    // PUT /openscoring/model/{id}
void undeploy(Call& call);  // DELETE /openscoring/model/{id}
void download(Call& call);  // GET /openscoring/model/{id}/pmml

/// "predict", "probability(setosa)", "transform(0)": one for each column of an output.
std::string result_name(const OutputSpec& spec, size_t column);
/// A class as its values are told.
std::string class_text(const LabelTable& table, size_t index);
/// What is answered: the default output, and a classifier's probabilities.
OutputMask shown_outputs(const serving::ServedModel& model);
void plan_outputs(Call& call);
/// What GET and PUT tell of a model.
void append_model(std::string& body, const serving::ServedModel& model, bool with_schema);
/// The header by which Openscoring's clients know it.
void add_application(transport::HttpResponse& response);

}  // namespace slipway::protocols::openscoring
