#include "base/cpu_list.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace slipway {
namespace {

using Cpus = std::vector<uint32_t>;

TEST(CpuList, TakesNumbersAndRanges) {
  EXPECT_EQ(*parse_cpu_list(""), Cpus());
  EXPECT_EQ(*parse_cpu_list("3"), Cpus({3}));
  EXPECT_EQ(*parse_cpu_list("8-10,0,2,9"), Cpus({0, 2, 8, 9, 10}));
}

TEST(CpuList, RefusesWhatIsNone) {
  for (const char* text : {",", "1,", "a", "-1", "3-1", "1-", "1-2-3", " 1", "99999", "0x1"}) {
    EXPECT_FALSE(parse_cpu_list(text).ok()) << text;
  }
}

TEST(CpuList, PinsToWhatMayBeUsed) {
  cpu_set_t usable;
  ASSERT_EQ(sched_getaffinity(0, sizeof(usable), &usable), 0);
  uint32_t first = 0;
  while (!CPU_ISSET(first, &usable)) ++first;
  EXPECT_TRUE(check_cpus_usable({first}).ok());
  EXPECT_EQ(check_cpus_usable({first, CPU_SETSIZE - 1}).message(),
            "this process may not use these CPUs: 1023");
  std::thread([first] {
    EXPECT_TRUE(pin_this_thread(first));
    EXPECT_EQ(sched_getcpu(), static_cast<int>(first));
    EXPECT_FALSE(pin_this_thread(CPU_SETSIZE - 1));
  }).join();
}

}  // namespace
}  // namespace slipway
