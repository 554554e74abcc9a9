// Operators of ai.onnx with graphs inside: Scan over the rows or over an axis of fixed size, If and
// Loop with conditions and counts that are known when the model is read.
#include <algorithm>
#include <array>
#include <cmath>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

constexpr int64_t kStepsMax = 4096;

struct ScanShape {
  size_t states = 0;
  std::vector<size_t> axes;         // of the inputs that are walked over
  std::vector<bool> backwards;      // whether from the end
  std::vector<size_t> output_axes;  // of the outputs that are collected
};

/// The value that one step sees: the axis is gone.
Result<Value> step_of(Call& call, const Value& x, size_t axis, int64_t step) {
  Dims dims = x.dims;
  dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
  if (x.dims[axis] == kBatch) {
    Value row = x;
    row.dims = std::move(dims);
    row.is_per_row = true;
    return row;
  }
  const Value part = TRY(call.lower.slice(x, axis, step, 1, 1));
  return call.lower.reshape(part, std::move(dims));
}

Result<Values> scan_rows(Call& call, const GraphProto& body, const ScanShape& shape,
                         const Values& inputs) {
  Values arguments(inputs.begin(), inputs.begin() + static_cast<ptrdiff_t>(shape.states));
  for (size_t i = 0; i < shape.axes.size(); ++i) {
    arguments.push_back(TRY(step_of(call, inputs[shape.states + i], shape.axes[i], 0)));
  }
  Values results = TRY(call.lower_body(body, arguments));
  for (size_t i = 0; i < shape.states; ++i) {
    const bool same = results[i].constant != nullptr
                          ? results[i].constant == inputs[i].constant
                          : results[i].id == inputs[i].id && inputs[i].constant == nullptr;
    if (!same) return unimplemented("its state goes from row to row");
  }
  for (size_t i = shape.states; i < results.size(); ++i) {
    const size_t axis = shape.output_axes[i - shape.states];
    if (axis > results[i].dims.size())
      return invalid_argument("its axis lies outside of the tensor");
    results[i].dims.insert(results[i].dims.begin() + static_cast<ptrdiff_t>(axis), kBatch);
    results[i].is_per_row = false;
  }
  return results;
}

Result<Values> scan_steps(Call& call, const GraphProto& body, const ScanShape& shape,
                          const Values& inputs, int64_t steps) {
  Values states(inputs.begin(), inputs.begin() + static_cast<ptrdiff_t>(shape.states));
  std::vector<Values> collected(shape.output_axes.size());
  for (int64_t step = 0; step < steps; ++step) {
    Values arguments = states;
    for (size_t i = 0; i < shape.axes.size(); ++i) {
      const int64_t at = shape.backwards[i] ? steps - 1 - step : step;
      arguments.push_back(TRY(step_of(call, inputs[shape.states + i], shape.axes[i], at)));
    }
    Values results = TRY(call.lower_body(body, arguments));
    states.assign(results.begin(), results.begin() + static_cast<ptrdiff_t>(shape.states));
    for (size_t i = 0; i < collected.size(); ++i) {
      Value& part = results[shape.states + i];
      Dims dims = part.dims;
      if (shape.output_axes[i] > dims.size())
        return invalid_argument("its axis lies outside of the tensor");
      dims.insert(dims.begin() + static_cast<ptrdiff_t>(shape.output_axes[i]), 1);
      const Value whole = TRY(call.lower.plain(part));
      collected[i].push_back(TRY(call.lower.reshape(whole, std::move(dims))));
    }
  }
  for (size_t i = 0; i < collected.size(); ++i) {
    states.push_back(TRY(call.lower.concat(collected[i], shape.output_axes[i])));
  }
  return states;
}

