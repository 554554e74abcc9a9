#include "protocols/mlflow/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace slipway::protocols::mlflow {
namespace {

using Type = RequestParameter::Type;

constexpr size_t kShownMax = 200;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kBoolean: return "boolean";
    case Type::kInteger: return "integer";
    case Type::kLong: return "long";
    case Type::kFloat: return "float";
    case Type::kDouble: return "double";
    case Type::kString: return "string";
    case Type::kDatetime: return "datetime";
    case Type::kObject: return "object";
  }
  return "";
}

/// A JSON value in Python's words.
struct PythonValue {
  std::string_view type;  // "str"
  std::string text;       // as str() gives it, but for lists and objects
};

Result<PythonValue> look_at(JsonInput& json, ondemand::value& value) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  std::string_view raw;
  if (type == ondemand::json_type::string) {
    if (const auto error = value.get_string().get(raw)) return json.syntax_error(error);
    return PythonValue{"str", std::string(raw)};
  }
  if (const auto error = simdjson::to_json_string(value).get(raw)) return json.syntax_error(error);
  while (!raw.empty() && raw.back() <= ' ') raw.remove_suffix(1);
  std::string text(raw.substr(0, kShownMax));
  switch (type) {
    case ondemand::json_type::null: return PythonValue{"NoneType", "None"};
    case ondemand::json_type::boolean: return PythonValue{"bool", raw == "true" ? "True" : "False"};
    case ondemand::json_type::number: {
      const bool is_float = raw.find_first_of(".eE") != std::string_view::npos;
      return PythonValue{is_float ? "float" : "int", std::move(text)};
    }
    case ondemand::json_type::array: return PythonValue{"list", std::move(text)};
    default: return PythonValue{"dict", std::move(text)};
  }
}

bool fits(Type type, std::string_view python) {
  switch (type) {
    case Type::kBoolean: return python == "bool";
    case Type::kInteger:
    case Type::kLong: return python == "int";
    case Type::kFloat:
    case Type::kDouble: return python == "float" || python == "int";
    case Type::kString: return python == "str";
    case Type::kObject: return python == "dict";
    case Type::kDatetime: return false;
  }
  return false;
}

/// Empty if the value is of the type; else what MLflow says.
std::string problem_of(const PythonValue& value, Type type) {
  if (value.type == "NoneType" || fits(type, value.type)) return {};
  const std::string_view shown = std::string_view(value.text).substr(0, kShownMax);
  const std::string wanted = fmt::format("DataType.{}", type_name(type));
  if (type == Type::kDatetime) {
    if (value.type == "str" && is_datetime(value.text)) return {};
    return fmt::format("Failed to convert value `{}` from type `<class '{}'>` to `{}`", shown,
                       value.type, wanted);
  }
  if (type == Type::kObject) {
    return fmt::format("Expected data to be dictionary, got {}", value.type);
  }
  if (value.type == "list" || value.type == "dict") {
    return fmt::format("Value must be a scalar for type `{}`, got `{}`", wanted, shown);
  }
  return fmt::format("Can not safely convert `<class '{}'>` to `{}` for value `{}`", value.type,
                     wanted, shown);
}

class Checker {
 public:
  Checker(const RequestSchema& schema, JsonInput& json) : schema_(schema), json_(json) {}

