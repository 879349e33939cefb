#include "model/exported_program.hpp"

#include "model/exported_json.hpp"
#include "platform/excerpt.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <utility>

namespace lrfind::model {

namespace {

using Json = ExportedJson::Json;
using Argument = ExportedArgument;

constexpr int schema_major = 8;

/// Names of values become numbers in the order in which they are defined. A graph within the graph has names of its
/// own.
class Names {
 public:
  explicit Names(const ExportedJson& reader) : read_(reader), scopes_(1) {}

  ValueId define(const std::string& name) {
    bind(name, all_.size());
    all_.push_back(name);
    return all_.size() - 1;
  }
  /// Another name for a value.
  void bind(const std::string& name, ValueId value) {
    if (!scopes_.back().emplace(name, value).second) {
      read_.damaged("the value \"" + excerpt(name) + "\" is defined twice");
    }
  }
  ValueId at(const std::string& name) const {
    const auto found = scopes_.back().find(name);
    if (found == scopes_.back().end()) {
      read_.damaged("the value \"" + excerpt(name) + "\" is used before it is defined");
    }
    return found->second;
  }
  void open() { scopes_.emplace_back(); }
  void close() { scopes_.pop_back(); }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  const ExportedJson& read_;
  std::vector<std::unordered_map<std::string, ValueId>> scopes_;
  std::vector<std::string> all_;
};

class GraphReader {
 public:
  GraphReader(const Json& program, const std::string& file) : read_(file), program_(program), names_(read_) {}

  ExportedProgram result() {
    check_version();
    const auto& module = read_.member(program_, "graph_module");
    const auto& graph = read_.member(module, "graph");
    const auto& signature = read_.member(module, "signature");
    if (const auto* written = read_.find(program_, "torch_version")) {
      result_.torch_version = read_.text(*written, "torch_version");
    }
    read_tensor_facts(graph);
    for (const auto& spec : read_.list_in(signature, "input_specs")) read_input(spec);
    if (user_inputs_ != 1) {
      read_.refuse("takes " + std::to_string(user_inputs_) +
                   " inputs; it must take one, a batch of images [N, channels, height, width]");
    }
    check_images();
    read_nodes(graph, true);
    for (const auto& spec : read_.list_in(signature, "output_specs")) read_output(spec);
    choose_logits(module);
    result_.value_names = names_.take();
    return std::move(result_);
  }

 private:
  void check_version() const {
    const auto& version = read_.member(program_, "schema_version");
    const auto major = read_.integer(read_.member(version, "major"), "major");
    if (major == schema_major) return;
    const auto* written = read_.find(program_, "torch_version");
    read_.refuse(
        "has schema version " + std::to_string(major) +
        (written != nullptr && written->is_string() ? " of torch " + excerpt(written->get<std::string>()) : "") +
        ", and this lrfind reads version " + std::to_string(schema_major) + "; export it again with " +
        (major > schema_major ? "torch 2.9 to 2.14" : "torch 2.9 or newer"));
  }

  void read_tensor_facts(const Json& graph) {
    const auto& values = read_.member(graph, "tensor_values");
    if (!values.is_object()) read_.damaged("\"tensor_values\" is no object");
    for (const auto& [name, facts] : values.items()) facts_.emplace(name, &facts);
  }

  // The value that a member such as {"name": "x"} names.
  std::string name_in(const Json& object) const { return read_.text_in(object, "name"); }

  void add_tensor(ExportedProgram::Holds holds, const Json& spec, const char* name) {
    const auto value = names_.define(name_in(read_.member(spec, "arg")));
    result_.tensors.push_back({holds, read_.text_in(spec, name), value});
  }

  void read_input(const Json& spec) {
    const auto [kind, held] = read_.choice(spec);
    if (kind == "parameter") return add_tensor(ExportedProgram::Holds::parameter, *held, "parameter_name");
    if (kind == "buffer") return add_tensor(ExportedProgram::Holds::buffer, *held, "buffer_name");
    if (kind == "tensor_constant") return add_tensor(ExportedProgram::Holds::constant, *held, "tensor_constant_name");
    if (kind == "constant_input") return;  // None, or a number: the graph holds what follows from it
    if (kind != "user_input") read_.refuse("has an input of kind \"" + excerpt(kind) + "\", which is not supported");
    const auto [argument_kind, argument] = read_.choice(read_.member(*held, "arg"));
    if (argument_kind == "as_none") return;
    ++user_inputs_;
    if (argument_kind != "as_tensor") return;
    images_ = name_in(*argument);
    result_.images = names_.define(images_);
  }

