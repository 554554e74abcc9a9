#include "lifecycle/model_list.h"

#include <gtest/gtest.h>

namespace slipway::lifecycle {
namespace {

using Kind = serving::VersionPolicy::Kind;

std::string error_of(const std::string& text) {
  const auto models = parse_model_list("models.yaml", text);
  return models.ok() ? "" : models.status().message();
}

TEST(ModelList, ReadsEveryKey) {
  const auto models = parse_model_list("/etc/slipway/models.yaml", R"(models:
  - name: iris
    path: /models/iris
    versions: {latest: 2}
    labels: {stable: 3, canary: 5}
    required: false
  - {name: wine, path: ../wine.joblib, versions: all}
  - {name: oak, path: oak, versions: [3, 5]}
)");
  ASSERT_TRUE(models.ok()) << models.status().message();
  ASSERT_EQ(models->size(), 3U);
  const ListedModel& iris = (*models)[0];
  EXPECT_EQ(iris.name, "iris");
  EXPECT_EQ(iris.path, "/models/iris");
  EXPECT_EQ(iris.policy.kind, Kind::kLatest);
  EXPECT_EQ(iris.policy.latest, 2U);
  EXPECT_EQ(iris.labels,
            (std::vector<std::pair<std::string, uint64_t>>{{"stable", 3}, {"canary", 5}}));
  EXPECT_FALSE(iris.required);
  EXPECT_EQ((*models)[1].path, "/etc/wine.joblib");
  EXPECT_EQ((*models)[1].policy.kind, Kind::kAll);
  EXPECT_TRUE((*models)[1].required);
  EXPECT_EQ((*models)[2].policy.kind, Kind::kSpecific);
  EXPECT_EQ((*models)[2].policy.versions, (std::vector<uint64_t>{3, 5}));
}

TEST(ModelList, ReadsHowAModelsRequestsWait) {
  const auto models = parse_model_list("models.yaml", R"(models:
  - name: forest
    path: forest
    batching: {max_batch_size: 128, max_queue_delay: 2ms, preferred_batch_sizes: [16, 32]}
    queue:
      max: 100
      timeout: 1.5
      priority: 3
  - {name: iris, path: iris, batching: {max_batch_size: 1}}
)");
  ASSERT_TRUE(models.ok()) << models.status().message();
  using std::chrono::microseconds;
  EXPECT_EQ((*models)[0].admission,
            (serving::AdmissionOverrides{.rows_max = 128,
                                         .delay_max = microseconds(2000),
                                         .preferred_rows = std::vector<uint32_t>{16, 32},
                                         .requests_max = 100,
                                         .timeout = microseconds(1'500'000),
                                         .priority = 3}));
  EXPECT_EQ((*models)[1].admission, (serving::AdmissionOverrides{.rows_max = 1}));
  const auto one = [](const std::string& fields) {
    return error_of("models:\n  - name: a\n    path: b\n    " + fields);
  };
  EXPECT_EQ(one("queue: {max: 0}"),
            "models.yaml, line 4: max: expected a number from 1 to 100000000");
  EXPECT_EQ(one("queue: {priority: 11}"),
            "models.yaml, line 4: priority: expected a number from 1 to 10");
  EXPECT_EQ(one("queue: {timeout: soon}"),
            "models.yaml, line 4: timeout: expected a time such as 500us or 2ms");
  for (const char* fields :
       {"queue: 5", "queue: {size: 5}", "queue: {max: [5]}", "queue: {[max]: 5}", "batching: true",
        "batching: {delay: 1ms}", "batching: {max_queue_delay: -1ms}",
        "batching: {preferred_batch_sizes: 4}", "batching: {preferred_batch_sizes: [x]}"}) {
    EXPECT_NE(one(fields), "") << fields;
  }
}

TEST(ModelList, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(error_of("models:\n  - name: iris\n    path: x\n    version: 3\n"),
            "models.yaml, line 4: unknown key 'version'; expected one of name, path, versions, "
            "labels, required, batching, queue, threshold, class_names, outputs, key_fields");
  EXPECT_EQ(error_of("models:\n  - name: iris\n"), "models.yaml, line 2: a model has no path");
  EXPECT_EQ(error_of("models:\n  - path: iris\n"), "models.yaml, line 2: a model has no name");
  EXPECT_EQ(error_of("models:\n  - {name: a, path: b}\n  - {name: a, path: c}\n"),
            "models.yaml, line 3: the name \"a\" is taken by an earlier model");
  for (const char* text :
       {"", "5", "models: 5", "model: []", "models: [5]", "models: [", "models:\n\t- x",
        "models: [{name: a, path: b, versions: 0}]", "models: [{name: a, path: b, versions: []}]",
        "models: [{name: a, path: b, versions: {newest: 2}}]",
        "models: [{name: a, path: b, labels: {3: 4}}]",
        "models: [{name: a, path: b, labels: {stable: x}}]",
        "models: [{name: a, path: b, required: maybe}]", "models: [{name: [a], path: b}]"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(ModelList, ReadsPolicies) {
  EXPECT_EQ(parse_version_policy("latest")->latest, 1U);
  EXPECT_EQ(parse_version_policy("latest:7")->latest, 7U);
  EXPECT_EQ(parse_version_policy("all")->kind, Kind::kAll);
  EXPECT_EQ(parse_version_policy("3,15")->versions, (std::vector<uint64_t>{3, 15}));
  for (const char* text : {"", "latest:", "latest:0", "latest:-1", "newest", "3,", ",3", "03",
                           "latest:99999999999", "1234567890123456789"}) {
    EXPECT_FALSE(parse_version_policy(text).ok()) << text;
  }
}

}  // namespace
}  // namespace slipway::lifecycle
