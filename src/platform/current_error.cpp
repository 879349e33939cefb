#include "platform/current_error.hpp"

#include <new>
#include <system_error>

namespace lrfind {

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::system_error& error) {
    return device_error("the machine refused what the run needs (" + error.code().message() +
                        "); raise its limits (ulimit -a) or lower --threads and --workers");
  } catch (const std::bad_alloc&) {
    return device_error("out of memory; lower --batch-size, --image-size or --cache-mb");
  }
}

}  // namespace lrfind
