// What the analysis found, with the flags to type.
#pragma once

#include <lrfind/suggest.hpp>

namespace lrfind::report {

/// The suggestion with every reason's advice in its message, in terms of the command line's flags; none is left apart.
Suggestion with_flags(Suggestion suggestion);

}  // namespace lrfind::report
