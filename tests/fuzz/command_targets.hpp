// What commands make of foreign bytes once they are read, without the program around them.
#pragma once

#include <string_view>

namespace lrfind::fuzz {

/// A config file with the options of sweep; what it resolves to must be read again.
void read_config(std::string_view bytes);
/// The same options on a command line, an argument a line.
void read_arguments(std::string_view bytes);
/// A network's file, as far as it is looked at before LibTorch is given it; also as bare source.
void read_archive(std::string_view bytes);
/// A result through every rule and metric of suggest.
void analyse_result(std::string_view bytes);
/// Results through the axes and drawings of plot.
void draw_result(std::string_view bytes);
/// Numbers through schedule: kind, lengths and rates as they lie in memory.
void make_schedule(std::string_view bytes);

}  // namespace lrfind::fuzz
