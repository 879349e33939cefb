// Files that claim to be programs of torch.export: each is refused in a sentence, or it is one.
#include "model/exported_archive.hpp"
#include "model/exported_network.hpp"
#include "model/python_numbers.hpp"

#include "model/exported_files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace lrfind::model {
namespace {

using nlohmann::json;

const std::string graph = "models/model.json", weights = "data/weights/model_weights_config.json";

class ProgramFile : public testing::Test {
 protected:
  std::string load(const std::string& path) const {
    return refusal_of([&] {
      ExportedNetwork network(path);
      forward_once(network, torch::zeros({2, 3, 8, 8}));
    });
  }
  std::string load(const Entries& entries) const { return load(folder_.write(entries)); }

  // The same file with one of its JSON entries changed.
  template <typename Change>
  std::string changed(const std::string& entry, const Change& change, const std::string& file = "tied") const {
    auto entries = entries_of(exported_file(file));
    auto value = json::parse(entries.at(entry));
    change(value);
    entries[entry] = value.dump();
    return load(entries);
  }
  template <typename Change>
  std::string changed_node(std::size_t node, const Change& change, const std::string& file = "tied") const {
    return changed(
        graph, [&](json& program) { change(program["graph_module"]["graph"]["nodes"][node]); }, file);
  }

  ExportedFolder folder_;
};

#define EXPECT_SAYS(text, words)                            \
  do {                                                      \
    const std::string said = (text);                        \
    EXPECT_NE(said.find(words), std::string::npos) << said; \
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;  \
  } while (false)

TEST_F(ProgramFile, IsTakenAsItIs) {
  EXPECT_EQ(load(entries_of(exported_file("tied"))), "accepted");
  EXPECT_EQ(changed(graph, [](json&) {}), "accepted");
}

TEST_F(ProgramFile, ThatIsCutOffIsRefused) {
  const auto bytes = bytes_of(exported_file("tied"));
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    const auto file = folder_.write_bytes(bytes.substr(0, size));
    EXPECT_NE(refusal_of([&] { load_network(file); }), "accepted") << size;
    const auto said = load(file);
    EXPECT_TRUE(said.find("is damaged") != std::string::npos || said.find("is cut off") != std::string::npos) << said;
  }
}

TEST_F(ProgramFile, WithCompressedEntriesIsRefused) {
  auto bytes = bytes_of(exported_file("tied"));
  for (auto at = bytes.find("PK\1\2"); at != std::string::npos; at = bytes.find("PK\1\2", at + 1)) {
    bytes[at + 10] = 8;  // the method: deflate
    break;
  }
  EXPECT_SAYS(load(folder_.write_bytes(bytes)), "compressed entries");
}

