// Which CPUs a thread may run on: lists as taskset(1) takes them, "0", "0-3", "0,2,8-11".
//
//   const std::vector<uint32_t> cpus = TRY(parse_cpu_list("0-3"));
//   pin_this_thread(cpus[0]);
//
// No state.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway {

/// In ascending order, each once; empty for "". INVALID_ARGUMENT if it is no list.
Result<std::vector<uint32_t>> parse_cpu_list(std::string_view text);
/// INVALID_ARGUMENT names the CPUs that this process must not use.
Status check_cpus_usable(const std::vector<uint32_t>& cpus);
/// The calling thread runs on that CPU only from now on. False if it must not.
bool pin_this_thread(uint32_t cpu);

}  // namespace slipway