  Status check() {
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::null) return {};
    if (type != ondemand::json_type::object) return no_object(type);
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      return json_.syntax_error(error);
    }
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      const auto known = std::ranges::find(schema_.parameters, name, &RequestParameter::name);
      if (known != schema_.parameters.end()) TRY_STATUS(check_one(*known, field.value()));
    }
    if (problems_.empty()) return {};
    return Status(StatusCode::kOutOfRange,
                  fmt::format("Invalid parameters found: {{{}}}", problems_));
  }

 private:
  Status no_object(ondemand::json_type type) {
    std::string_view name = "str";
    if (type == ondemand::json_type::array) name = "list";
    if (type == ondemand::json_type::boolean) name = "bool";
    if (type == ondemand::json_type::number) {
      simdjson::ondemand::number_type number{};
      const bool is_float = json_.document().get_number_type().get(number) == simdjson::SUCCESS &&
                            number == ondemand::number_type::floating_point_number;
      name = is_float ? "float" : "int";
    }
    return Status(StatusCode::kOutOfRange,
                  fmt::format("Parameters must be a dictionary. Got type '{}'.", name));
  }

  Status check_one(const RequestParameter& parameter, ondemand::value value) {
    if (parameter.is_list) return check_list(parameter, value);
    const PythonValue got = TRY(look_at(json_, value));
    note_type(parameter, problem_of(got, parameter.type));
    return {};
  }

  Status check_list(const RequestParameter& parameter, ondemand::value& value) {
    ondemand::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) {
      const PythonValue got = TRY(look_at(json_, value));
      note_shape(parameter, fmt::format("{} with ndim 0", got.type));
      return {};
    }
    std::string problem;
    size_t elements = 0;
    size_t lists = 0;
    for (auto entry : list) {
      ondemand::value element;
      if (const auto error = entry.get(element)) return json_.syntax_error(error);
      const PythonValue got = TRY(look_at(json_, element));
      ++elements;
      if (got.type == "list") ++lists;
      if (problem.empty()) problem = problem_of(got, parameter.type);
    }
    if (lists > 0 && lists == elements) {
      note_shape(parameter, "list with ndim 2");
    } else {
      note_type(parameter, problem);
    }
    return {};
  }

  static std::string describe(const RequestParameter& parameter) {
    return fmt::format("'{}': {} (default: {}){}", parameter.name, type_name(parameter.type),
                       parameter.default_text, parameter.is_list ? " (shape: (-1,))" : "");
  }

  void note_shape(const RequestParameter& parameter, std::string_view received) {
    note(parameter,
         fmt::format("Value must be a 1D array with shape (-1,) for param {}, received {}",
                     describe(parameter), received));
  }

  void note_type(const RequestParameter& parameter, std::string_view problem) {
    if (problem.empty()) return;
    note(parameter, fmt::format("Failed to validate type and shape for {}, error: {}",
                                describe(parameter), problem));
  }

  void note(const RequestParameter& parameter, const std::string& problem) {
    fmt::format_to(std::back_inserter(problems_), "{}('{}', \"{}\")", problems_.empty() ? "" : ", ",
                   parameter.name, problem);
  }

  const RequestSchema& schema_;
  JsonInput& json_;
  std::string problems_;
};

/// Reads the parts of a moment one after the other.
class Moment {
 public:
  explicit Moment(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool take(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// So many digits.
  bool number(size_t digits, int& value) {
    if (digits_ahead() < digits) return false;
    value = 0;
    for (size_t i = 0; i < digits; ++i) value = value * 10 + (text_[i] - '0');
    text_.remove_prefix(digits);
    return true;
  }
  size_t skip_digits() {
    const size_t count = digits_ahead();
    text_.remove_prefix(count);
    return count;
  }

 private:
  size_t digits_ahead() const {
    return std::min(text_.find_first_not_of("0123456789"), text_.size());
  }

  std::string_view text_;
};

/// "", "Z", "+01:00"
bool is_zone(Moment& moment) {
  int hours = 0;
  int minutes = 0;
  if (moment.take('Z')) return moment.at_end();
  if (!moment.take('+') && !moment.take('-')) return moment.at_end();
  if (!moment.number(2, hours) || hours > 23) return false;
  if (moment.at_end()) return true;
  moment.take(':');
  return moment.number(2, minutes) && minutes < 60 && moment.at_end();
}

bool is_time(Moment& moment) {
  constexpr size_t kPythonDigits = 6;  // its datetime holds microseconds
  int value = 0;
  if (!moment.number(2, value) || value > 23) return false;
  if (!moment.take(':')) return is_zone(moment);
  if (!moment.number(2, value) || value > 59) return false;
  if (!moment.take(':')) return is_zone(moment);
  if (!moment.number(2, value) || value > 59) return false;
  if (moment.take('.') && moment.skip_digits() > kPythonDigits) return false;
  return is_zone(moment);
}

}  // namespace

bool is_datetime(std::string_view text) {
  if (text.empty() || text == "NaT" || text == "now" || text == "today") return true;
  Moment moment(text);
  int year = 0;
  int month = 1;
  int day = 1;
  if (!moment.number(4, year) || year == 0) return false;
  if (moment.at_end()) return true;
  if (!moment.take('-') || !moment.number(2, month) || month < 1 || month > 12) return false;
  if (moment.at_end()) return true;
  if (!moment.take('-') || !moment.number(2, day)) return false;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  if (moment.at_end()) return true;
  return (moment.take('T') || moment.take(' ')) && is_time(moment);
}

Status check_params(std::string_view params, const RequestSchema& schema, JsonInput& json) {
  if (params.empty() || !schema.has_parameters) return {};
  TRY_STATUS(json.start(params));
  return Checker(schema, json).check();
}

}  // namespace slipway::protocols::mlflow
