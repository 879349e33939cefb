#include "model/exported_operators.hpp"

#include "model/exported_archive.hpp"
#include "model/model_file.hpp"
#include "platform/excerpt.hpp"

#include <ATen/ScalarOps.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace lrfind::model {

namespace {

using c10::IValue;
using c10::TypeKind;
using Argument = ExportedArgument;

const c10::TypePtr& without_optional(const c10::TypePtr& type) {
  return type->kind() == TypeKind::OptionalType ? type->castRaw<c10::OptionalType>()->getElementType() : type;
}

bool is_list(const c10::TypePtr& type) { return type->kind() == TypeKind::ListType; }

// A number where a tensor belongs takes part in type promotion as a number of Python's does.
IValue tensor_of_number(const at::Scalar& number) { return at::native::wrapped_scalar_tensor(number); }

// Numbers that the graph computes arrive as they are; operators want them as their argument's type.
IValue converted(IValue value, const c10::TypePtr& formal) {
  const auto kind = formal->kind();
  if (value.isTensor() || value.isNone() || kind == TypeKind::AnyType) return value;
  if (kind == TypeKind::TensorType && value.isScalar()) return tensor_of_number(value.toScalar());
  if (kind == TypeKind::FloatType && value.isInt()) return static_cast<double>(value.toInt());
  return value;
}

IValue typed_list(const c10::TypePtr& element_type, const std::vector<IValue>& elements) {
  if (element_type->kind() == TypeKind::IntType) {
    c10::List<std::int64_t> list;
    for (const auto& each : elements) list.push_back(each.toInt());
    return list;
  }
  if (element_type->kind() == TypeKind::FloatType) {
    c10::List<double> list;
    for (const auto& each : elements)
      list.push_back(each.isInt() ? static_cast<double>(each.toInt()) : each.toDouble());
    return list;
  }
  if (element_type->kind() == TypeKind::BoolType) {
    c10::List<bool> list;
    for (const auto& each : elements) list.push_back(each.toBool());
    return list;
  }
  if (element_type->kind() == TypeKind::TensorType) {
    c10::List<at::Tensor> list;
    for (const auto& each : elements) list.push_back(each.toTensor());
    return list;
  }
  c10::impl::GenericList list(element_type);
  for (const auto& each : elements) list.push_back(each);
  return list;
}

// An argument that an older LibTorch does not know says nothing where it is None or false.
bool asks_for_nothing(const Argument& value) {
  const auto* flag = std::get_if<bool>(&value.is);
  return std::holds_alternative<Argument::None>(value.is) || (flag != nullptr && !*flag);
}

// Memory that an operator's first answer may share with an argument, though its schema does not say so.
bool may_pass_through(const std::string& name) {
  return name.find("dropout") != std::string::npos || name == "aten::type_as" || name == "aten::float";
}

bool has_training_argument(const std::string& name, const std::string& argument) {
  return argument == "training" || argument == "train" ||
         (argument == "use_input_stats" && name == "aten::instance_norm");
}

}  // namespace

ExportedOperation::ExportedOperation(const ExportedNode& node, const GivenTensors& given, const std::string& file)
    : name_(node.name),
      target_(node.target()),
      file_(file),
      answers_(node.outputs),
      differentiable_(node.differentiable) {
  look_up(node);
  for (std::size_t i = 0; i < formals_.size(); ++i) {
    const auto& formal = formals_[i];
    const bool positional = formal.name().empty();
    const auto input = std::find_if(node.inputs.begin(), node.inputs.end(),
                                    [&](const auto& each) { return each.name == formal.name(); });
    if (positional) {
      set_argument(node.inputs[i].value, given);
    } else if (input != node.inputs.end()) {
      set_argument(input->value, given);
    } else if (formal.default_value() || formal.type()->kind() == TypeKind::OptionalType) {
      template_.push_back(formal.default_value().value_or(IValue()));
    } else {
      refuse("is not given its argument \"" + formal.name() + "\"");
    }
  }
  const auto unknown = std::count_if(node.inputs.begin(), node.inputs.end(), [&](const auto& input) {
    const auto named = [&](const c10::Argument& formal) {
      return formal.name().empty() || formal.name() == input.name;
    };
    return !asks_for_nothing(input.value) && std::none_of(formals_.begin(), formals_.end(), named);
  });
  if (unknown > 0) {
    refuse("is given " + std::to_string(unknown) + (unknown == 1 ? " argument" : " arguments") +
           " that LibTorch " TORCH_VERSION " does not know; " + how_to_build_with_another_torch());
  }
  note_modes();
}

