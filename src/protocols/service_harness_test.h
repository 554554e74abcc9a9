// A service with small models and exchanges that need no socket, for the tests of all protocols.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "protocols/service.h"
#include "serving/models_test.h"
#include "serving/serving_metrics.h"

namespace slipway::protocols {

/// What the transport does, without it.
class FakeExchange final : public transport::HttpExchange {
 public:
  const transport::HttpRequest& request() const override { return request_; }
  transport::HttpResponse& response() override { return response_; }
  bool cancelled() const override { return cancelled_; }
  void cancel() { cancelled_ = true; }
  std::function<void()> defer() override {
    deferred_ = true;
    return [this] {
      completed_ = true;
      completed_.notify_one();
    };
  }

  std::function<void()> waker() override {
    return [] {};
  }

  void prepare(transport::HttpMethod method, std::string_view target, std::string_view body,
               std::span<const transport::HttpHeader> headers = {}) {
    const size_t mark = target.find('?');
    request_.method = method;
    request_.path = target.substr(0, mark);
    request_.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    request_.body = body;
    request_.headers = headers;
    request_.received = std::chrono::steady_clock::now();
    response_.clear();
    deferred_ = false;
    completed_ = false;
  }
  void set_listener(uint32_t listener) { request_.listener = listener; }
  void wait() {
    if (deferred_) completed_.wait(false);
  }
  bool deferred() const { return deferred_; }
  std::string_view answered_header(std::string_view name) const {
    for (const auto& [key, value] : response_.headers) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  transport::HttpRequest request_;
  transport::HttpResponse response_;
  bool deferred_ = false;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> completed_{false};
};

class ServiceHarness : public testing::Test {
 protected:
  using Models = std::vector<std::pair<std::string, std::shared_ptr<const Executable>>>;

  ServiceHarness() { start({}, nullptr); }

  void start(const ServiceOptions& options, std::shared_ptr<serving::InferencePool> pool) {
    service_.reset();
    metrics_ = std::make_unique<serving::ServingMetrics>(1);
    service_ = HttpService::create(options, std::move(pool), *metrics_);
  }
  void serve(const Models& models, std::vector<serving::ModelStatus> failed = {},
             const std::string& default_model = "") {
    std::vector<std::shared_ptr<const serving::ServedModel>> served;
    for (const auto& [name, executable] : models) {
      served.push_back(serving::make_served_model(name, "1", name + ".joblib",
                                                  serving::loaded_model(executable), *metrics_));
      failed.push_back({name, "1", name + ".joblib", {}, serving::VersionState::kAvailable, ""});
    }
    serving::ModelSet::Settings settings;
    settings.default_model = default_model;
    service_->set_models(0, std::make_shared<serving::ModelSet>(
                                std::move(served), std::move(failed), std::move(settings)));
  }
  void serve_iris() { serve({{"iris", serving::iris_executable()}}); }

  const std::string& ask(transport::HttpMethod method, std::string_view target,
                         std::string_view body = {},
                         std::span<const transport::HttpHeader> headers = {}) {
    exchange_.prepare(method, target, body, headers);
    service_->handle(exchange_);
    exchange_.wait();
    return exchange_.response().body;
  }
  const std::string& get(std::string_view target) {
    return ask(transport::HttpMethod::kGet, target);
  }
  const std::string& post(std::string_view target, std::string_view body,
                          std::span<const transport::HttpHeader> headers = {}) {
    return ask(transport::HttpMethod::kPost, target, body, headers);
  }
  int status() { return exchange_.response().status; }

  std::unique_ptr<serving::ServingMetrics> metrics_;
  std::unique_ptr<HttpService> service_;
  FakeExchange exchange_;
};

}  // namespace slipway::protocols
