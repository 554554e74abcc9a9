#include "lifecycle/model_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;

TEST(ModelStore, FindsWhatLiesBelowAndNothingElse) {
  const fs::path base = fs::temp_directory_path() / "slipway_model_store";
  fs::remove_all(base);
  fs::create_directories(base / "store" / "sub");
  std::ofstream(base / "store" / "a.mar") << "a";
  std::ofstream(base / "store" / "sub" / "b.mar") << "b";
  std::ofstream(base / "outside.mar") << "c";
  const std::string store = (base / "store").string();
  const std::string stores[] = {store + "/"};
  const auto find = [&](const std::string& address) {
    const auto found = find_in_stores(stores, address);
    return found.ok() ? *found : found.status().message();
  };
  EXPECT_EQ(find("a.mar"), store + "/a.mar");
  EXPECT_EQ(find("./a.mar"), store + "/a.mar");
  EXPECT_EQ(find("sub/b.mar"), store + "/sub/b.mar");
  EXPECT_EQ(find(store + "/sub/b.mar"), store + "/sub/b.mar");
  EXPECT_EQ(find("file://" + store + "/a.mar"), store + "/a.mar");
  EXPECT_EQ(find("/somewhere/else/a.mar"), store + "/a.mar");  // as TorchServe takes it
  EXPECT_EQ(find("../outside.mar"), "Relative path is not allowed in url: ../outside.mar");
  EXPECT_EQ(find((base / "outside.mar").string()),
            "Model not found at: " + (base / "outside.mar").string());
  for (const std::string& wrong :
       {std::string("/"), std::string("."), std::string("file://"), store, std::string(5000, 'a'),
        std::string("a.mar\0", 6), std::string("nope.mar")}) {
    EXPECT_FALSE(find_in_stores(stores, wrong).ok()) << wrong.substr(0, 60);
  }
  EXPECT_FALSE(find_in_stores({}, "a.mar").ok());
  fs::remove_all(base);
}

}  // namespace
}  // namespace slipway::lifecycle