void ExportedOperation::refuse(const std::string& clause) const {
  throw model_error("exported program \"" + file_ + "\" calls the operator " + excerpt(target_) + ", which " + clause);
}

void ExportedOperation::look_up(const ExportedNode& node) {
  if (!is_allowed(node.name)) {
    refuse(
        "is none of the mathematical operators of ATen that lrfind takes; networks of standard layers need no others");
  }
  auto found = find_operator(node.name, node.overload, node.inputs.size());
  if (!found)
    refuse("LibTorch " TORCH_VERSION " does not have: a newer torch exported it; " + how_to_build_with_another_torch());
  formals_ = std::move(found->arguments);
  function_ = std::move(found->function);
  for (std::size_t i = 0; i < formals_.size(); ++i) {
    const auto* alias = formals_[i].alias_info();
    if (alias == nullptr || shared_) continue;
    shared_ = i;
    if (alias->isWrite()) changed_ = i;
  }
  if (!shared_ && !formals_.empty() && may_pass_through(name_)) shared_ = 0;
}

void ExportedOperation::set_argument(const Argument& value, const GivenTensors& given) {
  const std::size_t at = template_.size();
  const auto& type = without_optional(formals_[at].type());
  if (std::holds_alternative<Argument::Device>(value.is)) devices_.push_back(at);
  if (const auto* list = std::get_if<Argument::List>(&value.is)) {
    if (!is_list(type)) refuse("is given a list as \"" + formals_[at].name() + "\"");
    set_list(type->castRaw<c10::ListType>()->getElementType(), *list, given);
    return;
  }
  if (const auto* reference = std::get_if<Argument::Value>(&value.is)) {
    const auto tensor = given.find(reference->id);
    places_.push_back({at, -1, reference->id, tensor != given.end()});
    template_.push_back(tensor != given.end() ? IValue(tensor->second) : IValue());
    return;
  }
  if (is_list(type) && !std::holds_alternative<Argument::None>(value.is)) {  // one number for every dimension
    const auto times = static_cast<std::size_t>(formals_[at].N().value_or(1));
    if (times > 8) refuse("has a list of " + std::to_string(times));
    set_list(type->castRaw<c10::ListType>()->getElementType(), Argument::List(times, value), given);
    return;
  }
  template_.push_back(constant(formals_[at].type(), value));
}

void ExportedOperation::set_list(const c10::TypePtr& element_type, const Argument::List& list,
                                 const GivenTensors& given) {
  const std::size_t at = template_.size();
  std::vector<IValue> elements;
  bool has_values = false;
  for (const auto& each : list) {
    const auto* reference = std::get_if<Argument::Value>(&each.is);
    if (reference == nullptr) {
      elements.push_back(constant(element_type, each));
      continue;
    }
    has_values = true;
    const auto tensor = given.find(reference->id);
    places_.push_back({at, static_cast<std::ptrdiff_t>(elements.size()), reference->id, tensor != given.end()});
    elements.push_back(tensor != given.end() ? IValue(tensor->second) : IValue());
  }
  if (has_values) {
    template_.emplace_back();
    lists_.push_back({at, element_type, std::move(elements)});
    return;
  }
  template_.push_back(typed_list(element_type, elements));
}

