// The samples of some names out of a page of Prometheus' text format, with their HELP and TYPE.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace slipway::protocols::torchserve {

std::string filter_metrics(std::string_view page, std::span<const std::string_view> names);

}  // namespace slipway::protocols::torchserve