TEST_F(ProgramFile, WithAnyByteChangedIsTakenOrRefused) {
  const auto entries = entries_of(exported_file("stochastic_depth"));
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    auto others = entries;
    auto& text = others[i % 4 == 0 ? weights : graph];
    text[random() % text.size()] = static_cast<char>(' ' + random() % 95);
    refused += load(others) == "accepted" ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST_F(ProgramFile, OfANewerSchemaIsRefused) {
  EXPECT_SAYS(changed(graph, [](json& program) { program["schema_version"]["major"] = 9; }),
              "has schema version 9 of torch 2.");
  // A minor version adds what an older reader may pass over.
  EXPECT_EQ(changed(graph, [](json& program) { program["schema_version"]["minor"] = 99; }), "accepted");
}

TEST_F(ProgramFile, WithAFixedBatchIsRefused) {
  EXPECT_SAYS(load(exported_file("fixed_batch")), "was exported for batches of exactly 5 images");
}

TEST_F(ProgramFile, CallsMathematicalOperatorsAlone) {
  for (const char* target :
       {"torch.ops.aten.from_file.default", "torch.ops.aten.set_.source_Tensor", "torch.ops.aten.resize_.default",
        "torch.ops.prim.Print.default", "torch.ops.mine.own.default", "builtins.eval", "builtins.open", "os.system",
        "_operator.attrgetter", "torch.load"}) {
    EXPECT_SAYS(changed_node(0, [&](json& node) { node["target"] = target; }), "mathematical operators");
  }
  EXPECT_SAYS(changed_node(0, [](json& node) { node["target"] = "torch.ops.aten.mean.nowhere"; }),
              "calls the operator aten::mean.nowhere, which LibTorch");
}

TEST_F(ProgramFile, WithArgumentsThatDoNotFitIsRefused) {
  const auto argument = [&](std::size_t node, std::size_t place, const char* value) {
    return changed_node(node, [&](json& each) { each["inputs"][place]["arg"] = json::parse(value); });
  };
  EXPECT_SAYS(argument(0, 0, R"({"as_tensor": {"name": "nowhere"}})"), "\"nowhere\" is used before it is defined");
  EXPECT_SAYS(argument(1, 0, R"({"as_tensor": {"name": "tanh"}})"),
              "\"tanh\" is used before it is defined");  // a cycle
  EXPECT_SAYS(argument(0, 1, R"({"as_graph": {"name": "g"}})"), "of kind \"as_graph\", which is not supported");
  EXPECT_SAYS(argument(0, 1, R"({"as_custom_obj": {"name": "g", "class_fqn": "x"}})"), "which is not supported");
  EXPECT_SAYS(argument(0, 1, R"({"as_string": "x"})"), "of another type than");
  EXPECT_SAYS(argument(0, 1, R"({"as_float": "NaN"})"), "of another type than");
  EXPECT_SAYS(argument(0, 1, R"({"as_scalar_type": 77})"), "type 77");
  EXPECT_SAYS(argument(0, 1, R"({"as_ints": [99, -77]})"), "cannot be run on images of 3 x 8 x 8");
  EXPECT_SAYS(argument(0, 1, R"({"as_ints": [1.5]})"), "\"as_int\" is no whole number");
  EXPECT_SAYS(argument(0, 1, R"({"as_ints": [18446744073709551615]})"), "\"as_int\" is no whole number");
  EXPECT_SAYS(argument(0, 1, R"({"as_ints": {"as_ints": []}})"), "is no list");
  EXPECT_SAYS(argument(0, 1, "{}"), "no object with one member");
  EXPECT_SAYS(argument(0, 1, "[]"), "no object with one member");
  EXPECT_SAYS(changed_node(0, [](json& node) { node["inputs"][0]["name"] = "unknown"; }), "is not given its argument");
  EXPECT_SAYS(changed_node(0, [](json& node) { node["outputs"] = json::array(); }), "used before it is defined");
  EXPECT_SAYS(changed_node(1, [](json& node) { node["outputs"][0]["as_tensor"]["name"] = "x"; }), "defined twice");
}

TEST_F(ProgramFile, WithTensorsBeyondTheirBytesIsRefused) {
  const auto meta = [&](const char* what, const json& value) {
    return changed(weights, [&](json& list) {
      for (const char* name : {"one.weight", "two.weight"}) list["config"][name]["tensor_meta"][what] = value;
    });
  };
  const auto whole = [](std::int64_t number) { return json::object({{"as_int", number}}); };
  const auto sizes = [&](std::int64_t a, std::int64_t b) { return json::array({whole(a), whole(b)}); };
  EXPECT_SAYS(meta("sizes", sizes(3, 4)), "reaches beyond its data/weights/weight_0");
  EXPECT_SAYS(meta("sizes", sizes(std::int64_t{1} << 40, std::int64_t{1} << 40)), "do not fit");
  EXPECT_SAYS(meta("sizes", sizes(3, std::int64_t{1} << 62)), "is damaged");
  EXPECT_SAYS(meta("sizes", sizes(-3, 3)), "has negative sizes");
  EXPECT_SAYS(meta("strides", sizes(-3, 1)), "has negative strides");
  EXPECT_SAYS(meta("strides", json::array({whole(1)})), "do not fit");
  EXPECT_SAYS(meta("storage_offset", whole(1)), "reaches beyond");
  EXPECT_SAYS(meta("storage_offset", whole(-1)), "do not fit");
  EXPECT_SAYS(meta("storage_offset", whole(std::int64_t{1} << 62)), "is damaged");
  EXPECT_SAYS(meta("dtype", 99), "type 99");
  EXPECT_SAYS(meta("dtype", "NaN"), "\"dtype\" is no whole number");
  EXPECT_SAYS(meta("dtype", 5), "is damaged");  // of 8 bytes each
}

TEST_F(ProgramFile, WithoutItsTensorsIsRefused) {
  const auto weight = [&](const char* what, const json& value) {
    return changed(weights, [&](json& list) { list["config"]["one.bias"][what] = value; });
  };
  EXPECT_SAYS(weight("path_name", "../../../../etc/passwd"), "has no entry");
  EXPECT_SAYS(weight("path_name", "/etc/passwd"), "has no entry");
  EXPECT_SAYS(weight("use_pickle", true), "as Python code (pickle)");
  EXPECT_SAYS(weight("tensor_meta", nullptr), "as Python code (pickle)");
  EXPECT_SAYS(changed(weights, [](json& list) { list["config"].erase("one.bias"); }), "does not hold it");
  auto entries = entries_of(exported_file("tied"));
  entries.erase(weights);
  EXPECT_SAYS(load(entries), "does not hold it");
}

TEST_F(ProgramFile, WithNamesThatLeadOutOfItWritesNothing) {
  auto entries = entries_of(exported_file("tied"));
  entries["../../lrfind-was-here"] = "x";
  EXPECT_EQ(load(entries), "accepted");
  EXPECT_FALSE(std::filesystem::exists(folder_.path("../lrfind-was-here")));
}

TEST_F(ProgramFile, WithAnswersThatAreNoLogitsIsRefused) {
  const auto outputs = [&](const auto& change) {
    return changed(graph, [&](json& program) { change(program["graph_module"]["signature"]["output_specs"]); });
  };
  EXPECT_SAYS(outputs([](json& specs) { specs = json::array(); }),
              "answers with no floating-point tensor [N, classes]");
  EXPECT_SAYS(outputs([](json& specs) { specs.push_back(specs[0]); }), "answers with 2 tensors [N, classes]");
  EXPECT_SAYS(outputs([](json& specs) { specs[0] = json::parse(R"({"gradient_to_parameter": {}})"); }),
              "is not supported");
}

TEST_F(ProgramFile, ThatChangesItsParametersIsRefused) {
  const auto text = changed_node(0, [](json& node) {
    node["target"] = "torch.ops.aten.neg_.default";
    node["inputs"] = json::parse(R"([{"name": "self", "arg": {"as_tensor": {"name": "p_one_weight"}}}])");
  });
  EXPECT_SAYS(text, "changes its parameter \"one.weight\" itself");
}

TEST_F(ProgramFile, ThatIsNoProgramIsRefused) {
  EXPECT_SAYS(refusal_of([&] { load_network(folder_.path("no.pt2")); }), "does not exist");
  EXPECT_SAYS(refusal_of([&] { load_network(folder_.write_bytes("words")); }), "is no program of torch.export");
  auto entries = entries_of(exported_file("tied"));
  entries["models/other.json"] = entries[graph];
  EXPECT_SAYS(load(entries), "holds 2 exported programs");
  EXPECT_SAYS(refusal_of([&] {
                load_network(folder_.write({{"serialized_exported_program.json", "{}"}}));
              }),
              "an old torch exported");
  EXPECT_SAYS(refusal_of([&] { load_network(folder_.write({{"archive_format", "pt2"}})); }), "AOTInductor");
  entries = entries_of(exported_file("tied"));
  entries["data/weights/model.pt"] = "a pickle";
  EXPECT_SAYS(load(entries), "keeps its weights as Python objects (pickle)");
  for (const char* text : {"", "null", "[]", "{}", "{\"graph_module\": 3}", "{\"schema_version\": {\"major\": 8}}"}) {
    entries = entries_of(exported_file("tied"));
    entries[graph] = text;
    EXPECT_SAYS(load(entries), "is damaged");
  }
}

c10::IValue called(const std::string& name, torch::jit::Stack arguments) {
  python_function(name)(arguments);
  return arguments.at(0);
}

TEST(PythonNumbers, FollowPythonsRules) {
  EXPECT_EQ(called("_operator.floordiv", {-7, 2}).toInt(), -4);
  EXPECT_EQ(called("_operator.mod", {-7, 2}).toInt(), 1);
  EXPECT_EQ(called("_operator.mod", {7, -2}).toInt(), -1);
  EXPECT_EQ(called("_operator.truediv", {7, 2}).toDouble(), 3.5);
  EXPECT_EQ(called("_operator.mul", {3, 0.5}).toDouble(), 1.5);
  EXPECT_EQ(called("_operator.pow", {-2, 3}).toInt(), -8);
  EXPECT_EQ(called("_operator.pow", {-1, 1000001}).toInt(), -1);
  EXPECT_EQ(called("math.ceil", {2.1}).toInt(), 3);
  EXPECT_EQ(called("torch.sym_max", {3, 5}).toInt(), 5);
  EXPECT_TRUE(called("_operator.le", {3, 3}).toBool());
  EXPECT_EQ(called("torch.sym_ite", {false, 1, 2}).toInt(), 2);
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(called("_operator.floordiv", {1, 0}), std::domain_error);
  EXPECT_THROW(called("_operator.mod", {1, 0}), std::domain_error);
  EXPECT_THROW(called("_operator.mul", {largest, 2}), std::domain_error);
  EXPECT_THROW(called("_operator.floordiv", {-largest - 1, -1}), std::domain_error);
  EXPECT_THROW(called("_operator.pow", {10, 60}), std::domain_error);
  EXPECT_THROW(called("math.floor", {std::nan("")}), std::domain_error);
  EXPECT_THROW(called("_operator.add", {1}), std::domain_error);
}

}  // namespace
}  // namespace lrfind::model
