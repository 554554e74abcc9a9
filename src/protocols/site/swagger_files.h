// Swagger UI's files, from its npm package (CMakeLists.txt), compressed with gzip: embedded by the
// build (cmake/embed_file.cmake).
#pragma once

#include <string_view>

namespace slipway::protocols::site {

std::string_view swagger_bundle_js();
std::string_view swagger_css();
std::string_view swagger_licenses();

}  // namespace slipway::protocols::site
