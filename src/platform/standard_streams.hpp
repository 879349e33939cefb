// stdin, stdout and stderr as a shell leaves them, whatever the program was started with.
#pragma once

namespace lrfind::platform {

/// Opens what of descriptors 0, 1 and 2 is closed, so that no file takes the number and gets what is meant for people
/// or for a script. Reading or writing them goes on to fail, as with a closed one.
void open_standard_descriptors();

/// Throws Error (output) when it can be known now that stdout takes nothing: it is closed, or /dev/full.
void check_stdout();

}  // namespace lrfind::platform
