// Plug-ins: shared libraries beside the program that wrap a large library behind a C ABI, opened on
// first use and never closed. What one of them links is seen by nobody else (RTLD_LOCAL).
//
// Thread rule: thread-safe. The caller keeps what it found (a static Result), so that a plug-in is
// looked for once.
//
//   void* entry = TRY(plugin_symbol("Arrow", "libslipway_arrow.so", "slipway_arrow_plugin"));
#pragma once

#include <string>

#include "base/status.h"

namespace slipway {

/// The address of a plug-in's one symbol. The file is looked for in the folder that
/// SLIPWAY_PLUGIN_DIR names, if it is set, else beside the program and in ../lib/slipway from
/// there. UNIMPLEMENTED says where it was looked for, in the words of what needs it (`title`).
Result<void*> plugin_symbol(const std::string& title, const std::string& file_name,
                            const char* symbol);

/// The error where a plug-in's ABI number is not ours.
Status other_plugin_version(const std::string& title, const std::string& file_name);

}  // namespace slipway
