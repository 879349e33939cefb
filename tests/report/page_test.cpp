// What a page holds as text; that it works is looked at in a browser (tests/command/page_test.py).
#include "report/page.hpp"

#include "example.hpp"
#include "platform/parse_json.hpp"

#include <gtest/gtest.h>

namespace lrfind::report {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

// What stands between two marks, the first time.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto begin = text.find(before) + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

Json data_of(const std::string& page) {
  return parse_json(between(page, R"(<script type="application/json" id="results">)", "</script>"));
}

TEST(Page, HoldsTheResultAsItIs) {
  Result result = example_result();
  const std::string page = page_of({{{"lr", result}, "lrfind sweep 'photos/my cats'"}});
  const Json data = data_of(page);
  ASSERT_EQ(data.size(), 1U);
  const Json whole = to_json(result);
  for (const char* part : {"curve", "suggestion", "config", "model", "timing"}) EXPECT_EQ(data[0][part], whole[part]);
  EXPECT_EQ(data[0]["command"], "lrfind sweep 'photos/my cats'");
  EXPECT_FALSE(data[0]["tool"].contains("host"));
}

TEST(Page, LetsNoNameOutOfItsText) {
  using std::string_literals::operator""s;
  const std::string hostile = "</script><!--<script>\"'&\0\x1b\xff\xe2\x80\xa8{{script}}</title></pre>"s;
  Result result = example_result();
  result.model.name = result.dataset.path = hostile;
  result.dataset.classes = {hostile};
  result.config[hostile] = hostile;
  const std::string page = page_of({{{hostile, result}, hostile}});
  EXPECT_EQ(count(page, "</script"), 2U);
  EXPECT_EQ(count(page, "<script"), 2U);
  EXPECT_EQ(count(page, "<!--"), 0U);
  EXPECT_EQ(count(page, "</title>"), 1U);
  EXPECT_EQ(count(page, "</pre>"), 1U);
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_EQ(page.find('\xff'), std::string::npos);
  EXPECT_EQ(data_of(page)[0]["dataset"]["classes"][0], parse_json(json_text(hostile)));
}

TEST(Page, KeepsEveryDigitOfASeed) {
  Result result = example_result();
  result.trials[0].seed = 18446744073709551615U;
  EXPECT_EQ(data_of(page_of({{{"lr", result}}}))[0]["trials"][0]["seed"], "18446744073709551615");
}

TEST(Page, ShortensListsThatNobodyReads) {
  Result result = example_result();
  result.dataset.unreadable.assign(5000, {"a.jpg", "empty"});
  const Json dataset = data_of(page_of({{{"lr", result}}}))[0]["dataset"];
  EXPECT_EQ(dataset["unreadable"].size(), 1000U);
  EXPECT_EQ(dataset["unreadable_count"], 5000);
}

TEST(Page, SaysTheAnswerWithoutScriptsToo) {
  Result result = example_result();
  result.suggestion.lr = 0.0213;
  const std::string page = page_of({{{"lr", result}}});
  EXPECT_NE(between(page, "<noscript>", "</noscript>").find("0.0213"), std::string::npos);
}

TEST(Page, IsKnownByItsName) {
  EXPECT_TRUE(is_page("a.html") && is_page("b/a.HTM"));
  EXPECT_FALSE(is_page("a.htmlx") || is_page("html") || is_page("a.svg"));
  EXPECT_FALSE(drawing_problem("a.html"));
  EXPECT_EQ(drawing_problem("a.gif"),
            "cannot draw 'a.gif': the name of a picture ends in .png, .svg or .pdf, that of a page in .html");
}

}  // namespace
}  // namespace lrfind::report
