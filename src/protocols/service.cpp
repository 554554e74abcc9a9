#include "protocols/service.h"

#include <fmt/format.h>

#include <chrono>
#include <random>

#include "base/check.h"
#include "base/json_escape.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/internal/request_identity.h"
#include "protocols/internal/routes.h"

namespace slipway::protocols {
namespace {

using metrics::MetricType;
using transport::HttpMethod;

constexpr size_t kKeptCells = 256 * 1024;  // larger buffers are given back after their call
constexpr int kStatuses[] = {200, 204, 400, 403, 404, 405, 429, 500, 501, 503, 504};

void answer_unknown_path(Call& call, HttpMethod method, std::string_view path) {
  const std::string allowed = allowed_methods(path);
  transport::HttpResponse& response = call.response();
  if (allowed.empty()) {
    answer_error(call, not_found(fmt::format("there is nothing at {}; the nearest routes are: {}",
                                             path.substr(0, 128), nearest_routes(path))));
    return;
  }
  response.headers.emplace_back("Allow", allowed);
  if (method == HttpMethod::kOptions) {
    response.status = 204;
    return;
  }
  answer_error(call, invalid_argument(fmt::format("{} takes {}, not {}", path.substr(0, 128),
                                                  allowed, http_method_name(method))));
  response.status = 405;
}

class Service final : public HttpService {
 public:
  Service(const ServiceOptions& options, std::shared_ptr<serving::InferencePool> pool,
          serving::ServingMetrics& metrics)
      : access_log_(options.access_log), pool_(std::move(pool)), metrics_(metrics) {
    server_.version = options.version;
    server_.registry = &metrics.registry();
    server_.admin_token = options.admin_token;
    server_.load_timeout = options.load_timeout;
    const uint32_t loops = std::max(options.loops, 1U);
    for (uint32_t i = 0; i <= loops; ++i) {  // the last one is the admin listener's
      loops_.push_back(std::make_unique<LoopState>(server_, options.inference, pool_, i));
    }
    register_metrics(options.version);
  }

  ~Service() override {
    // Both callbacks outlive this object in the registry, which the caller owns.
    metrics_.registry().callback("slipway_inference_queue_length", kQueueHelp, MetricType::kGauge,
                                 {}, [] { return 0.0; });
    set_transport_counters([] { return transport::TransportCounters(); });
  }

  void handle(transport::HttpExchange& exchange) override {
    CHECK(exchange.request().loop + 1 < loops_.size());
    handle_on(*loops_[exchange.request().loop], exchange);
  }
  transport::HttpHandler& admin_handler(bool trusted) override {
    loops_.back()->may_change_models = trusted;
    return admin_;
  }
  void set_control(serving::ModelControl* control) override { server_.control.store(control); }
  void set_models(uint32_t loop, std::shared_ptr<const serving::ModelSet> models) override {
    CHECK(loop < loops_.size());
    loops_[loop]->inference.set_models(std::move(models));
  }
  void set_post(std::function<void(uint32_t, std::function<void()>)> post) override {
    server_.post = std::move(post);
  }
  void set_draining() override { server_.draining.store(true, std::memory_order_relaxed); }
  void set_transport_counters(std::function<transport::TransportCounters()> read) override;

 private:
  /// The handler of the admin listener, which has one loop.
  class AdminHandler final : public transport::HttpHandler {
   public:
    explicit AdminHandler(Service& service) : service_(service) {}
    void handle(transport::HttpExchange& exchange) override {
      service_.handle_on(*service_.loops_.back(), exchange);
    }

   private:
    Service& service_;
  };

  static constexpr std::string_view kQueueHelp = "Requests that wait for an inference thread.";

