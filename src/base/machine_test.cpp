#include "base/machine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace slipway {
namespace {

class MachineTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ =
        std::filesystem::path(testing::TempDir()) /
        ("machine_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  std::filesystem::path root_;
};

TEST_F(MachineTest, ReadsQuotasOfGroupV2) {
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("250000 100000\n"), 2.5);
  EXPECT_EQ(parse_cpu_max("0 100000"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("100000 0"), std::nullopt);
  EXPECT_EQ(parse_cpu_max(""), std::nullopt);
  EXPECT_EQ(parse_cpu_max("x y"), std::nullopt);
}

TEST_F(MachineTest, ReadsMemoryLimitsAndTheirUnlimited) {
  EXPECT_EQ(parse_memory_max("536870912\n"), 536870912U);
  EXPECT_EQ(parse_memory_max("max\n"), std::nullopt);
  EXPECT_EQ(parse_memory_max("9223372036854771712\n"), std::nullopt);
  EXPECT_EQ(parse_memory_max("-1"), std::nullopt);
  EXPECT_EQ(parse_memory_max("99999999999999999999999"), std::nullopt);
}

TEST_F(MachineTest, FindsTheGroupOfAController) {
  const std::string v1 = "5:cpu,cpuacct:/docker/abc\n4:memory:/mem\n0::/v2/path\n";
  EXPECT_EQ(parse_cgroup_path(v1, "cpu"), "/docker/abc");
  EXPECT_EQ(parse_cgroup_path(v1, "cpuacct"), "/docker/abc");
  EXPECT_EQ(parse_cgroup_path(v1, "memory"), "/mem");
  EXPECT_EQ(parse_cgroup_path(v1, ""), "/v2/path");
  EXPECT_EQ(parse_cgroup_path(v1, "pids"), std::nullopt);
  EXPECT_EQ(parse_cgroup_path("0::/../../outside\n", ""), std::nullopt);
  EXPECT_EQ(parse_cgroup_path("nonsense", ""), std::nullopt);
}

TEST_F(MachineTest, TakesTheSmallestLimitOfAllLevels) {
  write("proc/self/cgroup", "0::/pods/pod1/box\n");
  write("sys/fs/cgroup/pods/pod1/box/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/pods/pod1/cpu.max", "150000 100000\n");
  write("sys/fs/cgroup/pods/cpu.max", "400000 100000\n");
  write("sys/fs/cgroup/pods/pod1/box/memory.max", "2097152\n");
  write("sys/fs/cgroup/pods/memory.max", "1048576\n");
  const Machine machine = detect_machine(root_.string());
  EXPECT_EQ(machine.cpu_quota, 1.5);
  EXPECT_EQ(machine.memory_bytes_max, 1048576U);
}

TEST_F(MachineTest, ReadsTheRootWhenTheGroupHasItsOwnNamespace) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  const Machine machine = detect_machine(root_.string());
  EXPECT_EQ(machine.cpu_quota, 0.5);
  EXPECT_EQ(machine.cpus(), 1U);
}

TEST_F(MachineTest, ReadsVersionOneControllers) {
  write("proc/self/cgroup", "3:cpu,cpuacct:/a\n2:memory:/b\n");
  write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000\n");
  write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/memory/b/memory.limit_in_bytes", "4194304\n");
  const Machine machine = detect_machine(root_.string());
  EXPECT_EQ(machine.cpu_quota, 3.0);
  EXPECT_EQ(machine.memory_bytes_max, 4194304U);
}

TEST_F(MachineTest, HasNoQuotaWithoutGroups) {
  const Machine machine = detect_machine(root_.string());
  EXPECT_EQ(machine.cpu_quota, 0);
  EXPECT_GE(machine.cpus_usable, 1U);
  EXPECT_EQ(machine.cpus(), machine.cpus_usable);
  EXPECT_GT(machine.memory_bytes_max, 0U);
}

TEST_F(MachineTest, RoundsTheQuotaUpAndNeverAboveTheAffinity) {
  EXPECT_EQ((Machine{8, 2.5, 0}.cpus()), 3U);
  EXPECT_EQ((Machine{2, 2.5, 0}.cpus()), 2U);
  EXPECT_EQ((Machine{8, 1e300, 0}.cpus()), 8U);
  EXPECT_EQ((Machine{4, 2.5, 2ULL << 30}.to_string()),
            "4 CPUs usable (affinity), quota 2.50 CPUs, memory 2048 MiB");
}

}  // namespace
}  // namespace slipway