  std::vector<Json> sizes_of(const std::string& value) const {
    const auto found = facts_.find(value);
    if (found == facts_.end()) return {};
    const auto& sizes = read_.list_in(*found->second, "sizes");
    return std::vector<Json>(sizes.begin(), sizes.end());
  }

  void check_images() {
    if (images_.empty()) read_.refuse("takes an input that is no tensor; it must take a batch of images");
    const auto sizes = sizes_of(images_);
    if (sizes.empty()) return;
    if (sizes.size() != 4) {
      read_.refuse("takes a tensor of " + std::to_string(sizes.size()) +
                   " dimensions; it must take a batch of images [N, channels, height, width]");
    }
    for (const auto& size : sizes) {
      const auto* fixed = read_.find(size, "as_int");
      result_.image_sizes.push_back(fixed == nullptr ? ExportedSize() : read_.integer(*fixed, "as_int"));
    }
    if (const auto batch = result_.image_sizes[0]) {
      read_.refuse("was exported for batches of exactly " + std::to_string(*batch) +
                   (*batch == 1 ? " image" : " images") +
                   "; export it for batches of any size: torch.export.export(..., dynamic_shapes=({0: "
                   "torch.export.Dim(\"batch\")},)), as scripts/export_network.py does");
    }
    check_batch(sizes[0]);
  }

  // The batch must be a size of its own, "Symbol('s77', positive=True, integer=True)", not say "Mul(Integer(8), ...)".
  void check_batch(const Json& size) {
    const auto expression = read_.text_in(read_.member(size, "as_expr"), "expr_str");
    const std::string start = "Symbol('";
    const auto end = expression.find('\'', start.size());
    if (expression.rfind(start, 0) != 0 || end == std::string::npos) {
      read_.refuse("takes batches of " + excerpt(expression) + " images only; export it for batches of any size");
    }
    const auto* ranges = read_.find(program_, "range_constraints");
    const auto symbol = expression.substr(start.size(), end - start.size());
    const auto* range = ranges == nullptr ? nullptr : read_.find(*ranges, symbol.c_str());
    const auto* most = range == nullptr ? nullptr : read_.find(*range, "max_val");
    if (most != nullptr && most->is_number_integer()) result_.largest_batch = read_.integer(*most, "max_val");
  }

  Argument list_of(const Json& values, const char* kind, Argument (GraphReader::*one)(const Json&) const) const {
    Argument::List list;
    for (const auto& value : read_.list(values, kind)) list.push_back((this->*one)(value));
    return {std::move(list)};
  }

  Argument tensor(const Json& value) const { return {Argument::Value{names_.at(name_in(value))}}; }
  Argument integer(const Json& value) const { return {read_.integer(value, "as_int")}; }
  Argument number(const Json& value) const { return {read_.number(value, "as_float")}; }
  Argument boolean(const Json& value) const { return {read_.boolean(value, "as_bool")}; }
  Argument text(const Json& value) const { return {read_.text(value, "as_string")}; }
  Argument optional_tensor(const Json& value) const {
    const auto [kind, held] = read_.choice(value);
    return kind == "as_tensor" ? tensor(*held) : Argument{Argument::None{}};
  }
  // A number, or the name of one that the graph computes.
  Argument symbol(const Json& value) const {
    const auto [kind, held] = read_.choice(value);
    if (kind == "as_name") return {Argument::Value{names_.at(read_.text(*held, "as_name"))}};
    if (kind == "as_float") return number(*held);
    if (kind == "as_bool") return boolean(*held);
    return integer(*held);
  }

  Argument read_argument(const Json& argument, const std::string& of) const {
    const auto [kind, held] = read_.choice(argument);
    const auto& value = *held;
    if (kind == "as_tensor") return tensor(value);
    if (kind == "as_none") return {Argument::None{}};
    if (kind == "as_int") return integer(value);
    if (kind == "as_float") return number(value);
    if (kind == "as_bool") return boolean(value);
    if (kind == "as_string") return text(value);
    if (kind == "as_sym_int" || kind == "as_sym_float" || kind == "as_sym_bool") return symbol(value);
    if (kind == "as_optional_tensor") return optional_tensor(value);
    if (kind == "as_scalar_type") return {Argument::ScalarType{read_.code(value, "as_scalar_type")}};
    if (kind == "as_layout") return {Argument::Layout{read_.code(value, "as_layout")}};
    if (kind == "as_memory_format") return {Argument::MemoryFormat{read_.code(value, "as_memory_format")}};
    if (kind == "as_device") return {Argument::Device{}};
    if (kind == "as_tensors") return list_of(value, "as_tensors", &GraphReader::tensor);
    if (kind == "as_ints") return list_of(value, "as_ints", &GraphReader::integer);
    if (kind == "as_floats") return list_of(value, "as_floats", &GraphReader::number);
    if (kind == "as_bools") return list_of(value, "as_bools", &GraphReader::boolean);
    if (kind == "as_optional_tensors") return list_of(value, "as_optional_tensors", &GraphReader::optional_tensor);
    if (kind == "as_sym_ints" || kind == "as_sym_floats" || kind == "as_sym_bools") {
      return list_of(value, "as_sym_ints", &GraphReader::symbol);
    }
    read_.refuse("gives the operator " + excerpt(of) + " an argument of kind \"" + excerpt(kind) +
                 "\", which is not supported");
  }