IValue ExportedOperation::constant(const c10::TypePtr& formal, const Argument& value) const {
  const auto& type = without_optional(formal);
  const auto kind = type->kind();
  const bool any = kind == TypeKind::AnyType;
  const bool takes_number = any || kind == TypeKind::NumberType;
  if (std::holds_alternative<Argument::None>(value.is) && (any || formal->kind() == TypeKind::OptionalType)) return {};
  if (const auto* whole = std::get_if<std::int64_t>(&value.is)) {
    if (kind == TypeKind::TensorType) return tensor_of_number(*whole);
    if (kind == TypeKind::FloatType) return static_cast<double>(*whole);
    if (takes_number || kind == TypeKind::IntType) return *whole;
  }
  if (const auto* number = std::get_if<double>(&value.is)) {
    if (kind == TypeKind::TensorType) return tensor_of_number(*number);
    if (takes_number || kind == TypeKind::FloatType) return *number;
    // What a newer torch takes as any number, an older one takes as a whole one.
    constexpr double exact = 1LL << 53;
    if (kind == TypeKind::IntType && std::trunc(*number) == *number && std::abs(*number) < exact) {
      return static_cast<std::int64_t>(*number);
    }
  }
  if (const auto* flag = std::get_if<bool>(&value.is)) {
    if (kind == TypeKind::TensorType) return tensor_of_number(*flag);
    if (takes_number || kind == TypeKind::BoolType) return *flag;
  }
  if (const auto* text = std::get_if<std::string>(&value.is)) {
    if (kind == TypeKind::StringType) return *text;
  }
  if (const auto* number = std::get_if<Argument::ScalarType>(&value.is)) {
    if (kind == TypeKind::IntType) return static_cast<std::int64_t>(scalar_type_of(number->code, file_));
  }
  // torch/_export/serde/schema.py, Layout and MemoryFormat
  if (const auto* layout = std::get_if<Argument::Layout>(&value.is)) {
    constexpr int strided = 7;
    if (kind == TypeKind::IntType && layout->code == strided) return static_cast<std::int64_t>(c10::Layout::Strided);
  }
  if (const auto* format = std::get_if<Argument::MemoryFormat>(&value.is)) {
    constexpr c10::MemoryFormat formats[] = {c10::MemoryFormat::Contiguous, c10::MemoryFormat::ChannelsLast,
                                             c10::MemoryFormat::ChannelsLast3d, c10::MemoryFormat::Preserve};
    if (kind == TypeKind::IntType && format->code >= 1 && format->code <= 4) {
      return static_cast<std::int64_t>(formats[format->code - 1]);
    }
  }
  if (std::holds_alternative<Argument::Device>(value.is) && kind == TypeKind::DeviceObjType)
    return c10::Device(c10::kCPU);
  refuse("is given an argument of another type than " + type->str());
}

// Which constants depend on whether the network trains, and which on where the file was made.
void ExportedOperation::note_modes() {
  const bool may_have_statistics = name_.find("batch_norm") != std::string::npos || name_ == "aten::instance_norm";
  constexpr std::size_t running_mean = 3;
  // Without running statistics there is nothing else to normalise with than the batch's.
  const bool has_choice = !may_have_statistics || value_at(running_mean).has_value();
  for (std::size_t i = 0; i < formals_.size(); ++i) {
    const auto& argument = formals_[i].name();
    auto& value = template_[i];
    if (has_training_argument(name_, argument) && value.isBool() && has_choice) {
      training_in_file_ = value.toBool();
      if (*training_in_file_) training_ = i;
    }
    if (argument == "dropout_p" && value.isDouble() && value.toDouble() > 0) dropout_rate_ = i;
    // A permission, which a file made without a GPU does not give.
    if ((argument == "cudnn_enabled" || argument == "cudnn_enable") && value.isBool()) value = true;
  }
}

std::optional<ValueId> ExportedOperation::value_at(std::size_t place) const {
  for (const auto& each : places_) {
    if (each.argument == place && each.element < 0) return each.value;
  }
  return std::nullopt;
}

