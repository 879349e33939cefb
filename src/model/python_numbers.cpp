#include "model/python_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>

namespace lrfind::model {

namespace {

using c10::IValue;
using torch::jit::Stack;
using Whole = std::int64_t;

bool is_whole(const IValue& value) { return value.isInt() || value.isBool(); }

Whole whole(const IValue& value) {
  if (value.isInt()) return value.toInt();
  if (value.isBool()) return value.toBool() ? 1 : 0;
  throw std::domain_error("a whole number is needed");
}

double real(const IValue& value) {
  if (value.isDouble()) return value.toDouble();
  return static_cast<double>(whole(value));
}

bool truth(const IValue& value) { return value.isDouble() ? value.toDouble() != 0 : whole(value) != 0; }

Whole to_whole(double number) {
  constexpr double beyond = 9223372036854775808.0;  // 2^63
  if (!(number >= -beyond && number < beyond)) throw std::domain_error("a number is beyond 64 bits");
  return static_cast<Whole>(number);
}

void check_divisor(const IValue& divisor) {
  if (real(divisor) == 0) throw std::domain_error("division by zero");
}

using WholeOperation = bool (*)(Whole, Whole, Whole*);  // returns whether it overflowed
using RealOperation = double (*)(double, double);

IValue arithmetic(const IValue& a, const IValue& b, WholeOperation on_whole, RealOperation on_real) {
  if (!is_whole(a) || !is_whole(b)) return on_real(real(a), real(b));
  Whole result = 0;
  if (on_whole(whole(a), whole(b), &result)) throw std::domain_error("a number is beyond 64 bits");
  return result;
}

bool floor_divide(Whole a, Whole b, Whole* result) {
  if (a == std::numeric_limits<Whole>::min() && b == -1) return true;
  *result = a / b - static_cast<Whole>(a % b != 0 && (a < 0) != (b < 0));
  return false;
}

bool remainder(Whole a, Whole b, Whole* result) {
  *result = b == -1 ? 0 : a % b;
  if (*result != 0 && (*result < 0) != (b < 0)) *result += b;
  return false;
}

IValue power(const IValue& base, const IValue& exponent) {
  if (!is_whole(base) || !is_whole(exponent) || whole(exponent) < 0) return std::pow(real(base), real(exponent));
  const Whole times = whole(exponent);
  if (times > 64 && std::abs(real(base)) > 1) throw std::domain_error("a number is beyond 64 bits");
  Whole result = 1;
  const Whole same = 64 + times % 2;  // of -1, 0 and 1 every even power is one number, and every odd one
  for (Whole i = 0; i < std::min(times, same); ++i) {
    if (__builtin_mul_overflow(result, whole(base), &result)) throw std::domain_error("a number is beyond 64 bits");
  }
  return result;
}

IValue element(const IValue& list, const IValue& place) {
  if (!list.isList()) throw std::domain_error("a list is needed");
  const auto elements = list.toListRef();
  const Whole at = whole(place) < 0 ? whole(place) + static_cast<Whole>(elements.size()) : whole(place);
  if (at < 0 || at >= static_cast<Whole>(elements.size())) throw std::domain_error("a list has no such element");
  return elements[static_cast<std::size_t>(at)];
}

IValue to_int(const IValue& value) { return is_whole(value) ? whole(value) : to_whole(std::trunc(real(value))); }

using Unary = IValue (*)(const IValue&);
using Binary = IValue (*)(const IValue&, const IValue&);

const std::map<std::string, Unary>& unary_functions() {
  static const std::map<std::string, Unary> functions = {
      {"neg",
       [](const IValue& a) {
         return arithmetic(
             IValue(Whole{0}), a, [](Whole x, Whole y, Whole* r) { return __builtin_sub_overflow(x, y, r); },
             [](double x, double y) { return x - y; });
       }},
      {"pos", [](const IValue& a) { return a; }},
      {"abs", [](const IValue& a) { return is_whole(a) ? to_whole(std::abs(real(a))) : IValue(std::abs(real(a))); }},
      {"int", to_int},
      {"trunc", to_int},
      {"float", [](const IValue& a) { return IValue(real(a)); }},
      {"bool", [](const IValue& a) { return IValue(truth(a)); }},
      {"not", [](const IValue& a) { return IValue(!truth(a)); }},
      {"not_", [](const IValue& a) { return IValue(!truth(a)); }},
      {"ceil", [](const IValue& a) { return IValue(is_whole(a) ? whole(a) : to_whole(std::ceil(real(a)))); }},
      {"floor", [](const IValue& a) { return IValue(is_whole(a) ? whole(a) : to_whole(std::floor(real(a)))); }},
      {"round", [](const IValue& a) { return IValue(is_whole(a) ? whole(a) : to_whole(std::nearbyint(real(a)))); }},
      {"sqrt", [](const IValue& a) { return IValue(std::sqrt(real(a))); }}};
  return functions;
}

const std::map<std::string, Binary>& binary_functions() {
  static const std::map<std::string, Binary> functions = {
      {"add",
       [](const IValue& a, const IValue& b) {
         return arithmetic(
             a, b, [](Whole x, Whole y, Whole* r) { return __builtin_add_overflow(x, y, r); },
             [](double x, double y) { return x + y; });
       }},
      {"sub",
       [](const IValue& a, const IValue& b) {
         return arithmetic(
             a, b, [](Whole x, Whole y, Whole* r) { return __builtin_sub_overflow(x, y, r); },
             [](double x, double y) { return x - y; });
       }},
      {"mul",
       [](const IValue& a, const IValue& b) {
         return arithmetic(
             a, b, [](Whole x, Whole y, Whole* r) { return __builtin_mul_overflow(x, y, r); },
             [](double x, double y) { return x * y; });
       }},
      {"floordiv",
       [](const IValue& a, const IValue& b) {
         check_divisor(b);
         return arithmetic(a, b, floor_divide, [](double x, double y) { return std::floor(x / y); });
       }},
      {"mod",
       [](const IValue& a, const IValue& b) {
         check_divisor(b);
         return arithmetic(a, b, remainder, [](double x, double y) { return x - y * std::floor(x / y); });
       }},
      {"truediv",
       [](const IValue& a, const IValue& b) {
         check_divisor(b);
         return IValue(real(a) / real(b));
       }},
      {"pow", power},
      {"eq", [](const IValue& a, const IValue& b) { return IValue(real(a) == real(b)); }},
      {"ne", [](const IValue& a, const IValue& b) { return IValue(real(a) != real(b)); }},
      {"lt", [](const IValue& a, const IValue& b) { return IValue(real(a) < real(b)); }},
      {"le", [](const IValue& a, const IValue& b) { return IValue(real(a) <= real(b)); }},
      {"gt", [](const IValue& a, const IValue& b) { return IValue(real(a) > real(b)); }},
      {"ge", [](const IValue& a, const IValue& b) { return IValue(real(a) >= real(b)); }},
      {"and_", [](const IValue& a, const IValue& b) { return IValue(truth(a) && truth(b)); }},
      {"or_", [](const IValue& a, const IValue& b) { return IValue(truth(a) || truth(b)); }},
      {"xor", [](const IValue& a, const IValue& b) { return IValue(truth(a) != truth(b)); }},
      {"max", [](const IValue& a, const IValue& b) { return real(a) >= real(b) ? a : b; }},
      {"min", [](const IValue& a, const IValue& b) { return real(a) <= real(b) ? a : b; }},
      {"getitem", element}};
  return functions;
}

// "torch.sym_max" -> "max"; empty for a name of any other module.
std::string base_name(const std::string& name) {
  for (const std::string module : {"_operator.", "math.", "builtins.", "torch.sym_", "torch._sym_"}) {
    if (name.rfind(module, 0) == 0) return name.substr(module.size());
  }
  return {};
}

void check_count(const Stack& stack, std::size_t count) {
  if (stack.size() != count) throw std::domain_error(std::to_string(count) + " arguments are needed");
}

}  // namespace

bool is_python_function(const std::string& name) {
  const auto base = base_name(name);
  return unary_functions().count(base) + binary_functions().count(base) > 0 || base == "ite";
}

std::function<void(Stack&)> python_function(const std::string& name) {
  const auto base = base_name(name);
  if (base == "ite") {
    return [](Stack& stack) {
      check_count(stack, 3);
      stack = {truth(stack[0]) ? stack[1] : stack[2]};
    };
  }
  if (const auto unary = unary_functions().find(base); unary != unary_functions().end()) {
    return [function = unary->second](Stack& stack) {
      check_count(stack, 1);
      stack = {function(stack[0])};
    };
  }
  return [function = binary_functions().at(base)](Stack& stack) {
    check_count(stack, 2);
    stack = {function(stack[0], stack[1])};
  };
}

}  // namespace lrfind::model
