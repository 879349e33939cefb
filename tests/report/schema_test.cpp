// Results against configs/schema/result-1.schema.json, judged by Python's jsonschema.
#include "platform/write_file.hpp"
#include "report/example.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace lrfind::report {
namespace {

const std::string python = "/usr/bin/python3 -W ignore ";
const std::filesystem::path root = std::filesystem::path(LRFIND_TEST_FILES).parent_path().parent_path().parent_path();
const std::string schema = root / "configs/schema/result-1.schema.json";

class Schema : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(schema)) << schema;
    if (std::system((python + "-c 'import jsonschema' > /dev/null 2>&1").c_str()) != 0) {
      GTEST_SKIP() << "needs Python's jsonschema (Debian: python3-jsonschema)";
    }
  }

  bool accepts(const Json& json) const {
    const TemporaryFolder folder;
    write_file(folder / "result.json", to_text(json));
    const std::string command = python + "-m jsonschema -i '" + (folder / "result.json") + "' '" + schema + "'";
    return std::system((command + " > /dev/null 2>&1").c_str()) == 0;
  }

  bool accepts_with(const std::function<void(Json&)>& change) const {
    Json json = to_json(example_result());
    change(json);
    return accepts(json);
  }
};

TEST_F(Schema, AcceptsAResult) { EXPECT_TRUE(accepts(to_json(example_result()))); }

TEST_F(Schema, AcceptsAnEmptyResult) { EXPECT_TRUE(accepts(to_json(Result()))) << "interrupted before the first step"; }

TEST_F(Schema, AcceptsNonFiniteNumbersAsNull) {
  Result result = example_result();
  result.complete = false;
  result.curve.loss[3] = not_measured;
  result.curve.gain_ratio = std::vector<double>(result.curve.lr.size(), not_measured);
  result.suggestion = {};
  result.timing = {};
  EXPECT_TRUE(accepts(to_json(result)));
}

TEST_F(Schema, AcceptsFurtherKeys) {
  EXPECT_TRUE(accepts_with([](Json& j) { j["mine"] = Json{{"note", "x"}}; }));
}

TEST_F(Schema, RejectsWhatIsMissingOrOfAnotherType) {
  EXPECT_FALSE(accepts_with([](Json& j) { j.erase("timing"); }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["suggestion"].erase("max_lr"); }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["curve"].erase("smoothed_loss"); }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["curve"]["lr"][0] = 0; }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["curve"]["lr"][0] = nullptr; }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["trials"][0]["stopped"] = "later"; }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["suggestion"]["interval"] = {1.0}; }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["dataset"]["unreadable"] = {"a.jpg"}; }));
  EXPECT_FALSE(accepts_with([](Json& j) { j["schema"] = "lrfind/result/2"; }));
}

}  // namespace
}  // namespace lrfind::report
