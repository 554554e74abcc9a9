// The calls that change or describe models, however they come: what REST and gRPC share.
//
//   request --ManagementCall--> check --> call.begin --> ModelControl --> text of the answer
//
// A function gives an error, or the text of its answer, or makes the call a deferred one: then the
// text is in call.plan.id once it is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/internal/model_admin.h"
#include "protocols/torchserve/error.h"
#include "protocols/torchserve/state.h"

namespace slipway::protocols::torchserve {

enum class Access : uint8_t { kRead, kChange };

/// Who may call: with keys whoever brings the management key or the admin token; without, anybody
/// may read, and admins may change.
std::optional<Error> check_management_key(const BaseCall& call, const Caller& caller,
                                          Access access);

struct ListRequest {
  int32_t limit = 100;
  int32_t page_token = 0;
};
std::optional<Error> list_models(const BaseCall& call, const ListRequest& request,
                                 std::string& text);

/// `version`: empty, a version, or "all". `customized`: with the model's inputs and outputs.
std::optional<Error> describe_model(BaseCall& call, std::string_view name, std::string_view version,
                                    bool customized, std::string& text);

struct RegisterRequest {
  std::string url;
  std::string model_name;
  std::string runtime;
  int32_t batch_size = 1;
  int32_t max_batch_delay = 100;
  int32_t initial_workers = 0;
  int32_t response_timeout = 120;
  int32_t startup_timeout = 120;
  bool synchronous = true;
};
/// Deferred. call.plan.columnar: it goes on in the background (202).
std::optional<Error> register_model(BaseCall& call, RegisterRequest request);

struct ScaleRequest {
  std::string name;
  std::string version;  // empty: the default one
  int32_t min_workers = 1;
  int32_t max_workers = 1;
  bool synchronous = false;
};
std::optional<Error> scale_workers(BaseCall& call, const ScaleRequest& request, std::string& text);

/// Deferred.
std::optional<Error> set_default(BaseCall& call, std::string_view name, std::string_view version);
/// Deferred.
std::optional<Error> unregister_model(BaseCall& call, std::string_view name,
                                      std::string_view version);

}  // namespace slipway::protocols::torchserve