IValue ExportedOperation::constant_at(std::size_t place) const {
  return place < template_.size() && !value_at(place) ? template_[place] : IValue();
}

std::vector<ValueId> ExportedOperation::reads() const {
  std::vector<ValueId> values;
  for (const auto& each : places_) values.push_back(each.value);
  return values;
}

std::vector<ValueId> ExportedOperation::answers() const {
  std::vector<ValueId> values;
  for (const auto& answer : answers_) {
    for (const auto& value : answer.values) {
      if (value) values.push_back(*value);
    }
  }
  return values;
}

std::optional<ValueId> ExportedOperation::changes() const { return changed_ ? value_at(*changed_) : std::nullopt; }

std::optional<ValueId> ExportedOperation::shares() const { return shared_ ? value_at(*shared_) : std::nullopt; }

bool ExportedOperation::is_dropout() const { return name_.find("dropout") != std::string::npos; }

void ExportedOperation::give(ValueId value, const torch::Tensor& tensor) {
  for (auto& place : places_) {
    if (place.value != value) continue;
    place.is_given = true;
    if (place.element < 0) template_[place.argument] = tensor;
    for (auto& list : lists_) {
      if (place.element >= 0 && list.argument == place.argument) {
        list.elements[static_cast<std::size_t>(place.element)] = tensor;
      }
    }
  }
}

void ExportedOperation::ask_for(ValueId value) {
  for (auto& place : places_) {
    if (place.value == value) place.is_given = false;
  }
}

void ExportedOperation::forget_after(ValueId value) {
  const auto last = std::find_if(places_.rbegin(), places_.rend(),
                                 [&](const Place& place) { return place.value == value && !place.is_given; });
  if (last != places_.rend()) last->last = true;
}

torch::jit::Stack ExportedOperation::arguments(std::vector<IValue>& values, const ExportedPass& pass) const {
  auto stack = template_;
  std::vector<List> lists = lists_;
  for (const auto& place : places_) {
    if (place.is_given) continue;
    auto& held = values[place.value];
    IValue value;
    if (place.last) {
      value = std::move(held);
    } else {
      value = held;
    }
    if (place.element < 0) {
      stack[place.argument] = converted(std::move(value), without_optional(formals_[place.argument].type()));
      continue;
    }
    const auto list =
        std::find_if(lists.begin(), lists.end(), [&](const List& each) { return each.argument == place.argument; });
    list->elements[static_cast<std::size_t>(place.element)] = std::move(value);
  }
  for (const auto& list : lists) stack[list.argument] = typed_list(list.element_type, list.elements);
  for (const auto device : devices_) stack[device] = pass.device;
  if (!pass.training && training_) stack[*training_] = false;
  if (!pass.training && dropout_rate_) stack[*dropout_rate_] = 0.0;
  return stack;
}

void ExportedOperation::run(std::vector<IValue>& values, const ExportedPass& pass) const {
  if (!pass.training && only_in_training_) {
    if (changed_) keep({arguments(values, pass)[*changed_]}, values);
    return;
  }
  const at::AutoGradMode mode(differentiable_ && at::GradMode::is_enabled());
  auto stack = arguments(values, pass);
  if (!pass.training && mean_) {
    stack = {at::full_like(stack.front().toTensor(), *mean_)};
  } else {
    function_(stack);
  }
  keep(std::move(stack), values);
}

void ExportedOperation::keep(torch::jit::Stack&& stack, std::vector<IValue>& values) const {
  const auto too_few = [] { throw std::runtime_error("it answers with fewer values than the graph names"); };
  if (stack.size() < answers_.size()) too_few();
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    const auto& names = answers_[i].values;
    if (!answers_[i].is_list) {
      if (names.front()) values[*names.front()] = std::move(stack[i]);
      continue;
    }
    const auto elements = stack[i].toListRef();
    if (elements.size() < names.size()) too_few();
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (names[k]) values[*names[k]] = elements[k];
    }
  }
}

}  // namespace lrfind::model
