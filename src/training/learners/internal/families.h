// The learners of each file.
#pragma once

#include <span>

#include "training/learners/learner.h"

namespace slipway::training {

std::span<const Learner> logistic_family();
std::span<const Learner> linear_family();
std::span<const Learner> bayes_family();
std::span<const Learner> boosting_family();
std::span<const Learner> neighbors_family();
std::span<const Learner> svm_family();
std::span<const Learner> tree_family();

}  // namespace slipway::training
