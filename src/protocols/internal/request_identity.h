// Who a request is: its id, taken or made, and its W3C trace context.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace slipway::protocols {

/// The client's id if it is printable ASCII of 1 to 128 characters without quotes or backslashes;
/// else empty.
std::string_view usable_request_id(std::string_view header);

/// A new id of 13 characters: a bijection of `number`, so that different numbers never collide.
std::string_view make_request_id(uint64_t number, std::array<char, 16>& storage);

/// The 32 hex digits of a valid traceparent (w3.org/TR/trace-context, section 3.2); else empty.
std::string_view trace_id_of(std::string_view traceparent);

}  // namespace slipway::protocols
