#include "metrics/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "base/check.h"

namespace slipway::metrics {
namespace {

constexpr double kLatencyBounds[] = {1e-5,   2.5e-5, 5e-5, 1e-4,   2.5e-4, 5e-4, 1e-3,
                                     2.5e-3, 5e-3,   1e-2, 2.5e-2, 5e-2,   0.1,  0.25,
                                     0.5,    1,      2.5,  5,      10};

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "untyped";
}

bool valid_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out.push_back(c);
    }
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char buffer[32];
    out.append(buffer, std::to_chars(buffer, std::end(buffer), value).ptr);
  }
}

void append_integer(std::string& out, int64_t value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

/// name{a="b",...,le="0.1"} and a space; `le` may be empty.
void append_head(std::string& out, std::string_view name, std::string_view suffix,
                 const Labels& labels, std::string_view le) {
  out += name;
  out += suffix;
  if (!labels.empty() || !le.empty()) {
    out.push_back('{');
    bool first = true;
    for (const Label& label : labels) {
      if (!first) out.push_back(',');
      first = false;
      out += label.name;
      out += "=\"";
      append_escaped(out, label.value, true);
      out.push_back('"');
    }
    if (!le.empty()) {
      if (!first) out.push_back(',');
      out += "le=\"";
      out += le;
      out.push_back('"');
    }
    out.push_back('}');
  }
  out.push_back(' ');
}

void append_histogram(std::string& out, std::string_view name, const Labels& labels,
                      const Histogram& histogram) {
  const Histogram::Snapshot snapshot = histogram.snapshot();
  uint64_t cumulative = 0;
  std::string le;
  for (size_t i = 0; i < snapshot.counts.size(); ++i) {
    cumulative += snapshot.counts[i];
    le.clear();
    if (i < histogram.bounds().size()) {
      append_number(le, histogram.bounds()[i]);
    } else {
      le = "+Inf";
    }
    append_head(out, name, "_bucket", labels, le);
    append_integer(out, static_cast<int64_t>(cumulative));
    out.push_back('\n');
  }
  append_head(out, name, "_sum", labels, {});
  append_number(out, snapshot.sum);
  out.push_back('\n');
  append_head(out, name, "_count", labels, {});
  append_integer(out, static_cast<int64_t>(snapshot.total));
  out.push_back('\n');
}

}  // namespace

std::span<const double> latency_bounds() { return kLatencyBounds; }

/// One line (or one set of buckets): exactly one of the pointers is set.
struct Registry::Series {
  Labels labels;
  std::unique_ptr<Counter> counter;
  std::unique_ptr<UpDownCounter> up_down;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;
  std::function<double()> read;
};

struct Registry::Family {
  std::string name;
  std::string help;
  MetricType type;
  std::vector<std::unique_ptr<Series>> series;
};

Registry::Registry(uint32_t loops) : loops_(loops) {}
Registry::~Registry() = default;

Registry::Series& Registry::series(std::string_view name, std::string_view help, MetricType type,
                                   Labels labels) {
  CHECK(valid_name(name));
  for (const Label& label : labels) CHECK(valid_name(label.name));
  auto family = std::ranges::find_if(families_, [&](const auto& f) { return f->name == name; });
  if (family == families_.end()) {
    families_.push_back(
        std::make_unique<Family>(Family{std::string(name), std::string(help), type, {}}));
    family = std::prev(families_.end());
  }
  CHECK((*family)->type == type);
  for (const auto& one : (*family)->series) {
    if (one->labels == labels) return *one;
  }
  auto made = std::make_unique<Series>();
  made->labels = std::move(labels);
  (*family)->series.push_back(std::move(made));
  return *(*family)->series.back();
}

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  const MutexLock lock(mutex_);
  Series& one = series(name, help, MetricType::kCounter, std::move(labels));
  if (one.counter == nullptr) one.counter = std::make_unique<Counter>(loops_);
  return *one.counter;
}

UpDownCounter& Registry::up_down_counter(std::string_view name, std::string_view help,
                                         Labels labels) {
  const MutexLock lock(mutex_);
  Series& one = series(name, help, MetricType::kGauge, std::move(labels));
  if (one.up_down == nullptr) one.up_down = std::make_unique<UpDownCounter>(loops_);
  return *one.up_down;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  const MutexLock lock(mutex_);
  Series& one = series(name, help, MetricType::kGauge, std::move(labels));
  if (one.gauge == nullptr) one.gauge = std::make_unique<Gauge>();
  return *one.gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, Labels labels,
                               std::span<const double> bounds) {
  const MutexLock lock(mutex_);
  Series& one = series(name, help, MetricType::kHistogram, std::move(labels));
  if (one.histogram == nullptr) one.histogram = std::make_unique<Histogram>(loops_, bounds);
  return *one.histogram;
}

void Registry::callback(std::string_view name, std::string_view help, MetricType type,
                        Labels labels, std::function<double()> read) {
  CHECK(type != MetricType::kHistogram);
  const MutexLock lock(mutex_);
  series(name, help, type, std::move(labels)).read = std::move(read);
}

void Registry::remove(std::string_view name, const Labels& labels) {
  const auto carries_all = [&labels](const std::unique_ptr<Series>& one) {
    return std::ranges::all_of(labels, [&one](const Label& label) {
      return std::ranges::find(one->labels, label) != one->labels.end();
    });
  };
  const MutexLock lock(mutex_);
  for (const auto& family : families_) {
    if (name.empty() || family->name == name) std::erase_if(family->series, carries_all);
  }
}

void Registry::write(std::string& out) const {
  const MutexLock lock(mutex_);
  for (const auto& family : families_) {
    out += "# HELP ";
    out += family->name;
    out.push_back(' ');
    append_escaped(out, family->help, false);
    out += "\n# TYPE ";
    out += family->name;
    out.push_back(' ');
    out += type_name(family->type);
    out.push_back('\n');
    for (const auto& one : family->series) {
      if (one->histogram != nullptr) {
        append_histogram(out, family->name, one->labels, *one->histogram);
        continue;
      }
      append_head(out, family->name, {}, one->labels, {});
      if (one->counter != nullptr) {
        append_integer(out, static_cast<int64_t>(one->counter->value()));
      } else if (one->up_down != nullptr) {
        append_integer(out, one->up_down->value());
      } else if (one->gauge != nullptr) {
        append_number(out, one->gauge->value());
      } else {
        append_number(out, one->read());
      }
      out.push_back('\n');
    }
  }
}

std::vector<std::string> Registry::names() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  names.reserve(families_.size());
  for (const auto& family : families_) names.push_back(family->name);
  return names;
}

}  // namespace slipway::metrics
