// Dialects: what the clients of one system speak, by the names that --compat knows them by.
//
//   --compat=tf-serving,simple --parse_compat--> names --ServiceOptions--> routes of a listener
//
// Each dialect is a folder of its own with its routes and gRPC methods (internal/dialect.h). Of two
// dialects with the same path, the one that stands first in the list owns it: nothing else decides.
//
// Thread rule: plain functions over constant tables.
//
//   std::vector<std::string> names = TRY(parse_compat("kserve-v1,tf-serving", ','));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::protocols {

/// All there are, in the order in which they own paths unless a list says otherwise.
std::vector<std::string_view> dialect_names();

/// Names between separators; "all" means every one. INVALID_ARGUMENT names the known ones if one is
/// unknown, empty or given twice.
Result<std::vector<std::string>> parse_compat(std::string_view list, char separator);

/// The gRPC services of all dialects ("inference.GRPCInferenceService").
std::vector<std::string_view> dialect_services();

}  // namespace slipway::protocols