  void register_metrics(const std::string& version);
  void handle_on(LoopState& loop, transport::HttpExchange& exchange);
  void dispatch(Call& call);
  void identify(Call& call);
  void finish(Call& call, uint32_t shard);
  void log(Call& call, double seconds);
  void settle(LoopState& loop, std::unique_ptr<Call>& call);
  void defer(LoopState& loop, std::unique_ptr<Call> call);
  void wait_for_model(LoopState& loop, std::unique_ptr<Call> owned);
  void resume(const std::shared_ptr<std::unique_ptr<Call>>& waiting, Status status);

  ServerInfo server_;
  AccessLog* access_log_;
  std::shared_ptr<serving::InferencePool> pool_;
  serving::ServingMetrics& metrics_;
  std::vector<std::unique_ptr<LoopState>> loops_;
  std::array<metrics::Counter*, std::size(kStatuses)> responses_{};
  metrics::Counter* other_responses_ = nullptr;
  AdminHandler admin_{*this};
};

void Service::register_metrics(const std::string& version) {
  metrics::Registry& registry = metrics_.registry();
  registry.gauge("slipway_build_info", "The version of Slipway: always 1.", {{"version", version}})
      .set(1);
  const auto responses = [&](std::string code) -> metrics::Counter* {
    return &registry.counter("slipway_http_responses_total",
                             "Answers of all routes, by HTTP status.", {{"code", std::move(code)}});
  };
  for (size_t i = 0; i < responses_.size(); ++i) {
    responses_[i] = responses(std::to_string(kStatuses[i]));
  }
  other_responses_ = responses("other");
  registry.callback("slipway_inference_queue_length", kQueueHelp, MetricType::kGauge, {},
                    [pool = pool_.get()] {
                      return pool == nullptr ? 0.0 : static_cast<double>(queue_length(*pool));
                    });
  set_transport_counters([] { return transport::TransportCounters(); });
}

void Service::set_transport_counters(std::function<transport::TransportCounters()> read) {
  struct Entry {
    std::string_view name;
    std::string_view help;
    MetricType type;
    uint64_t transport::TransportCounters::*member;
  };
  using Counters = transport::TransportCounters;
  static constexpr Entry kEntries[] = {
      {"slipway_connections_accepted_total", "Connections accepted.", MetricType::kCounter,
       &Counters::connections_accepted},
      {"slipway_connections_open", "Connections open now.", MetricType::kGauge,
       &Counters::connections_open},
      {"slipway_connections_refused_total", "Connections over the limit, answered 503.",
       MetricType::kCounter, &Counters::connections_refused},
      {"slipway_transport_requests_total", "HTTP requests read whole.", MetricType::kCounter,
       &Counters::requests},
      {"slipway_transport_protocol_errors_total",
       "Requests that the transport itself answered 4xx, or cut.", MetricType::kCounter,
       &Counters::protocol_errors},
      {"slipway_transport_timeouts_total", "Connections ended by a timeout.", MetricType::kCounter,
       &Counters::timeouts},
      {"slipway_received_bytes_total", "Bytes received.", MetricType::kCounter,
       &Counters::bytes_received},
      {"slipway_sent_bytes_total", "Bytes sent.", MetricType::kCounter, &Counters::bytes_sent},
  };
  for (const Entry& entry : kEntries) {
    metrics_.registry().callback(
        entry.name, entry.help, entry.type, {},
        [read, member = entry.member] { return static_cast<double>(read().*member); });
  }
}

void Service::identify(Call& call) {
  const transport::HttpRequest& request = call.request();
  call.request_id = usable_request_id(request.header("x-request-id"));
  if (call.request_id.empty()) {
    call.request_id = make_request_id(call.loop->next_id++, call.id_storage);
  }
  call.response().headers.emplace_back("X-Request-Id", call.request_id);
  call.traceparent = request.header("traceparent");
  call.trace_id = trace_id_of(call.traceparent);
  if (!call.trace_id.empty()) {
    call.response().headers.emplace_back("traceparent", call.traceparent);
  }
}

void Service::dispatch(Call& call) {
  const transport::HttpRequest& request = call.request();
  RouteSegments segments;
  const Route* route = find_route(request.method, request.path, segments);
  if (route == nullptr) return answer_unknown_path(call, request.method, request.path);
  for (size_t i = 0; i < segments.size(); ++i) {
    call.parameters[i] = {};
    if (segments[i].empty()) continue;
    if (!decode_segment(segments[i], call.decoded[i], call.parameters[i])) {
      return answer_error(call, invalid_argument("the path has a broken %-escape"));
    }
  }
  route->handle(call);
}

void Service::handle_on(LoopState& loop, transport::HttpExchange& exchange) {
  Call& call = *loop.call;
  call.exchange = &exchange;
  call.infer.model = nullptr;
  call.result.queue_seconds = 0;  // a refused request must not show the last one's
  call.result.compute_seconds = 0;
  call.error = Status();
  call.deferred = false;
  call.needs_model = false;
  call.gave_up = false;
  call.waits_until = SteadyTime::max();
  call.begin = nullptr;
  identify(call);
  try {
    dispatch(call);
  } catch (const std::bad_alloc&) {
    answer_error(call, resource_exhausted("not enough memory for this request"));
  }
  settle(loop, loop.call);
  if (loop.call == nullptr) {
    loop.call = std::make_unique<Call>();
    loop.call->loop = &loop;
  }
}

/// After dispatch: finishes the call, or hands it on, and then `call` is null.
void Service::settle(LoopState& loop, std::unique_ptr<Call>& call) {
  if (call->deferred) return defer(loop, std::move(call));
  if (call->needs_model) return wait_for_model(loop, std::move(call));
  finish(*call, loop.index);
  if (call->infer.input.rows() * call->infer.input.columns() > kKeptCells) call.reset();
}

/// Hands the call to the pool. The completion may come before this returns, so nothing of the call
/// is touched afterwards.
void Service::defer(LoopState& loop, std::unique_ptr<Call> handed) {
  Call* call = handed.release();
  call->infer.models = loop.inference.models();  // keeps the model until the answer is out
  if (!call->complete) call->complete = call->exchange->defer();
  const auto done = [this, call] {
    const std::unique_ptr<Call> owned(call);
    if (call->result.status.ok()) {
      try {
        call->write(*call);
      } catch (const std::bad_alloc&) {
        answer_error(*call, resource_exhausted("not enough memory for this answer"));
      }
    } else {
      answer_error(*call, std::move(call->result.status));
    }
    finish(*call, metrics::kSharedShard);
    const std::function<void()> complete = std::move(call->complete);
    complete();
  };
  if (call->begin == nullptr) return loop.inference.infer_in_pool(call->infer, call->result, done);
  call->begin(*call, [call, done](Status status) {
    call->result.status = std::move(status);
    done();
  });
}

/// Has the model loaded, and the call asked again on its loop once it is there. The task may never
/// run if the server stops meanwhile: the call then ends with it.
void Service::wait_for_model(LoopState& loop, std::unique_ptr<Call> owned) {
  Call& call = *owned;
  if (!call.complete) call.complete = call.exchange->defer();
  if (call.waits_until == SteadyTime::max()) {
    call.waits_until = call.request().received + server_.load_timeout;
  }
  const auto waiting = std::make_shared<std::unique_ptr<Call>>(std::move(owned));
  server_.control.load()->demand(
      call.wanted_model, call.waits_until, [this, index = loop.index, waiting](Status status) {
        server_.post(index, [this, waiting, status] { resume(waiting, status); });
      });
}

void Service::resume(const std::shared_ptr<std::unique_ptr<Call>>& waiting, Status status) {
  std::unique_ptr<Call> call = std::move(*waiting);
  LoopState& loop = *call->loop;
  call->needs_model = false;
  call->gave_up = !status.ok();
  call->error = Status();
  call->response().status = 200;
  call->response().body.clear();
  if (status.code() == StatusCode::kDeadlineExceeded ||
      status.code() == StatusCode::kResourceExhausted) {
    answer_error(*call, std::move(status));
  } else {
    try {
      dispatch(*call);
    } catch (const std::bad_alloc&) {
      answer_error(*call, resource_exhausted("not enough memory for this request"));
    }
  }
  const std::function<void()> complete = call->complete;
  const bool finished = !call->deferred && !call->needs_model;
  settle(loop, call);
  if (finished) complete();
}

void Service::finish(Call& call, uint32_t shard) {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - call.request().received)
          .count();
  const int status = call.response().status;
  metrics::Counter* counter = other_responses_;
  for (size_t i = 0; i < responses_.size(); ++i) {
    if (kStatuses[i] == status) {
      counter = responses_[i];
      break;
    }
  }
  counter->add(shard);
  if (call.infer.model != nullptr && call.infer.model->metrics != nullptr) {
    call.infer.model->metrics->record_answer(shard, call.error.code(), seconds);
  }
  if (access_log_ != nullptr) log(call, seconds);
}

void Service::log(Call& call, double seconds) {
  AccessRecord record{};
  record.request = &call.request();
  record.status = call.response().status;
  record.response_bytes = call.response().body.size();
  record.request_id = call.request_id;
  record.trace_id = call.trace_id;
  if (const serving::ServedModel* model = call.infer.model; model != nullptr) {
    record.model = model->name;
    record.version = model->version;
    record.digest = model->loaded.digest;
    record.rows = call.infer.input.rows();
    record.queue_seconds = call.result.queue_seconds;
    record.compute_seconds = call.result.compute_seconds;
  }
  record.error = call.error.message();
  record.seconds = seconds;
  access_log_->write(record);
}

}  // namespace

