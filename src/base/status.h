// Status and Result<T>: how every fallible function of Slipway reports failure.
//
// Sixteen codes, gRPC's own, so that each protocol maps them to its wire form in one function. An
// OK Status is one null pointer; an error owns its message. Text convention: a static sentence
// first, the offending value last ("expected 4 features, got 3"); a parse error names offset or
// path.
//
//   Result<Model> load(std::string_view path) {
//     std::string bytes = TRY(read_file(path, limits));
//     TRY_STATUS(check_magic(bytes));
//     return parse(bytes);
//   }
//
// Thread rule: a value type, no shared state.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace slipway {

/// The canonical codes of gRPC (github.com/grpc/grpc/blob/master/doc/statuscodes.md), same numbers.
enum class StatusCode : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// "INVALID_ARGUMENT" and so on.
std::string_view status_code_name(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(StatusCode code, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return ok() ? StatusCode::kOk : rep_->code; }
  /// Empty when ok.
  const std::string& message() const;
  /// The same error with "context: " before its message; OK stays OK.
  Status with_context(std::string_view context) &&;
  /// "INVALID_ARGUMENT: message" or "OK".
  std::string to_string() const;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;
};

Status invalid_argument(std::string message);
Status not_found(std::string message);
Status already_exists(std::string message);
Status permission_denied(std::string message);
Status resource_exhausted(std::string message);
Status failed_precondition(std::string message);
Status unimplemented(std::string message);
Status internal_error(std::string message);
Status unavailable(std::string message);
Status data_loss(std::string message);

/// Either a T or an error Status. Accessing the wrong one is a bug (CHECK).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : rep_(std::in_place_index<1>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Status status) : rep_(std::in_place_index<0>, std::move(status)) {  // NOLINT: likewise
    CHECK(!std::get<0>(rep_).ok());
  }

  bool ok() const { return rep_.index() == 1; }
  const Status& status() const& {
    static const Status kOkStatus;
    return ok() ? kOkStatus : std::get<0>(rep_);
  }
  Status status() && { return ok() ? Status() : std::move(std::get<0>(rep_)); }

  T& value() & {
    CHECK(ok());
    return std::get<1>(rep_);
  }
  const T& value() const& {
    CHECK(ok());
    return std::get<1>(rep_);
  }
  T&& value() && {
    CHECK(ok());
    return std::get<1>(std::move(rep_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<Status, T> rep_;
};

}  // namespace slipway

/// Evaluates an expression of type Result<T>; gives the T or returns the error from the function.
/// May be nested: TRY(f(TRY(g()))).
#define TRY(expression) SLIPWAY_TRY_AS(SLIPWAY_TRY_NAME(slipway_result_, __COUNTER__), expression)
#define SLIPWAY_TRY_NAME(prefix, number) SLIPWAY_TRY_JOIN(prefix, number)
#define SLIPWAY_TRY_JOIN(prefix, number) prefix##number
#define SLIPWAY_TRY_AS(result, expression)               \
  __extension__({                                        \
    auto result = (expression);                          \
    if (!result.ok()) return std::move(result).status(); \
    std::move(result).value();                           \
  })

/// Evaluates an expression of type Status; returns the error from the function if it is one.
#define TRY_STATUS(expression)                         \
  do {                                                 \
    ::slipway::Status slipway_status_ = (expression);  \
    if (!slipway_status_.ok()) return slipway_status_; \
  } while (false)
