// Expressions on texts: what LabelEncoder, StringNormalizer, StringConcat and RegexFullMatch give.
//
// A missing text is the empty text, so that an empty one is missing, unless a formula compares with
// the empty text itself. Cutting, replacing and measuring texts is not in ONNX.
#include <fmt/format.h>

#include <array>
#include <set>

#include "writers/onnx/internal/expression_terms.h"

namespace slipway::writers::onnx {
namespace {

constexpr int64_t kStringOperators = 20;  // of ai.onnx, which brought StringConcat and patterns

Name is_number(Model& m, const Name& codes, int64_t number) {
  return m.equal(codes, m.integer(number));
}

Term text_of(Name name, std::span<const Term> from) {
  Term result{std::move(name), {}, {}, true, true};
  for (const Term& term : from) result.is_constant = result.is_constant && term.is_constant;
  return result;
}

Term equal_texts(Terms& terms, const Term& a, const Term& b) {
  Model& m = terms.m;
  if (!a.text.has_value() && b.text.has_value()) return equal_texts(terms, b, a);
  if (!a.text.has_value()) {
    m.need(kStringOperators);
    const auto missing = [&](const Term& term) { return terms.text_missing(term); };
    const auto left = missing(a);
    const auto right = missing(b);
    const auto either = left && right ? std::optional(m.either(*left, *right))
                        : left        ? left
                                      : right;
    return terms.judged_but(m.equal(a.name, b.name), either, a.is_constant && b.is_constant);
  }
  if (a.text->empty()) {
    const std::array<int64_t, 1> one = {1};
    const Name codes = label_encoder(m, terms.text_column(b), std::span(&*a.text, 1), one, 0);
    return terms.judged_but(is_number(m, codes, 1), {}, false);
  }
  const std::array<std::string, 2> keys = {*a.text, ""};
  const std::array<int64_t, 2> numbers = {1, 2};
  const Name codes = label_encoder(m, terms.text_column(b), keys, numbers, 0);
  return terms.judged_but(is_number(m, codes, 1), is_number(m, codes, 2), false);
}

/// The place of a text in a list, -1 if it is not there.
Term find_text(Terms& terms, const Term& x, const std::vector<std::string>& list) {
  Model& m = terms.m;
  std::vector<std::string> keys;
  std::vector<int64_t> places;
  std::set<std::string_view> known;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!known.insert(list[i]).second) continue;  // of equal ones the first counts
    keys.push_back(list[i]);
    places.push_back(static_cast<int64_t>(i));
  }
  const bool has_empty = known.contains("");
  if (!has_empty) {
    keys.emplace_back();
    places.push_back(-2);
  }
  const Name codes = label_encoder(m, terms.text_column(x), keys, places, -1);
  const Name numbers = m.to_number(codes);
  if (has_empty) return {numbers, {}, {}, false, false};
  return {m.where(is_number(m, codes, -2), terms.nan(), numbers), {}, {}, false, true};
}

Term pick_text(Terms& terms, const Term& position, const std::vector<std::string>& list) {
  Model& m = terms.m;
  const Name x = terms.column(position);
  std::vector<std::string> table = list;
  table.emplace_back();
  const auto size = static_cast<double>(list.size());
  const Name inside = m.both(m.at_least(x, m.number(0)), m.less(x, m.number(size)));
  const Name place = m.cast(m.where(inside, m.floor(x), m.number(size)), Element::kInt64);
  return {m.look_up(m.texts({size_of(table)}, table), place), {}, {}, false, true};
}

/// StringNormalizer takes lists of texts only, and its locale must be there: that of C is.
Term in_case(Terms& terms, const Term& x, std::string_view action) {
  Model& m = terms.m;
  const Name list = m.squeeze(terms.text_column(x), 1);
  const Name changed =
      m.call("StringNormalizer", {list},
             {Attribute::text("case_change_action", action), Attribute::text("locale", "C.UTF-8")});
  return {m.unsqueeze(changed, 1), {}, {}, false, x.may_miss};
}

Term joined(Terms& terms, std::span<const Term> args) {
  Model& m = terms.m;
  m.need(kStringOperators);
  Name name = m.call("StringConcat", {terms.text_column(args[0]), terms.text_column(args[1])});
  for (const Term& one : args) {
    const auto missing = terms.text_missing(one);
    if (!missing) continue;
    const std::string none;
    name = m.where(*missing, m.texts({}, std::span(&none, 1)), name);
  }
  return {name, {}, {}, false, args[0].may_miss || args[1].may_miss};
}

