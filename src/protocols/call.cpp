#include "protocols/internal/call.h"

#include <algorithm>
#include <random>
#include <utility>

#include "protocols/internal/dialect.h"
#include "protocols/internal/json.h"
#include "protocols/internal/request_identity.h"
#include "rows/arrow_rows.h"

namespace slipway::protocols {
namespace {

constexpr size_t kKeptCells = 256 * 1024;  // larger buffers are given back after their call

/// Counts one deferred call for as long as its callback lives.
class DeferredToken {
 public:
  explicit DeferredToken(std::shared_ptr<std::atomic<uint32_t>> count) : count_(std::move(count)) {
    count_->fetch_add(1);
  }
  DeferredToken(const DeferredToken&) = delete;
  DeferredToken& operator=(const DeferredToken&) = delete;
  ~DeferredToken() {
    count_->fetch_sub(1);
    count_->notify_all();
  }

 private:
  const std::shared_ptr<std::atomic<uint32_t>> count_;
};

}  // namespace

void ServerInfo::wait_for_deferred() const {
  for (uint32_t count = deferred->load(); count != 0; count = deferred->load()) {
    deferred->wait(count);
  }
}

void BaseCall::restart() {
  infer.model = nullptr;
  infer.deadline = SteadyTime::max();
  infer.priority = 0;
  infer.cancelled = nullptr;
  result.queue_seconds = 0;  // a refused request must not show the last one's
  result.batch_seconds = 0;
  result.compute_seconds = 0;
  result.batch_rows = 0;
  result.retry_after_seconds = 0;
  error = Status();
  deferred = false;
  needs_model = false;
  needs_arrow = false;
  gave_up = false;
  waits_until = SteadyTime::max();
  begin = nullptr;
}

void identify(BaseCall& call, std::string_view request_id, std::string_view traceparent) {
  call.request_id = usable_request_id(request_id);
  if (call.request_id.empty()) {
    call.request_id = make_request_id(call.loop->next_id++, call.id_storage);
  }
  call.trace_id = trace_id_of(traceparent);
  call.traceparent = call.trace_id.empty() ? std::string_view() : traceparent;
}

bool is_oversized(const BaseCall& call) {
  return call.infer.input.rows() * call.infer.input.columns() > kKeptCells;
}

void begin_deferred(BaseCall& call, std::function<void()> done) {
  serving::Inference& inference = call.loop->inference;
  call.infer.models = inference.models();  // keeps the model until the answer is out
  auto token = std::make_shared<DeferredToken>(call.loop->server.deferred);
  auto end = [token = std::move(token), done = std::move(done)] { done(); };
  if (!call.begin) return inference.infer_in_pool(call.infer, call.result, std::move(end));
  // Taken out of the call, which may be gone before this returns.
  const auto begin = std::move(call.begin);
  begin([&call, end = std::move(end)](Status status) {
    call.result.status = std::move(status);
    end();
  });
}

void AnswerPlan::clear() {
  outputs.clear();
  id.clear();
  has_id = false;
  single = false;
  probabilities = false;
  columnar = false;
  note.clear();
  urgency = {};
}

LoopState::LoopState(ServerInfo& server_info, const serving::Inference::Options& options,
                     std::shared_ptr<serving::InferencePool> pool, uint32_t loop)
    : server(server_info),
      index(loop),
      inference(options, std::move(pool), loop),
      read(std::make_unique<ReadBuffers>()),
      call(std::make_unique<Call>()),
      // Loops count in ranges of their own, from a place that differs between processes.
      next_id((uint64_t{std::random_device()()} << 24U) + (uint64_t{loop} << 56U)) {
  call->loop = this;
}
LoopState::~LoopState() = default;

Result<const serving::ModelSet*> models_of(const BaseCall& call) {
  const auto& models = call.loop->inference.models();
  if (models == nullptr) return unavailable("the models are still loading");
  return models.get();
}

Status choose_model(BaseCall& call, std::string_view name, std::string_view version) {
  const serving::ModelSet* models = TRY(models_of(call));
  Result<const serving::ServedModel*> found =
      name.empty() ? models->default_model() : models->find(name, version);
  if (found.ok()) {
    call.infer.model = *found;
    const std::vector<std::string>& keys = (*found)->loaded.key_fields;
    call.plan.keys.begin(keys.empty() ? nullptr : &keys);
    call.loop->read->keys = keys.empty() ? nullptr : &call.plan.keys;
    return {};
  }
  const ServerInfo& server = call.loop->server;
  call.needs_model =
      !call.gave_up && server.post && server.control.load() != nullptr && models->on_demand(name);
  if (call.needs_model) call.wanted_model = name.empty() ? models->default_name() : name;
  return std::move(found).status();
}

uint32_t default_output(const Call& call) {
  return call.infer.model->default_output(call.dialect == nullptr ? std::string_view()
                                                                  : call.dialect->name);
}

void demand_model(BaseCall& call, SteadyTime received, std::function<void(Status)> again) {
  const ServerInfo& server = call.loop->server;
  if (call.needs_arrow) {
    auto token = std::make_shared<DeferredToken>(server.deferred);
    return rows::open_arrow_library(
        [&server, index = call.loop->index, token = std::move(token), again = std::move(again)] {
          server.post(index, [again] { again({}); });
        });
  }
  if (call.waits_until == SteadyTime::max()) {
    call.waits_until = std::min(call.infer.deadline, received + server.load_timeout);
  }
  server.control.load()->demand(
      call.wanted_model, call.waits_until,
      [&server, index = call.loop->index, again = std::move(again)](Status status) {
        server.post(index, [again, status = std::move(status)] { again(status); });
      });
}

bool take_demanded(BaseCall& call, Status status) {
  call.needs_model = false;
  call.needs_arrow = false;
  call.gave_up = !status.ok();
  call.error = Status();
  const bool is_final = status.code() == StatusCode::kDeadlineExceeded ||
                        status.code() == StatusCode::kResourceExhausted;
  if (is_final) call.error = std::move(status);
  return !is_final;
}

}  // namespace slipway::protocols
