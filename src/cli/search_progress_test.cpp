#include "cli/search_progress.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

TEST(SearchProgress, TheLineTellsHowFarHowLongAndTheBest) {
  training::SelectionProgress at;
  at.done = 10;
  at.total = 40;
  EXPECT_EQ(progress_line(at, 5, 100), "[======>                 ]  25 %, 10 fits, 15 s left");
  at.best = 0.96666;
  at.best_candidate = "knn n_neighbors=3";
  EXPECT_EQ(
      progress_line(at, 300, 100),
      "[======>                 ]  25 %, 10 fits, 15:00 left, best 0.9667: knn n_neighbors=3");
  EXPECT_EQ(progress_line(at, 300, 30).size(), 30U) << "never wider than the terminal";
}

TEST(SearchProgress, WhatEndsFirstIsWhatIsLeft) {
  training::SelectionProgress at;
  at.done = 10;
  at.seconds_left = 30;
  EXPECT_EQ(progress_line(at, 30, 60), "[============>           ]  50 %, 10 fits, 30 s left");
  at.total = 11;
  EXPECT_EQ(progress_line(at, 30, 60), "[=====================>  ]  91 %, 10 fits, 3 s left");
  at.total = 10'000;
  at.seconds_left = 7200;
  EXPECT_EQ(progress_line(at, 30, 60), "[>                       ]   0 %, 10 fits, 2:00:00 left");
}

}  // namespace
}  // namespace slipway::cli