/// Whether RE2, which ONNX means, takes a pattern of Perl's and means the same: a letter or digit
/// behind a backslash is one of those below; of (? there is (?: only; no $, which Perl lets stand
/// before a last line break; nothing possessive.
bool is_common(std::string_view pattern) {
  constexpr std::string_view kLetters = "AzbBdDwWsSntrf";
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const std::string_view next = pattern.substr(i + 1);
    const auto is_alphanumeric = [](char x) {
      return (x >= '0' && x <= '9') || (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
    };
    if (c == '$') return false;
    if (c == '\\') {
      if (next.empty() || static_cast<unsigned char>(next[0]) >= 0x80) return false;
      if (is_alphanumeric(next[0]) && kLetters.find(next[0]) == std::string_view::npos) {
        return false;
      }
      ++i;
    } else if (c == '(' && (next.starts_with("?") || next.starts_with("*"))) {
      if (!next.starts_with("?:")) return false;
      i += 2;
    } else if ((c == '*' || c == '+' || c == '?' || c == '}') && next.starts_with("+")) {
      return false;
    } else if (c == '[') {
      // Classes in classes are written [:so:]; a ] that is first stands for itself in both.
      if (next.starts_with("]") || next.starts_with("^]")) return false;
      const size_t end = next.find(']');
      const std::string_view inside = next.substr(0, end);
      if (end == std::string_view::npos || inside.find_first_of("\\[&~") != std::string_view::npos)
        return false;
      i += end + 1;
    }
  }
  return true;
}

Result<Term> matches(Terms& terms, const Term& x, const std::string& pattern) {
  Model& m = terms.m;
  if (!is_common(pattern)) {
    return unimplemented(fmt::format(
        "the pattern '{}' may mean something else to RE2, which ONNX Runtime uses", pattern));
  }
  m.need(kStringOperators);
  // Found anywhere: whatever stands before and behind, over lines too, while a dot of the pattern
  // stays in its line.
  const std::string whole = fmt::format(R"((?s:.*)(?:{})(?s:.*))", pattern);
  const Name found =
      m.call("RegexFullMatch", {terms.text_column(x)}, {Attribute::text("pattern", whole)});
  return terms.judged_but(found, terms.text_missing(x), false);
}

}  // namespace

std::optional<Name> Terms::text_missing(const Term& text) {
  if (!text.may_miss) return std::nullopt;
  const std::array<std::string, 1> key = {""};
  const std::array<int64_t, 1> one = {1};
  return is_number(m, label_encoder(m, text_column(text), key, one, 0), 1);
}

Result<Term> apply_text(Terms& terms, const ExpressionProgram& program, const Instruction& in,
                        std::span<const Term> args) {
  Model& m = terms.m;
  switch (in.code) {
    case Code::kTextEqual: return equal_texts(terms, args[0], args[1]);
    case Code::kIsTextMissing: {
      const auto missing = terms.text_missing(args[0]);
      if (missing) return terms.judged_but(*missing, {}, false);
      return Term{m.number(0), {}, {}, true, false};
    }
    case Code::kChooseText: {
      Name chosen = m.where(terms.is_true(args[0]), args[1].name, args[2].name);
      const auto unknown = terms.missing(args.subspan(0, 1));
      const std::string none;
      if (unknown) chosen = m.where(*unknown, m.texts({}, std::span(&none, 1)), chosen);
      Term result = text_of(chosen, args);
      result.may_miss = unknown || args[1].may_miss || args[2].may_miss;
      return result;
    }
    case Code::kCoalesceText: {
      const auto missing = terms.text_missing(args[0]);
      if (!missing) return args[0];
      return Term{m.where(*missing, args[1].name, args[0].name), {}, {}, false, args[1].may_miss};
    }
    case Code::kRequireText: return args[0];  // ONNX cannot refuse rows
    case Code::kFindText: return find_text(terms, args[0], program.text_lists[in.a]);
    case Code::kPickText: return pick_text(terms, args[0], program.text_lists[in.a]);
    case Code::kUpper: return in_case(terms, args[0], "UPPER");
    case Code::kLower: return in_case(terms, args[0], "LOWER");
    case Code::kConcat: return joined(terms, args);
    case Code::kMatches: return matches(terms, args[0], program.patterns[in.a].text());
    default: break;
  }
  return unimplemented(fmt::format("ONNX has no function {} of texts", code_name(in.code)));
}

}  // namespace slipway::writers::onnx
