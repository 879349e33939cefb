// The sources of the page (page/), put into the program by page/embed.cmake.
#pragma once

#include <string_view>

namespace lrfind::report::page_parts {

extern const std::string_view page;         ///< the page without results: {{words}} stand for what page.cpp puts in
extern const std::string_view style;        ///< its style sheet
extern const std::string_view script;       ///< its program
extern const std::string_view style_hash;   ///< "sha256-...", as Content-Security-Policy names the style sheet
extern const std::string_view script_hash;  ///< the same of the program

}  // namespace lrfind::report::page_parts
