#include "protocols/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>

#include "base/check.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/call_journal.h"
#include "protocols/internal/dialect.h"
#include "protocols/internal/grpc_service.h"
#include "protocols/internal/routes.h"

namespace slipway::protocols {
namespace {

using metrics::MetricType;
using transport::HttpMethod;

void answer_unknown_path(Call& call, const RouteTable& routes, HttpMethod method,
                         std::string_view path) {
  call.dialect = routes.claimant(path);
  if (call.dialect != nullptr && call.dialect->handle_unknown != nullptr &&
      method != HttpMethod::kOptions) {
    return call.dialect->handle_unknown(call);
  }
  const std::string allowed = routes.allowed_methods(path);
  transport::HttpResponse& response = call.response();
  if (allowed.empty()) {
    answer_error(call, not_found(fmt::format("there is nothing at {}; the nearest routes are: {}",
                                             path.substr(0, 128), routes.nearest(path))));
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

/// The dialects of these names, and behind them those that every list has.
std::vector<const Dialect*> chosen_dialects(const std::vector<std::string>& names) {
  std::vector<const Dialect*> chosen;
  for (const std::string& name : names) {
    const Dialect* dialect = find_dialect(name);
    CHECK(dialect != nullptr);  // parse_compat() knows it
    chosen.push_back(dialect);
  }
  if (names.empty()) chosen.assign(all_dialects().begin(), all_dialects().end());
  if (std::ranges::find(chosen, &kSiteDialect) == chosen.end()) chosen.push_back(&kSiteDialect);
  return chosen;
}

RouteTables make_tables(const ServiceOptions& options) {
  const auto table = [&options](const std::vector<std::string>& names) {
    return RouteTable(chosen_dialects(names), options.aliases);
  };
  RouteTables tables{table(options.compat), {}};
  for (const std::vector<std::string>& names : options.listener_compat) {
    tables.of_listener.push_back(table(names.empty() ? options.compat : names));
  }
  return tables;
}

class Service final : public HttpService {
 public:
  Service(const ServiceOptions& options, std::shared_ptr<serving::InferencePool> pool,
          serving::ServingMetrics& metrics)
      : routes_(make_tables(options)),
        admin_routes_{RouteTable(chosen_dialects(options.compat), options.aliases), {}},
        journal_(metrics, options.access_log),
        pool_(std::move(pool)),
        metrics_(metrics) {
    server_.version = options.version;
    server_.registry = &metrics.registry();
    server_.admin_token = options.admin_token;
    server_.load_timeout = options.load_timeout;
    server_.shared_memory =
        std::make_unique<SharedMemory>(options.shared_memory, options.request_bytes_max);
    server_.torchserve = make_torchserve_state(options, options.loops);
    server_.traces = std::make_unique<TraceLog>(options.trace_folder);
    const uint32_t loops = std::max(options.loops, 1U);
    for (uint32_t i = 0; i <= loops; ++i) {  // the last one is the admin listener's
      loops_.push_back(std::make_unique<LoopState>(server_, options.inference, pool_, i));
    }
    grpc_ = std::make_unique<GrpcService>(std::span(loops_).first(loops), routes_, journal_);
    admin_grpc_ = std::make_unique<GrpcService>(std::span(loops_).last(1), admin_routes_, journal_);
    register_metrics(options.version);
  }

  ~Service() override {
    server_.wait_for_deferred();
    // Both callbacks outlive this object in the registry, which the caller owns.
    metrics_.registry().callback("slipway_inference_queue_length", kQueueHelp, MetricType::kGauge,
                                 {}, [] { return 0.0; });
    set_transport_counters([] { return transport::TransportCounters(); });
  }

  void handle(transport::HttpExchange& exchange) override {
    CHECK(exchange.request().loop + 1 < loops_.size());
    handle_on(*loops_[exchange.request().loop], routes_, exchange);
  }
  transport::HttpHandler& admin_handler(bool trusted) override {
    loops_.back()->may_change_models = trusted;
    return admin_;
  }
  transport::GrpcHandler& grpc_handler() override { return *grpc_; }
  transport::GrpcHandler& admin_grpc_handler() override { return *admin_grpc_; }
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
      service_.handle_on(*service_.loops_.back(), service_.admin_routes_, exchange);
    }

   private:
    Service& service_;
  };

  static constexpr std::string_view kExpectedTimeout = "x-envoy-expected-rq-timeout-ms";
  static constexpr std::string_view kQueueHelp = "Requests that wait for an inference thread.";

  void register_metrics(const std::string& version);
  void handle_on(LoopState& loop, const RouteTables& routes, transport::HttpExchange& exchange);
  void dispatch(Call& call, const RouteTable& routes);
  void dispatch_guarded(Call& call);
  void identify(Call& call);
  void settle(LoopState& loop, std::unique_ptr<Call>& call);
  void defer(std::unique_ptr<Call> call);
  void wait_for_it(LoopState& loop, std::unique_ptr<Call> owned);
  static void add_timing(Call& call);

  const RouteTables routes_;
  const RouteTables admin_routes_;
  ServerInfo server_;
  CallJournal journal_;
  std::shared_ptr<serving::InferencePool> pool_;
  serving::ServingMetrics& metrics_;
  std::vector<std::unique_ptr<LoopState>> loops_;
  AdminHandler admin_{*this};
  std::unique_ptr<GrpcService> grpc_;
  std::unique_ptr<GrpcService> admin_grpc_;
};

void Service::register_metrics(const std::string& version) {
  metrics::Registry& registry = metrics_.registry();
  registry.gauge("slipway_build_info", "The version of Slipway: always 1.", {{"version", version}})
      .set(1);
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
  protocols::identify(call, request.header("x-request-id"), request.header("traceparent"));
  call.response().headers.emplace_back("X-Request-Id", call.request_id);
  if (!call.trace_id.empty()) {
    call.response().headers.emplace_back("traceparent", call.traceparent);
  }
}

void Service::dispatch(Call& call, const RouteTable& routes) {
  const transport::HttpRequest& request = call.request();
  RouteSegments segments;
  const RouteTable::Entry* route = routes.find(request.method, request.path, segments);
  if (route == nullptr) return answer_unknown_path(call, routes, request.method, request.path);
  call.dialect = route->dialect;
  for (size_t i = 0; i < segments.size(); ++i) {
    call.parameters[i] = {};
    if (segments[i].empty()) continue;
    if (!decode_segment(segments[i], call.decoded[i], call.parameters[i])) {
      return answer_error(call, invalid_argument("the path has a broken %-escape"));
    }
  }
  route->handle(call);
}

void Service::dispatch_guarded(Call& call) {
  try {
    dispatch(call, *call.routes);
  } catch (const std::bad_alloc&) {
    answer_error(call, resource_exhausted("not enough memory for this request"));
    call.deferred = false;
  }
}

void Service::handle_on(LoopState& loop, const RouteTables& routes,
                        transport::HttpExchange& exchange) {
  Call& call = *loop.call;
  call.restart();
  call.exchange = &exchange;
  call.routes = &routes.of(exchange.request().listener);
  call.dialect = nullptr;
  identify(call);
  dispatch_guarded(call);
  settle(loop, loop.call);
  if (loop.call == nullptr) {
    loop.call = std::make_unique<Call>();
    loop.call->loop = &loop;
  }
}

/// Where the time went, for those who ask.
void Service::add_timing(Call& call) {
  const transport::HttpRequest& request = call.request();
  if (!wants_timing(request.header(kTimingRequest)) || call.infer.model == nullptr) return;
  call.response().headers.emplace_back(
      "Server-Timing",
      server_timing(request.received, call.result, std::chrono::steady_clock::now()));
}

/// After dispatch: finishes the call, or hands it on, and then `call` is null.
void Service::settle(LoopState& loop, std::unique_ptr<Call>& call) {
  if (call->deferred) return defer(std::move(call));
  if (call->needs_model || call->needs_arrow) return wait_for_it(loop, std::move(call));
  add_timing(*call);
  journal_.answered(*call, loop.index);
  if (is_oversized(*call)) call.reset();
}

/// Hands the call to the pool. The completion may come before this returns, so nothing of the call
/// is touched afterwards.
void Service::defer(std::unique_ptr<Call> handed) {
  Call* call = handed.release();
  transport::HttpExchange& exchange = *call->exchange;
  call->infer.cancelled = [&exchange] { return exchange.cancelled(); };
  apply_timeout_header(exchange.request().header(kExpectedTimeout), exchange.request().received,
                       call->infer);
  if (!call->complete) call->complete = exchange.defer();
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
      std::string seconds = retry_after(call->result);
      if (!seconds.empty()) {
        call->response().headers.emplace_back("Retry-After", std::move(seconds));
      }
    }
    add_timing(*call);
    journal_.answered(*call, metrics::kSharedShard);
    const std::function<void()> complete = std::move(call->complete);
    complete();
  };
  begin_deferred(*call, done);
}

/// Has what the call needs brought, and the call asked again once it is there.
void Service::wait_for_it(LoopState& loop, std::unique_ptr<Call> owned) {
  if (!owned->complete) owned->complete = owned->exchange->defer();
  Call& waiting = *owned;
  const auto kept = std::make_shared<std::unique_ptr<Call>>(std::move(owned));
  demand_model(waiting, waiting.request().received, [this, &loop, kept](Status status) {
    std::unique_ptr<Call> call = std::move(*kept);
    call->response().status = 200;
    call->response().body.clear();
    if (take_demanded(*call, std::move(status))) {
      dispatch_guarded(*call);
    } else {
      answer_error(*call, std::move(call->error));
    }
    const std::function<void()> complete = call->complete;
    const bool finished = !call->deferred && !call->needs_model && !call->needs_arrow;
    settle(loop, call);
    if (finished) complete();
  });
}

}  // namespace

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
  if (call.dialect != nullptr && call.dialect->write_error != nullptr) {
    response.body.clear();
    call.dialect->write_error(response, status);
  } else {
    answer_error(response, status);
  }
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
