// Einsum: products of tensors whose axes have letters, summed over the letters that the result does
// not have. Every operand is brought to one order of all letters, multiplied and summed.
#include <algorithm>
#include <array>
#include <map>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

constexpr size_t kLettersMax = 64;

/// The letters of one operand, "..." as letters of their own that no equation can write.
Result<std::string> letters_of(std::string_view text, size_t rank) {
  std::string letters;
  const size_t dots = text.find("...");
  const size_t named = text.size() - (dots == std::string_view::npos ? 0 : 3);
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == dots) {
      if (named > rank) return invalid_argument("its equation has more axes than an input");
      for (size_t k = rank - named; k-- > 0;) letters.push_back(static_cast<char>(1 + k));
      i += 2;
    } else if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z')) {
      letters.push_back(text[i]);
    } else {
      return invalid_argument("its equation is no equation");
    }
  }
  if (letters.size() > kLettersMax) return invalid_argument("its equation has too many axes");
  return letters;
}

/// Axes that share a letter become one: its diagonal.
Result<Value> diagonal(Call& call, Value x, std::string& letters) {
  for (size_t i = 0; i < letters.size(); ++i) {
    const size_t twin = letters.find(letters[i], i + 1);
    if (twin == std::string::npos) continue;
    if (x.dims[i] != x.dims[twin] || is_batch(x.dims[i])) {
      return unimplemented("axes of one letter are of several sizes, or the rows'");
    }
    const std::vector<uint32_t> strides = strides_of(x.dims);
    Dims dims = x.dims;
    dims.erase(dims.begin() + static_cast<ptrdiff_t>(twin));
    std::vector<uint32_t> steps = strides;
    steps[i] += steps[twin];
    steps.erase(steps.begin() + static_cast<ptrdiff_t>(twin));
    letters.erase(twin, 1);
    const Dims shape = row_dims(dims);
    const uint32_t count = TRY(element_count(dims));
    TRY_STATUS(call.lower.charge(count));
    std::vector<uint32_t> map(count);
    for (uint32_t element = 0; element < count; ++element) {
      uint32_t rest = element;
      for (size_t axis = shape.size(); axis-- > 0;) {
        const auto size = static_cast<uint32_t>(shape[axis]);
        map[element] += rest % size * steps[axis];
        rest /= size;
      }
    }
    x = TRY(call.lower.select(x, std::move(dims), map));
    --i;  // perhaps there is a third
  }
  return x;
}

/// The axes in the order of `order`, those that it has not of size 1.
Result<Value> aligned(Call& call, const Value& x, const std::string& letters,
                      const std::string& order) {
  std::vector<size_t> axes;
  Dims dims;
  for (const char letter : order) {
    const size_t place = letters.find(letter);
    dims.push_back(place == std::string::npos ? 1 : x.dims[place]);
    if (place != std::string::npos) axes.push_back(place);
  }
  const Value turned = TRY(call.lower.transpose(x, axes));
  return call.lower.reshape(turned, std::move(dims));
}

/// Without "->" the result has the letters that stand once, in order of the alphabet.
std::string implied_result(const std::vector<std::string>& operands) {
  std::map<char, int> counts;
  for (const std::string& letters : operands) {
    for (const char letter : letters) ++counts[letter];
  }
  std::string dots;
  std::string result;
  for (const auto& [letter, count] : counts) {
    if (letter < 'A') dots.insert(dots.begin(), letter);
    if (letter >= 'A' && count == 1) result.push_back(letter);
  }
  return dots + result;
}

Result<Values> einsum(Call& call) {
  std::string equation(call.text("equation", ""));
  std::erase(equation, ' ');
  const size_t arrow = equation.find("->");
  std::string_view left = std::string_view(equation).substr(0, arrow);
  Values inputs;
  std::vector<std::string> operands;
  size_t dots = 0;
  for (size_t i = 0; i < call.input_count(); ++i) {
    const size_t comma = left.find(',');
    if ((comma == std::string_view::npos) != (i + 1 == call.input_count())) {
      return invalid_argument("its equation has another number of inputs");
    }
    Value x = TRY(call.input(i));
    std::string letters = TRY(letters_of(left.substr(0, comma), x.dims.size()));
    if (letters.size() != x.dims.size()) {
      return invalid_argument("its equation has other axes than an input");
    }
    for (const char letter : letters) dots = letter < 'A' ? std::max<size_t>(dots, letter) : dots;
    inputs.push_back(TRY(diagonal(call, std::move(x), letters)));
    operands.push_back(std::move(letters));
    if (comma != std::string_view::npos) left.remove_prefix(comma + 1);
  }
  if (inputs.empty()) return invalid_argument("it has no inputs");
  std::string order = implied_result(operands);
  if (arrow != std::string::npos) {
    const std::string_view right = std::string_view(equation).substr(arrow + 2);
    const size_t named = right.size() - (right.find("...") == std::string_view::npos ? 0 : 3);
    order = TRY(letters_of(right, named + dots));
  }
  const size_t kept = order.size();
  std::vector<size_t> summed;
  for (const std::string& letters : operands) {
    for (const char letter : letters) {
      if (order.find(letter) != std::string::npos) continue;
      summed.push_back(order.size());
      order.push_back(letter);
    }
  }
  for (size_t i = 0; i < kept; ++i) {
    const bool known = std::ranges::any_of(operands, [&](const std::string& letters) {
      return letters.find(order[i]) != std::string::npos;
    });
    if (!known || order.find(order[i]) != i) {
      return invalid_argument("its equation's result has an axis that no input has, or twice");
    }
  }
  const DType type = inputs[0].type;
  Value product = TRY(aligned(call, inputs[0], operands[0], order));
  for (size_t i = 1; i < inputs.size(); ++i) {
    const Value factor = TRY(aligned(call, inputs[i], operands[i], order));
    const DType exact = is_whole(type) ? type : DType::kFloat64;
    product = TRY(call.lower.binary(BinaryFunction::kMul, exact, product, factor));
  }
  if (summed.empty()) return one(call.lower.cast(product, type));
  return one(call.lower.reduce(TensorReduceOp::Function::kSum, product, summed, false, type));
}

}  // namespace

std::span<const Operator> einsum_operators() {
  static constexpr std::array kTable = {Operator{"", "Einsum", 12, 99, einsum}};
  return kTable;
}

}  // namespace slipway::onnx