  // "torch.ops.aten.add.Tensor" is aten::add with the overload Tensor; Python's own functions stay as they are.
  static void set_target(ExportedNode& node, const std::string& target) {
    const std::string operators = "torch.ops.";
    const auto overload = target.rfind('.');
    const auto space = target.find('.', operators.size());
    if (target.rfind(operators, 0) != 0 || space == std::string::npos || space >= overload) {
      node.name = target;
      return;
    }
    node.name = target.substr(operators.size(), space - operators.size()) +
                "::" + target.substr(space + 1, overload - space - 1);
    node.overload = target.substr(overload + 1);
    if (node.overload == "default") node.overload.clear();
  }

  void read_nodes(const Json& graph, bool differentiable) {
    for (const auto& node : read_.list_in(graph, "nodes")) {
      const auto target = read_.text_in(node, "target");
      if (target == "torch.ops.higher_order.wrap_with_set_grad_enabled") {
        const auto& enabled = read_.member(input(node, 0), "as_bool");
        read_part(node, 1, differentiable && read_.boolean(enabled, "as_bool"));
      } else if (target == "torch.ops.higher_order.wrap_with_autocast") {
        read_part(node, 4, differentiable);  // which precision to use is asked of lrfind
      } else {
        result_.nodes.push_back(read_node(node));
        result_.nodes.back().differentiable = differentiable;
      }
    }
  }

  const Json& input(const Json& node, std::size_t place) const {
    const auto& inputs = read_.list_in(node, "inputs");
    if (place >= inputs.size()) read_.damaged("an operator lacks its arguments");
    return read_.member(inputs[place], "arg");
  }

  // A value of a graph within the graph, by its name.
  std::string name_of(const Json& argument) const {
    const auto [kind, held] = read_.choice(argument);
    if (kind == "as_tensor") return name_in(*held);
    if (kind == "as_sym_int" || kind == "as_sym_float" || kind == "as_sym_bool") return read_.text_in(*held, "as_name");
    read_.refuse("has a graph within its graph with a value of kind \"" + excerpt(kind) + "\", which is not supported");
  }

  // What torch.no_grad or torch.autocast is around lies in a graph of its own, which is read into this one.
  void read_part(const Json& node, std::size_t place, bool differentiable) {
    const auto& part = read_.member(read_.member(input(node, place), "as_graph"), "graph");
    const auto& inner = read_.list_in(part, "inputs");
    std::vector<ValueId> given;
    for (std::size_t i = 0; i < inner.size(); ++i) given.push_back(names_.at(name_of(input(node, place + 1 + i))));
    names_.open();
    for (std::size_t i = 0; i < inner.size(); ++i) names_.bind(name_of(inner[i]), given[i]);
    read_nodes(part, differentiable);
    std::vector<ValueId> answers;
    for (const auto& output : read_.list_in(part, "outputs")) answers.push_back(names_.at(name_of(output)));
    names_.close();
    std::vector<std::string> outer;
    for (const auto& output : read_.list_in(node, "outputs")) {
      const auto [kind, held] = read_.choice(output);
      if (kind == "as_tensors") {
        for (const auto& each : read_.list(*held, "as_tensors")) outer.push_back(name_in(each));
      } else {
        outer.push_back(name_of(output));
      }
    }
    if (outer.size() > answers.size()) read_.damaged("a graph within its graph answers with too little");
    for (std::size_t i = 0; i < outer.size(); ++i) names_.bind(outer[i], answers[i]);
  }

  ExportedNode read_node(const Json& from) {
    ExportedNode node;
    set_target(node, read_.text_in(from, "target"));
    for (const auto& input : read_.list_in(from, "inputs")) {
      node.inputs.push_back({name_in(input), read_argument(read_.member(input, "arg"), node.target())});
    }
    for (const auto& output : read_.list_in(from, "outputs"))
      node.outputs.push_back(read_result(output, node.target()));
    return node;
  }

