// Names under which Triton's metrics are known, for dashboards that ask for them.
//
//   ModelMetrics --callbacks in the registry--> nv_inference_count{model="iris",version="1"} 7
//
// They tell what is counted in any case; nothing is counted twice. Thread rule: as Registry.
#pragma once

#include "metrics/registry.h"

namespace slipway::serving {

struct ModelMetrics;

/// The metrics must live until the registry forgets the model's series.
void register_triton_names(metrics::Registry& registry, const ModelMetrics& model);

/// Those of the machine: nv_cpu_memory_...
void register_triton_machine(metrics::Registry& registry);

}  // namespace slipway::serving
