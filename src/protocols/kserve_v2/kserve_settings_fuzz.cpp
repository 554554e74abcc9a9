// Arbitrary bytes as the bodies of KServe v2's calls that are no inference: settings of traces and
// of the log, loads with a configuration and files, regions of shared memory; and generate's. The
// first byte chooses the call; the answer must be one that the protocol has.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "protocols/grpc_fakes_test.h"
#include "protocols/kserve_v2/fake_control_test.h"
#include "protocols/service_harness_test.h"

namespace {

using namespace slipway;             // NOLINT(google-build-using-namespace)
using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)

constexpr std::array<std::string_view, 10> kPaths = {"/v2/trace/setting",
                                                     "/v2/models/named/trace/setting",
                                                     "/v2/logging",
                                                     "/v2/repository/models/named/load",
                                                     "/v2/repository/models/new/unload",
                                                     "/v2/repository/index",
                                                     "/v2/systemsharedmemory/region/r/register",
                                                     "/v2/models/named/generate",
                                                     "/v2/models/unnamed/generate_stream",
                                                     "/v2/models/records/generate"};
constexpr std::array<std::string_view, 6> kMethods = {
    "/inference.GRPCInferenceService/TraceSetting",
    "/inference.GRPCInferenceService/LogSettings",
    "/inference.GRPCInferenceService/RepositoryModelLoad",
    "/inference.GRPCInferenceService/RepositoryModelUnload",
    "/inference.GRPCInferenceService/RepositoryIndex",
    "/inference.GRPCInferenceService/SystemSharedMemoryRegister"};

/// A service with its models, whose admin listener takes every call.
class Target {
 public:
  Target() : metrics_(1) {
    quiet_.info = quiet_.warning = quiet_.error = false;
    ServiceOptions options;
    options.shared_memory = true;
    service_ = HttpService::create(options, nullptr, metrics_);
    service_->set_control(&control_);
    std::vector<std::shared_ptr<const serving::ServedModel>> models;
    const auto add = [&](const char* name, std::shared_ptr<const Executable> executable) {
      models.push_back(serving::make_served_model(
          name, "1", name, serving::loaded_model(std::move(executable)), metrics_));
    };
    add("named", serving::mixed_executable());
    add("unnamed", serving::iris_executable(false));
    add("records", serving::records_executable());
    http_ = &service_->admin_handler(true);
    rpc_ = &service_->admin_grpc_handler();
    const auto set = std::make_shared<serving::ModelSet>(
        std::move(models), std::vector<serving::ModelStatus>(), serving::ModelSet::Settings());
    // The admin listener's loop is the one behind the others.
    for (uint32_t loop = 0; loop < 2; ++loop) service_->set_models(loop, set);
  }

  void ask(std::string_view path, std::string_view body) {
    exchange_.prepare(transport::HttpMethod::kPost, path, body);
    http_->handle(exchange_);
    exchange_.wait();
    const int status = exchange_.response().status;
    CHECK(status == 200 || (status >= 400 && status < 504 && !exchange_.response().body.empty()));
  }
  void call(std::string_view path, std::string_view message) {
    rpc_exchange_.prepare(path, std::string(message));
    rpc_->handle(rpc_exchange_);
    rpc_exchange_.wait();
    const Status& status = rpc_exchange_.answer().status;
    CHECK(status.ok() || !status.message().empty());
  }
  /// What a call has set does not reach the next one.
  void reset() {
    set_log_settings(quiet_);
    control_.calls.clear();
    exchange_.prepare(transport::HttpMethod::kPost, "/v2/systemsharedmemory/unregister", {});
    http_->handle(exchange_);
  }

 private:
  LogSettings quiet_;
  serving::ServingMetrics metrics_;
  FakeControl control_;
  std::unique_ptr<HttpService> service_;
  transport::HttpHandler* http_ = nullptr;
  transport::GrpcHandler* rpc_ = nullptr;
  FakeExchange exchange_;
  FakeGrpcExchange rpc_exchange_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Target target;
  if (size == 0) return 0;
  target.reset();
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t choice = data[0] % (kPaths.size() + kMethods.size());
  if (choice < kPaths.size()) {
    target.ask(kPaths[choice], body);
  } else {
    target.call(kMethods[choice - kPaths.size()], body);
  }
  return 0;
}
