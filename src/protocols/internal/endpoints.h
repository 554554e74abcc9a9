// The handlers of all routes. Each protocol defines its own; routes.cpp lists them in one table.
#pragma once

namespace slipway::protocols {

struct Call;

void simple_predict(Call& call);        // POST /predict
void simple_predict_model(Call& call);  // POST /models/{model}/predict

void v2_server_metadata(Call& call);
void v2_live(Call& call);
void v2_ready(Call& call);
void v2_models(Call& call);
void v2_model_metadata(Call& call);
void v2_model_ready(Call& call);
void v2_infer(Call& call);
void v2_repository_index(Call& call);
void v2_repository_load(Call& call);
void v2_repository_unload(Call& call);

void landing_page(Call& call);
void models_list(Call& call);
void model_openapi(Call& call);
void metrics_text(Call& call);

}  // namespace slipway::protocols
