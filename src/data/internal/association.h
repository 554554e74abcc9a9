// How columns go together: correlations, and what tells the target.
#pragma once

#include <vector>

#include "data/profile.h"

namespace slipway::data {

Correlations correlate(const Frame& frame);
/// Of each column but the target, the strongest first.
std::vector<Association> associate(const Frame& frame, const Column& target);
/// `profile` as far as it is: all but the suspicions.
std::vector<Suspicion> find_suspicions(const Frame& frame, const Profile& profile);

}  // namespace slipway::data
