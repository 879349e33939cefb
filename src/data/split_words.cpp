#include <data/split_words.hpp>
#include <data/table.hpp>

#include <algorithm>
#include <array>

namespace lrfind::data {
namespace {

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::optional<SplitRole> role_of_word(std::string_view word) {
  constexpr std::array<std::string_view, 4> train{"train", "training", "trn", "trainset"};
  // FER-2013 calls its validation images PublicTest and its test images PrivateTest.
  constexpr std::array<std::string_view, 9> val{"val",         "valid", "validation", "validate",  "dev",
                                                "development", "eval",  "evaluation", "publictest"};
  constexpr std::array<std::string_view, 5> test{"test", "testing", "tst", "testset", "privatetest"};
  const std::string small = lower_case(std::string(word));
  if (is_one_of(train, small)) return SplitRole::train;
  if (is_one_of(val, small)) return SplitRole::val;
  if (is_one_of(test, small)) return SplitRole::test;
  return std::nullopt;
}

std::optional<bool> truth_of_word(std::string_view word) {
  constexpr std::array<std::string_view, 6> yes{"true", "t", "1", "1.0", "yes", "y"};
  constexpr std::array<std::string_view, 6> no{"false", "f", "0", "0.0", "no", "n"};
  const std::string small = lower_case(std::string(word));
  if (is_one_of(yes, small)) return true;
  if (is_one_of(no, small)) return false;
  return std::nullopt;
}

}  // namespace lrfind::data
