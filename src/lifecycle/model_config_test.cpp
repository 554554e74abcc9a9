#include "lifecycle/model_config.h"

#include <gtest/gtest.h>

namespace slipway::lifecycle {
namespace {

using Kind = serving::VersionPolicy::Kind;

TEST(ModelConfig, ReadsModelsWithPoliciesAndLabels) {
  const std::string text = R"(# models
model_config_list: {
  config: {
    name: "a", base_path: "/models/a", model_platform: "tensorflow",
    model_version_policy: { specific: { versions: 42 versions: 43 } }
    version_labels: { key: "stable" value: 42 } version_labels { key: 'canary' value: 43 }
    logging_config { sampling_config { sampling_rate: 0.1 } }
  }
  config { name: 'b' base_path: 'b' model_version_policy { latest { num_versions: 2 } } }
  config { name: 'c' base_path: 's3://bucket/c' model_version_policy { all {} } }
}
)";
  EXPECT_TRUE(is_model_config(text));
  EXPECT_FALSE(is_model_config("models:\n- name: a"));
  const auto models = parse_model_config("/etc/models.config", text);
  ASSERT_TRUE(models.ok()) << models.status().message();
  ASSERT_EQ(models->size(), 3U);
  const ListedModel& a = models->at(0);
  EXPECT_EQ(a.path, "/models/a");
  EXPECT_EQ(a.policy.kind, Kind::kSpecific);
  EXPECT_EQ(a.policy.versions, (std::vector<uint64_t>{42, 43}));
  ASSERT_EQ(a.labels.size(), 2U);
  EXPECT_EQ(a.labels[1], std::make_pair(std::string("canary"), uint64_t{43}));
  EXPECT_EQ(models->at(1).path, "/etc/b");
  EXPECT_EQ(models->at(1).policy.latest, 2U);
  EXPECT_EQ(models->at(2).policy.kind, Kind::kAll);
}

TEST(ModelConfig, AnEmptyListHasNoModels) {
  const auto models = parse_model_config("x", "model_config_list {}");
  ASSERT_TRUE(models.ok());
  EXPECT_TRUE(models->empty());
}

TEST(ModelConfig, NamesTheLineOfWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"custom_model_config {}", "expected model_config_list"},
      {"model_config_list { config { name: 'a' } }", "no base_path"},
      {"model_config_list { config { base_path: 'a' } }", "no name"},
      {"model_config_list {\nconfig { name: a base_path: 'a' } }", "line 2: name"},
      {"model_config_list { config { name: 'a' base_path: 'a' foo: 1 } }", "unknown field foo"},
      {"model_config_list { config { name: 'a' base_path: 'a' } config { name: 'a' base_path: 'b' "
       "} }",
       "multiple times"},
      {"model_config_list { config { name: 'a' base_path: 'a' model_version_policy { specific {} } "
       "} }",
       "names no versions"},
      {"model_config_list { config { name: 'a' base_path: 'a' version_labels { key: '3' value: 3 } "
       "} }",
       "version_labels"}};
  for (const auto& [text, message] : cases) {
    const auto models = parse_model_config("x", text);
    ASSERT_FALSE(models.ok()) << text;
    EXPECT_NE(models.status().message().find(message), std::string::npos)
        << models.status().message();
  }
}

}  // namespace
}  // namespace slipway::lifecycle
