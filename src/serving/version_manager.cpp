#include "serving/version_manager.h"

#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "serving/version_table.h"

namespace slipway::serving {
namespace {

using Clock = std::chrono::steady_clock;

/// While many models load at start, new snapshots come this far apart.
constexpr std::chrono::milliseconds kPublishPeriod{20};
/// How often it is looked whether the last request of a replaced model is done.
constexpr std::chrono::milliseconds kDrainPeriod{5};
/// Freed memory is given back to the system when so much has gathered, and not more often than
/// that: it takes the allocator's locks.
constexpr uint64_t kTrimBytes = 1 << 20;
constexpr std::chrono::seconds kTrimPeriod{1};

/// Once requests are served, the calling thread gives way to those that answer them.
constexpr int kNiceBesideRequests = 10;
void give_way() { setpriority(PRIO_PROCESS, 0, kNiceBesideRequests); }  // of this thread only

void give_memory_back() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace

class VersionManager::Impl {
 public:
  Impl(Options options, ModelLoader& loader, ServingMetrics& metrics)
      : options_(std::move(options)), loader_(loader), metrics_(metrics), table_(metrics) {
    for (uint32_t i = 0; i < std::max(options_.load_threads, 1U); ++i) {
      load_threads_.emplace_back([this] {
        pthread_setname_np(pthread_self(), "load");
        load_loop();
      });
    }
    retire_thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "retire");
      retire_loop();
    });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    std::vector<Waiter> left;
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
      left = std::move(waiters_);
      waiters_.clear();
    }
    work_.notify_all();
    retired_.notify_all();
    for (std::thread& thread : load_threads_) thread.join();
    retire_thread_.join();
    for (Waiter& waiter : left) waiter.done(unavailable("the server is stopping"));
  }

  void apply(std::vector<ModelSource> sources, std::vector<std::string> errors) EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      table_.set_sources(std::move(sources));
      changed_ = table_.set_errors(std::move(errors)) || changed_;
      applied_ = true;
      plan_all();
      answers = settle();
    }
    send(answers);
  }

  void retry(std::string_view name) EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      for (auto& [model_name, model] : table_.models()) {
        if (!name.empty() && model_name != name) continue;
        for (auto& [number, version] : model.versions) version.failed_stamp.reset();
      }
      plan_all();
      answers = settle();
    }
    send(answers);
  }

  void when_done(const std::string& name, std::function<void(Status)> done) EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      waiters_.push_back({name, std::move(done)});
      answers = settle();
    }
    send(answers);
  }

  std::vector<ModelStatus> statuses() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return table_.statuses();
  }
  std::shared_ptr<const ModelSet> models() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return published_;
  }

 private:
  struct Job {
    std::string name;
    uint64_t version = 0;
  };
  struct Waiter {
    std::string name;
    std::function<void(Status)> done;
  };
  struct Answer {
    std::function<void(Status)> done;
    Status status;
  };
  /// Out of use for new requests; destroyed when the reference here is the last.
  struct Retired {
    std::shared_ptr<const ServedModel> model;
    std::string name;
    uint64_t version = 0;
  };
  using LoadResult = Result<std::shared_ptr<const ServedModel>>;

  static void send(std::vector<Answer>& answers) {
    for (Answer& answer : answers) answer.done(std::move(answer.status));
  }

  void plan_all() REQUIRES(mutex_) {
    std::vector<std::string> names;
    for (const auto& [name, model] : table_.models()) names.push_back(name);
    for (const std::string& name : names) plan(name);
  }

  /// Queues what is to be loaded and takes down what is to go.
  void plan(const std::string& name) REQUIRES(mutex_) {
    const auto model = table_.models().find(name);
    if (model == table_.models().end()) return;
    const VersionPlan plan = table_.plan(model->second);
    for (const uint64_t number : plan.load) {
      VersionEntry& version = model->second.versions.at(number);
      if (version.busy()) continue;
      version.queued = true;
      jobs_.push_back({name, number});
      work_.notify_one();
    }
    for (const uint64_t number : plan.unload) {
      retire(name, number, std::move(model->second.versions.at(number).live));
      live_changed_ = true;
    }
    changed_ = table_.refresh(name) || changed_;
  }

  void retire(const std::string& name, uint64_t number, std::shared_ptr<const ServedModel> model)
      REQUIRES(mutex_) {
    VersionEntry* version = table_.find(name, number);
    if (version != nullptr) ++version->draining;
    retired_models_.push_back({std::move(model), name, number});
    retired_.notify_one();
  }

  /// Publishes if something changed, and gives the callbacks whose time has come.
  std::vector<Answer> settle() REQUIRES(mutex_) {
    if (!started_ && applied_ && !table_.any_pending()) {
      started_ = true;
      live_changed_ = true;
    }
    const bool idle = jobs_.empty() && loads_running_ == 0;
    const bool due = idle || Clock::now() - published_at_ >= kPublishPeriod;
    if ((live_changed_ && started_) || ((live_changed_ || changed_) && due)) publish();
    std::vector<Answer> answers;
    std::erase_if(waiters_, [&](Waiter& waiter) REQUIRES(mutex_) {
      if (waiter.name.empty() ? !started_ : !applied_ || table_.pending(waiter.name)) return false;
      Status status = waiter.name.empty() ? Status() : table_.outcome(waiter.name);
      answers.push_back({std::move(waiter.done), std::move(status)});
      return true;
    });
    return answers;
  }

  void publish() REQUIRES(mutex_) {
    if (published_ != nullptr) retired_sets_.push_back(std::move(published_));
    published_ = table_.make_set(options_.default_model, !started_);
    published_at_ = Clock::now();
    changed_ = false;
    live_changed_ = false;
    if (options_.publish) options_.publish(published_);
    retired_.notify_one();
  }

  void load_loop() {
    bool gives_way = false;
    while (true) {
      Job job;
      VersionSource source;
      bool serving = false;
      {
        const MutexLock lock(mutex_);
        while (jobs_.empty() && !stopping_) work_.wait(mutex_);
        if (stopping_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
        VersionEntry* version = table_.find(job.name, job.version);
        if (version == nullptr) continue;
        version->queued = false;
        version->loading = true;
        source = version->source;
        ++loads_running_;
        serving = started_;
        changed_ = table_.refresh(job.name) || changed_;
      }
      if (serving && !std::exchange(gives_way, true)) give_way();
      LoadResult result = load(job, source);
      std::vector<Answer> answers;
      {
        const MutexLock lock(mutex_);
        --loads_running_;
        freed_bytes_ += source.stamp.size_bytes;  // what reading left behind
        finish(job, source, std::move(result));
        plan(job.name);
        answers = settle();
      }
      retired_.notify_one();
      send(answers);
    }
  }

  LoadResult load(const Job& job, const VersionSource& source) {
    try {
      LoadedModel loaded = TRY(loader_.load(source));
      return make_served_model(job.name, std::to_string(job.version), source.path,
                               std::move(loaded), metrics_);
    } catch (const std::bad_alloc&) {
      return resource_exhausted(fmt::format("not enough memory to load {}", source.path));
    } catch (const std::exception& error) {
      return internal_error(fmt::format("{}: {}", source.path, error.what()));
    }
  }

  void finish(const Job& job, const VersionSource& source, LoadResult result) REQUIRES(mutex_) {
    VersionEntry* version = table_.find(job.name, job.version);
    CHECK(version != nullptr);  // busy ones are never erased
    version->loading = false;
    if (result.status().code() == StatusCode::kAborted) {
      // The file changed under the reading: the next look at it says what it is now.
      if (version->source.stamp == source.stamp) version->source.complete = false;
      log_debug("{}", result.status().message());
      changed_ = true;
      return;
    }
    if (!result.ok()) return finish_failed(job, source, *version, std::move(result).status());
    std::shared_ptr<const ServedModel> model = std::move(result).value();
    version->has_metrics = true;
    model->metrics->loads.add(metrics::kSharedShard);
    for (const std::string& warning : model->loaded.warnings) {
      log_warning("model {}: {}", job.name, warning);
    }
    log_info("model {} version {} loaded from {} in {:.1f} ms", job.name, job.version, source.path,
             model->loaded.load_seconds * 1e3);
    if (version->live != nullptr) retire(job.name, job.version, std::move(version->live));
    version->live = std::move(model);
    version->live_stamp = source.stamp;
    version->failed_stamp.reset();
    live_changed_ = true;
  }

  void finish_failed(const Job& job, const VersionSource& source, VersionEntry& version,
                     Status status) REQUIRES(mutex_) {
    const ModelEntry& model = table_.models().find(job.name)->second;
    if (model.settings.optional && version.live == nullptr) {
      log_info("passed over {}: {}", source.path, status.message());
    } else {
      log_error("model {} version {} could not be loaded{}: {}", job.name, job.version,
                version.live != nullptr ? "; what was loaded before goes on serving" : "",
                status.message());
      version.has_metrics = true;
      metrics_.model(job.name, std::to_string(job.version)).failed_loads.add(metrics::kSharedShard);
    }
    version.failed_stamp = source.stamp;
    version.failure = std::move(status);
    changed_ = true;
  }

  void retire_loop() {
    while (true) {
      std::vector<std::shared_ptr<const ModelSet>> sets;
      std::vector<Retired> models;
      bool trim = false;
      {
        const MutexLock lock(mutex_);
        if (stopping_) return;
        if (!take_unused(sets, models)) {
          trim = wait_for_work();
        }
      }
      if (trim) give_memory_back();
      sets.clear();  // these drop references to models: looked at in the next round
      if (models.empty()) continue;
      for (Retired& retired : models) retired.model.reset();
      std::vector<Answer> answers;
      {
        const MutexLock lock(mutex_);
        for (const Retired& retired : models) end_drain(retired);
        answers = settle();
      }
      send(answers);
    }
  }

  /// Moves out what nobody else refers to. False if there is nothing.
  bool take_unused(std::vector<std::shared_ptr<const ModelSet>>& sets, std::vector<Retired>& models)
      REQUIRES(mutex_) {
    std::erase_if(retired_sets_, [&](std::shared_ptr<const ModelSet>& set) {
      if (set.use_count() != 1) return false;
      sets.push_back(std::move(set));
      return true;
    });
    std::erase_if(retired_models_, [&](Retired& retired) REQUIRES(mutex_) {
      if (retired.model.use_count() != 1) return false;
      freed_bytes_ += retired.model->executable().size_bytes();
      models.push_back(std::move(retired));
      return true;
    });
    return !sets.empty() || !models.empty();
  }

  /// True if it is time to give memory back.
  bool wait_for_work() REQUIRES(mutex_) {
    if (!retired_sets_.empty() || !retired_models_.empty()) {
      retired_.wait_for(mutex_, kDrainPeriod);
      return false;
    }
    if (freed_bytes_ < kTrimBytes) {
      retired_.wait(mutex_);
      return false;
    }
    if (Clock::now() < next_trim_) {
      retired_.wait_until(mutex_, next_trim_);
      return false;
    }
    freed_bytes_ = 0;
    next_trim_ = Clock::now() + kTrimPeriod;
    return true;
  }

  void end_drain(const Retired& retired) REQUIRES(mutex_) {
    VersionEntry* version = table_.find(retired.name, retired.version);
    CHECK(version != nullptr && version->draining > 0);  // draining ones are never erased
    --version->draining;
    changed_ = table_.refresh(retired.name) || changed_;
  }

  const Options options_;
  ModelLoader& loader_;
  ServingMetrics& metrics_;

  mutable Mutex mutex_;
  ConditionVariable work_;
  ConditionVariable retired_;
  VersionTable table_ GUARDED_BY(mutex_);
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  std::vector<Waiter> waiters_ GUARDED_BY(mutex_);
  std::shared_ptr<const ModelSet> published_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const ModelSet>> retired_sets_ GUARDED_BY(mutex_);
  std::vector<Retired> retired_models_ GUARDED_BY(mutex_);
  Clock::time_point published_at_ GUARDED_BY(mutex_);
  Clock::time_point next_trim_ GUARDED_BY(mutex_);
  uint64_t freed_bytes_ GUARDED_BY(mutex_) = 0;
  uint32_t loads_running_ GUARDED_BY(mutex_) = 0;
  bool applied_ GUARDED_BY(mutex_) = false;
  bool started_ GUARDED_BY(mutex_) = false;       // every model was tried once
  bool changed_ GUARDED_BY(mutex_) = false;       // since the last snapshot
  bool live_changed_ GUARDED_BY(mutex_) = false;  // likewise, and requests would see it
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::vector<std::thread> load_threads_;
  std::thread retire_thread_;
};

VersionManager::VersionManager(Options options, ModelLoader& loader, ServingMetrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), loader, metrics)) {}
VersionManager::~VersionManager() = default;

void VersionManager::apply(std::vector<ModelSource> sources, std::vector<std::string> errors) {
  impl_->apply(std::move(sources), std::move(errors));
}
void VersionManager::retry(std::string_view name) { impl_->retry(name); }
void VersionManager::when_done(const std::string& name, std::function<void(Status)> done) {
  impl_->when_done(name, std::move(done));
}
std::vector<ModelStatus> VersionManager::statuses() const { return impl_->statuses(); }
std::shared_ptr<const ModelSet> VersionManager::models() const { return impl_->models(); }

}  // namespace slipway::serving
