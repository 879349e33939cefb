// Results as one page of HTML that needs nothing else: no file beside it, no network.
#pragma once

#include <lrfind/error.hpp>
#include "report/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lrfind::report {

/// A result and how it came about.
struct PageResult {
  NamedResult named;
  std::string command = {};  ///< that measures it again, for a shell; empty: not known
};

/// Whether a file of this name holds a page: it ends in .html or .htm, in any case.
bool is_page(const std::string& path);

/// Why neither a picture nor a page can be made under this name. One sentence.
std::optional<std::string> drawing_problem(const std::string& path);

/// The page: curves whose parts are switched on and off, values under the pointer or by the arrow keys, the
/// suggestions, and tables of what else was measured. Text from the results is never markup or program, whatever it
/// holds. The name of the machine is left out. At least one result; those without a curve too.
std::string page_of(const std::vector<PageResult>& results);

/// Writes the page. Throws Error (output).
void write_page(const std::vector<PageResult>& results, const std::string& path);

}  // namespace lrfind::report