void AnswerPlan::clear() {
  outputs.clear();
  id.clear();
  has_id = false;
  single = false;
  probabilities = false;
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

Result<const serving::ModelSet*> models_of(const Call& call) {
  const auto& models = call.loop->inference.models();
  if (models == nullptr) return unavailable("the models are still loading");
  return models.get();
}

namespace {

Status wait_if_resting(Call& call, const serving::ModelSet& models, std::string_view name,
                       Status status) {
  const ServerInfo& server = call.loop->server;
  call.needs_model =
      !call.gave_up && server.post && server.control.load() != nullptr && models.on_demand(name);
  if (call.needs_model) call.wanted_model = name.empty() ? models.default_name() : name;
  return status;
}

}  // namespace

Status choose_model(Call& call, std::string_view name, std::string_view version) {
  const serving::ModelSet* models = TRY(models_of(call));
  Result<const serving::ServedModel*> found =
      name.empty() ? models->default_model() : models->find(name, version);
  if (!found.ok()) return wait_if_resting(call, *models, name, std::move(found).status());
  call.infer.model = *found;
  return {};
}

void run_inference(Call& call, void (*write)(Call&)) {
  serving::Inference& inference = call.loop->inference;
  if (!inference.is_inline(call.infer)) {
    call.write = write;
    call.deferred = true;
    return;
  }
  inference.infer(call.infer, call.result);
  if (!call.result.status.ok()) return answer_error(call, std::move(call.result.status));
  write(call);
}

void answer_error(Call& call, Status status) {
  transport::HttpResponse& response = call.response();
  response.status = http_status(status.code());
  response.content_type = "application/json";
  response.body = "{\"error\":";
  append_json_string(response.body, status.message());
  response.body.push_back('}');
  call.error = std::move(status);
}

void answer_json(Call& call, int status, std::string_view body) {
  call.response().status = status;
  call.response().body = body;
}

std::unique_ptr<HttpService> HttpService::create(const ServiceOptions& options,
                                                 std::shared_ptr<serving::InferencePool> pool,
                                                 serving::ServingMetrics& metrics) {
  return std::make_unique<Service>(options, std::move(pool), metrics);
}

}  // namespace slipway::protocols