Result<Values> scan(Call& call) {
  const AttributeProto* body = call.find("body");
  const auto walked = static_cast<size_t>(call.integer("num_scan_inputs", 0));
  if (body == nullptr || body->graph == nullptr || walked == 0 || walked > call.input_count()) {
    return invalid_argument("it has no body or walks over nothing");
  }
  ScanShape shape;
  shape.states = call.input_count() - walked;
  if (body->graph->inputs.size() != call.input_count() ||
      body->graph->outputs.size() < shape.states) {
    return invalid_argument("its body has other inputs or outputs than it");
  }
  Values inputs;
  inputs.reserve(call.input_count());
  for (size_t i = 0; i < call.input_count(); ++i) inputs.push_back(TRY(call.input(i)));
  const std::vector<int64_t> axes = call.integers("scan_input_axes");
  const std::vector<int64_t> directions = call.integers("scan_input_directions");
  for (const int64_t direction : call.integers("scan_output_directions")) {
    if (direction != 0) return unimplemented("its outputs are collected backwards");
  }
  for (size_t i = 0; i < walked; ++i) {
    const size_t rank = inputs[shape.states + i].dims.size();
    shape.axes.push_back(TRY(call.axis(i < axes.size() ? axes[i] : 0, rank)));
    shape.backwards.push_back(i < directions.size() && directions[i] != 0);
  }
  const std::vector<int64_t> output_axes = call.integers("scan_output_axes");
  for (size_t i = shape.states; i < body->graph->outputs.size(); ++i) {
    const size_t k = i - shape.states;
    const int64_t axis = k < output_axes.size() ? output_axes[k] : 0;
    if (axis < 0) return unimplemented("its output axes count from the end");
    shape.output_axes.push_back(static_cast<size_t>(axis));
  }
  const int64_t steps = inputs[shape.states].dims[shape.axes[0]];
  for (size_t i = 0; i < walked; ++i) {
    if (inputs[shape.states + i].dims[shape.axes[i]] != steps) {
      return unimplemented("it walks over axes of several lengths");
    }
    if (steps == kBatch && shape.backwards[i]) return unimplemented("it walks over rows backwards");
  }
  if (steps == kBatch) return scan_rows(call, *body->graph, shape, inputs);
  if (steps < 1 || steps > kStepsMax) {
    return unimplemented("it has no steps, or too many, or goes over several rows at once");
  }
  return scan_steps(call, *body->graph, shape, inputs, steps);
}

/// A condition that is known when the model is read.
Result<bool> known_condition(const Value& value) {
  if (value.constant == nullptr || value.is_text() || value.constant->numbers.size() != 1) {
    return unimplemented("how often it goes round depends on the row");
  }
  return value.constant->numbers[0] != 0;
}

/// A loop whose rounds are known: they are laid out one behind the other.
Result<Values> loop(Call& call) {
  const AttributeProto* body = call.find("body");
  if (body == nullptr || body->graph == nullptr || call.input_count() < 2) {
    return invalid_argument("it has no body or no inputs");
  }
  const size_t states = call.input_count() - 2;
  if (body->graph->inputs.size() != states + 2 || body->graph->outputs.size() < states + 1) {
    return invalid_argument("its body has other inputs or outputs than it");
  }
  const auto trips = TRY(call.constant_input(0));
  if (trips.has_value() && trips->size() != 1) return invalid_argument("its count is no number");
  const double rounds = trips.has_value() ? (*trips)[0] : kStepsMax + 1.0;
  if (std::isnan(rounds)) return unimplemented("it goes round once for each row");
  bool goes_on = !call.has_input(1) || TRY(known_condition(TRY(call.input(1))));
  Values values;
  values.reserve(states);
  for (size_t i = 0; i < states; ++i) values.push_back(TRY(call.input(i + 2)));
  std::vector<Values> collected(body->graph->outputs.size() - 1 - states);
  for (int64_t round = 0; goes_on && static_cast<double>(round) < rounds; ++round) {
    if (round >= kStepsMax) return resource_exhausted("it goes round too often");
    const Value number = TRY(call.lower.constant(DType::kInt64, {}, {static_cast<double>(round)}));
    const Value on = TRY(call.lower.constant(DType::kBool, {}, {1}));
    Values arguments = {number, on};
    arguments.insert(arguments.end(), values.begin(), values.end());
    Values results = TRY(call.lower_body(*body->graph, arguments));
    goes_on = TRY(known_condition(results[0]));
    values.assign(results.begin() + 1, results.begin() + 1 + static_cast<ptrdiff_t>(states));
    for (size_t i = 0; i < collected.size(); ++i) {
      const Value part = TRY(call.lower.plain(results[1 + states + i]));
      Dims dims = part.dims;
      dims.insert(dims.begin(), 1);
      collected[i].push_back(TRY(call.lower.reshape(part, std::move(dims))));
    }
  }
  for (const Values& parts : collected) {
    if (parts.empty()) return unimplemented("it never goes round, and collects outputs");
    values.push_back(TRY(call.lower.concat(parts, 0)));
  }
  return values;
}

Result<Values> if_else(Call& call) {
  const auto condition = TRY(call.constant_input(0));
  if (!condition.has_value() || condition->size() != 1)
    return invalid_argument("it has no condition");
  const AttributeProto* branch = call.find((*condition)[0] != 0 ? "then_branch" : "else_branch");
  if (branch == nullptr || branch->graph == nullptr) return invalid_argument("a branch is missing");
  return call.lower_body(*branch->graph, {});
}

}  // namespace

std::span<const Operator> control_operators() {
  static constexpr std::array kTable = {
      Operator{"", "Scan", 9, 99, scan},
      Operator{"", "If", 1, 99, if_else},
      Operator{"", "Loop", 1, 99, loop},
  };
  return kTable;
}

}  // namespace slipway::onnx
