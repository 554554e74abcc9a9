// Registry: the named instruments of one server, and their text for Prometheus.
//
//   serving, protocols --counter(name, help, labels)--> Counter&     GET /metrics --write--> text
//
// Ownership: owns all instruments, which live until they are removed or it ends. Thread rule:
// thread-safe; making and writing take a lock, the instruments themselves none. An explicit object,
// passed to who needs it.
//
//   Registry registry(loops);
//   Counter& requests = registry.counter("slipway_requests_total", "Requests.", {{"model", "a"}});
//   std::string text;
//   registry.write(text);
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_annotations.h"
#include "metrics/instruments.h"

namespace slipway::metrics {

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

struct Label {
  std::string name;
  std::string value;
  bool operator==(const Label&) const = default;
};
using Labels = std::vector<Label>;

/// "text/plain; version=0.0.4; charset=utf-8"
inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds for latencies: 10 microseconds to 10 seconds.
std::span<const double> latency_bounds();

class Registry {
 public:
  explicit Registry(uint32_t loops);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  uint32_t loops() const { return loops_; }

  /// The instrument of that name and those labels, made at the first call. A name must always come
  /// with the same type (CHECK).
  Counter& counter(std::string_view name, std::string_view help, Labels labels);
  UpDownCounter& up_down_counter(std::string_view name, std::string_view help, Labels labels);
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels);
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels,
                       std::span<const double> bounds);
  /// A value that is asked for at each scrape; `read` is thread-safe and does not use the registry.
  /// Replaces an earlier one of that name and those labels.
  void callback(std::string_view name, std::string_view help, MetricType type, Labels labels,
                std::function<double()> read);

  /// Drops the series of that family (of every one if the name is empty) that carry all of these
  /// labels. Nobody may use their instruments any more.
  void remove(std::string_view name, const Labels& labels) EXCLUDES(mutex_);

  /// Appends all metrics in Prometheus' text format 0.0.4.
  void write(std::string& out) const EXCLUDES(mutex_);
  /// The names of all families, in order of their first registration.
  std::vector<std::string> names() const EXCLUDES(mutex_);

 private:
  struct Series;
  struct Family;
  Series& series(std::string_view name, std::string_view help, MetricType type, Labels labels)
      REQUIRES(mutex_);

  const uint32_t loops_;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_ GUARDED_BY(mutex_);
};

}  // namespace slipway::metrics
