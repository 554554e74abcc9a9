// TorchServe's metrics API: its own names first, then Slipway's.
#include <algorithm>

#include "metrics/registry.h"
#include "protocols/torchserve/endpoints.h"
#include "protocols/torchserve/error.h"
#include "protocols/torchserve/form.h"
#include "protocols/torchserve/metrics_filter.h"
#include "protocols/torchserve/state.h"

namespace slipway::protocols::torchserve {

void metrics_page(Call& call) {
  const Result<Fields> fields = read_pairs(call.request().query);
  if (!fields.ok()) return answer(call, {ErrorKind::kBadRequest, fields.status().message()});
  std::vector<std::string_view> names;
  for (const Field& field : fields->all) {
    if (field.name == "name[]") names.push_back(field.value);
  }
  std::string text;
  state_of(call).registry().write(text);
  call.loop->server.registry->write(text);
  call.response().content_type = metrics::kTextContentType;
  call.response().body = names.empty() ? std::move(text) : filter_metrics(text, names);
}

}  // namespace slipway::protocols::torchserve