  ExportedNode::Output read_result(const Json& output, const std::string& of) {
    const auto [kind, held] = read_.choice(output);
    if (kind == "as_tensor") return {false, {names_.define(name_in(*held))}};
    if (kind == "as_tensors") {
      ExportedNode::Output result{true, {}};
      for (const auto& each : read_.list(*held, "as_tensors")) result.values.emplace_back(names_.define(name_in(each)));
      return result;
    }
    if (kind == "as_sym_int" || kind == "as_sym_float" || kind == "as_sym_bool") {
      const auto* name = read_.find(*held, "as_name");
      if (name != nullptr) return {false, {names_.define(read_.text(*name, "as_name"))}};
      return {false, {std::nullopt}};
    }
    if (kind == "as_none" || kind == "as_int" || kind == "as_float" || kind == "as_bool")
      return {false, {std::nullopt}};
    read_.refuse("has an operator " + excerpt(of) + " with a result of kind \"" + excerpt(kind) +
                 "\", which is not supported");
  }

  void read_output(const Json& spec) {
    const auto [kind, held] = read_.choice(spec);
    if (kind == "user_output") {
      const auto [argument_kind, argument] = read_.choice(read_.member(*held, "arg"));
      outputs_.push_back(argument_kind == "as_tensor" ? name_in(*argument) : std::string());
    } else if (kind == "buffer_mutation") {
      result_.buffer_updates.push_back(
          {read_.text_in(*held, "buffer_name"), names_.at(name_in(read_.member(*held, "arg")))});
    } else if (kind != "user_input_mutation" && kind != "token") {
      read_.refuse("has an output of kind \"" + excerpt(kind) + "\", which is not supported");
    }
  }

  // Whether a value may be logits [N, classes], as far as the file says.
  bool may_be_logits(const std::string& value) const {
    if (value.empty()) return false;
    const auto found = facts_.find(value);
    if (found == facts_.end()) return true;
    const auto type = read_.integer(read_.member(*found->second, "dtype"), "dtype");
    const bool floating = type == 6 || type == 7 || type == 8 || type == 13;
    return floating && sizes_of(value).size() == 2;
  }

  // Which answer a dictionary calls "logits"; -1: none, or it is no dictionary of tensors alone.
  std::ptrdiff_t place_called_logits(const Json& module) const {
    const auto* calls = read_.find(module, "module_call_graph");
    if (calls == nullptr || !calls->is_array() || calls->empty()) return -1;
    const auto* signature = read_.find(calls->front(), "signature");
    const auto* spec = signature == nullptr ? nullptr : read_.find(*signature, "out_spec");
    if (spec == nullptr || !spec->is_string()) return -1;
    // [1, {"type": "...ImageClassifierOutput", "context": "[\"logits\", ...]", "children_spec": [...]}]
    try {
      const auto tree = parse_json(spec->get<std::string>());
      const auto keys = parse_json(tree.at(1).at("context").get<std::string>());
      const auto& children = tree.at(1).at("children_spec");
      if (!keys.is_array() || keys.size() != children.size()) return -1;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!children[i].at("children_spec").empty()) return -1;
        if (keys[i] == "logits") return static_cast<std::ptrdiff_t>(i);
      }
    } catch (const JsonError&) {
    } catch (const nlohmann::json::exception&) {  // of a shape that no dictionary has
    }
    return -1;
  }

  void choose_logits(const Json& module) {
    std::vector<std::string> fitting;
    for (const auto& output : outputs_) {
      if (may_be_logits(output)) fitting.push_back(output);
    }
    const auto called = place_called_logits(module);
    if (called >= 0 && called < std::ssize(outputs_) && may_be_logits(outputs_[static_cast<std::size_t>(called)])) {
      fitting = {outputs_[static_cast<std::size_t>(called)]};
    }
    if (fitting.size() == 1) {
      result_.logits = names_.at(fitting.front());
      return;
    }
    read_.refuse((fitting.empty() ? "answers with no floating-point tensor [N, classes]"
                                  : "answers with " + std::to_string(fitting.size()) + " tensors [N, classes]") +
                 std::string("; it must answer with one, alone or in a tuple, list or dictionary"));
  }

  ExportedJson read_;
  const Json& program_;
  Names names_;
  ExportedProgram result_;
  std::unordered_map<std::string, const Json*> facts_;
  int user_inputs_ = 0;
  std::string images_;
  std::vector<std::string> outputs_;  // empty: no tensor
};

}  // namespace

ExportedProgram parse_exported_program(std::string_view json, const std::string& file) {
  const auto program = ExportedJson(file).parse(json, "its graph");
  return GraphReader(program, file).result();
}

}  // namespace lrfind::model
