// What targets share: a place for files, and which ends of a reader are answers.
#pragma once

#include <lrfind/error.hpp>
#include <platform/parse_json.hpp>

#include <string>
#include <string_view>

namespace lrfind::fuzz {

/// Writes a file into a folder of this process, in memory where there is such a place, and returns its path.
std::string written(const std::string& name, std::string_view bytes);

/// That folder.
std::string folder();

/// A message that steers the terminal or fills it would be a finding too, were it not for what prints it.
template <typename Read>
void expect_answer(const Read& read) {
  try {
    read();
  } catch (const Error&) {  // one sentence for the person
  } catch (const JsonError&) {
  }
}

}  // namespace lrfind::fuzz
