#include "train/distributed/ranks.hpp"

#include <lrfind/error.hpp>

#include <unistd.h>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace lrfind::train {

namespace {

std::string text_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

std::optional<int> number_in(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int> number_of(const Environment& environment, const char* name) {
  const auto text = text_of(environment, name);
  if (text.empty()) return std::nullopt;
  const auto number = number_in(text);
  if (!number)
    throw usage_error(std::string(name) + " is \"" + text + "\" in the environment; it takes a whole number");
  return number;
}

// The first of these variables that is set.
std::optional<int> first_number_of(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto number = number_of(environment, name)) return number;
  }
  return std::nullopt;
}

std::uint16_t port_in(const std::string& text, const std::string& where) {
  const auto port = number_in(text);
  if (!port || *port < 1 || *port > 65535)
    throw usage_error(where + " is \"" + text + "\"; a port is a number from 1 to 65535");
  return static_cast<std::uint16_t>(*port);
}

// FNV-1a (Fowler, Noll and Vo): the same for all processes of a job.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

void require_fitting(const Ranks& ranks) {
  if (ranks.size >= 1 && ranks.rank >= 0 && ranks.rank < ranks.size) return;
  throw usage_error(ranks.launcher + " says that this process is rank " + std::to_string(ranks.rank) + " of " +
                    std::to_string(ranks.size) + "; ranks count from 0 to one below their number");
}

// MASTER_ADDR and MASTER_PORT, where they are set.
bool meet_at_master(Ranks& ranks, const Environment& environment) {
  ranks.host = text_of(environment, "MASTER_ADDR");
  const auto port = text_of(environment, "MASTER_PORT");
  if (ranks.host.empty() || port.empty()) return false;
  ranks.port = port_in(port, "MASTER_PORT");
  return true;
}

// Processes on one machine meet through a file that the name of their job finds.
void meet_by_file(Ranks& ranks, const std::string& job) {
  std::error_code none;
  auto folder = std::filesystem::temp_directory_path(none);
  if (none) folder = "/tmp";
  ranks.host = "127.0.0.1";
  ranks.port = 0;
  ranks.meeting_file = folder / ("lrfind-ranks-" + std::to_string(getuid()) + "-" + std::to_string(hash_of(job)));
}

void meet_beside_torchrun(Ranks& ranks, const Environment& environment) {
  if (ranks.local_size == ranks.size) {
    meet_by_file(ranks, text_of(environment, "TORCHELASTIC_RUN_ID") + ":" + std::to_string(ranks.port) + ":" +
                            text_of(environment, "TORCHELASTIC_RESTART_COUNT"));
  } else {
    ranks.port = static_cast<std::uint16_t>(ranks.port == 65535 ? 65534 : ranks.port + 1);
  }
}

std::optional<Ranks> of_torchrun(const Environment& environment) {
  const auto rank = number_of(environment, "RANK");
  const auto size = number_of(environment, "WORLD_SIZE");
  if (!rank || !size) return std::nullopt;
  Ranks ranks{.rank = *rank, .size = *size, .host = {}, .meeting_file = {}, .launcher = "torchrun"};
  ranks.local_rank = number_of(environment, "LOCAL_RANK").value_or(*rank);
  ranks.local_size = number_of(environment, "LOCAL_WORLD_SIZE").value_or(1);
  const bool met = meet_at_master(ranks, environment);
  // There torchrun itself listens, in a protocol that may be another version's.
  if (met && text_of(environment, "TORCHELASTIC_USE_AGENT_STORE") == "True") meet_beside_torchrun(ranks, environment);
  if (!met && ranks.several()) {
    throw usage_error(
        "RANK and WORLD_SIZE are set, but not MASTER_ADDR and MASTER_PORT, so the " + std::to_string(*size) +
        " ranks do not know where to meet; start them with torchrun, or give --rendezvous tcp://HOST:PORT");
  }
  return ranks;
}

// A batch script runs once, as task 0, outside any step: it is alone, whatever the job has asked for.
bool in_batch_script(const Environment& environment, int rank) {
  return rank == 0 && environment("SLURM_JOB_ID") != nullptr && environment("SLURM_STEP_ID") == nullptr &&
         environment("SLURM_STEPID") == nullptr;
}

std::optional<Ranks> of_slurm(const Environment& environment) {
  const auto rank = number_of(environment, "SLURM_PROCID");
  const auto size = first_number_of(environment, {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS"});
  if (!rank || !size || in_batch_script(environment, *rank)) return std::nullopt;
  Ranks ranks{.rank = *rank, .size = *size, .host = {}, .meeting_file = {}, .launcher = "Slurm"};
  ranks.local_rank = number_of(environment, "SLURM_LOCALID").value_or(*rank);
  // "2" or "2(x3),1": of the first kind of node.
  const auto tasks = text_of(environment, "SLURM_STEP_TASKS_PER_NODE");
  ranks.local_size = number_in(tasks.substr(0, tasks.find_first_of("(,"))).value_or(1);
  if (!ranks.several() || meet_at_master(ranks, environment)) return ranks;
  auto nodes = text_of(environment, "SLURM_STEP_NODELIST");
  if (nodes.empty()) nodes = text_of(environment, "SLURM_NODELIST");
  if (nodes.empty()) nodes = text_of(environment, "SLURM_JOB_NODELIST");
  if (nodes.empty()) {
    throw usage_error("Slurm started " + std::to_string(*size) +
                      " tasks, but SLURM_NODELIST is not set, so they do not know where to meet; give --rendezvous "
                      "tcp://HOST:PORT");
  }
  ranks.host = first_host(nodes);
  // A port that all tasks of the step know and that another step is unlikely to have.
  const auto step = text_of(environment, "SLURM_JOB_ID") + "." + text_of(environment, "SLURM_STEP_ID");
  ranks.port = static_cast<std::uint16_t>(20000 + hash_of(step) % 10000);
  return ranks;
}

std::optional<Ranks> of_mpi(const Environment& environment) {
  const auto rank = first_number_of(environment, {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"});
  const auto size = first_number_of(environment, {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"});
  if (!rank || !size) return std::nullopt;
  Ranks ranks{.rank = *rank, .size = *size, .host = {}, .meeting_file = {}, .launcher = "MPI"};
  ranks.local_rank =
      first_number_of(environment, {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "PALS_LOCAL_RANKID"})
          .value_or(*rank);
  if (!ranks.several() || meet_at_master(ranks, environment)) return ranks;
  ranks.local_size = first_number_of(environment, {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"}).value_or(*size);
  std::string job;
  for (const char* name :
       {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_hnp_uri", "PMI_ID", "HYDI_CONTROL_FD"})
    job += text_of(environment, name);
  if (ranks.local_size != *size) {
    throw usage_error("MPI started " + std::to_string(*size) +
                      " ranks on several machines, and none of them says where to meet; set MASTER_ADDR and "
                      "MASTER_PORT (mpirun -x), or give --rendezvous tcp://HOST:PORT with the machine of rank 0");
  }
  meet_by_file(ranks, job.empty() ? std::to_string(getppid()) : job);
  return ranks;
}

Ranks of_command_line(const RanksRequest& request, const std::optional<Ranks>& launched) {
  const std::string start = "tcp://";
  const auto colon = request.rendezvous.rfind(':');
  if (request.rendezvous.rfind(start, 0) != 0 || colon <= start.size()) {
    throw usage_error("--rendezvous is \"" + request.rendezvous +
                      "\"; it takes tcp://HOST:PORT, where rank 0 will listen");
  }
  Ranks ranks = launched.value_or(Ranks{});
  if (request.rank) ranks.rank = static_cast<int>(*request.rank);
  if (request.world_size) ranks.size = static_cast<int>(*request.world_size);
  if (!launched && (!request.rank || !request.world_size)) {
    throw usage_error("--rendezvous needs --rank and --world-size, because no launcher says them");
  }
  ranks.launcher = "--rendezvous";
  ranks.host = request.rendezvous.substr(start.size(), colon - start.size());
  if (ranks.host.size() > 2 && ranks.host.front() == '[' && ranks.host.back() == ']')
    ranks.host = ranks.host.substr(1, ranks.host.size() - 2);
  ranks.port = port_in(request.rendezvous.substr(colon + 1), "the port of --rendezvous");
  ranks.meeting_file.clear();
  return ranks;
}

}  // namespace

std::string first_host(const std::string& node_list) {
  const auto end = node_list.find_first_of("[,");
  std::string host = node_list.substr(0, end);
  if (end == std::string::npos || node_list[end] == ',') return host;
  const auto first_end = node_list.find_first_of("-,]", end);
  host += node_list.substr(end + 1, first_end == std::string::npos ? first_end : first_end - end - 1);
  const auto close = node_list.find(']', end);
  if (close == std::string::npos) return host;
  return host + node_list.substr(close + 1, node_list.find_first_of("[,", close) - close - 1);
}

Ranks find_ranks(const RanksRequest& request, const Environment& environment) {
  const bool alone = request.world_size == 1;
  if (request.rendezvous.empty() && (request.rank || (request.world_size && !alone))) {
    throw usage_error("--rank and --world-size need --rendezvous tcp://HOST:PORT, where rank 0 will listen");
  }
  if (alone) return {};
  std::optional<Ranks> ranks;
  if (request.rendezvous.empty() || !request.rank || !request.world_size) {
    ranks = of_torchrun(environment);
    if (!ranks) ranks = of_slurm(environment);
    if (!ranks) ranks = of_mpi(environment);
  }
  if (!request.rendezvous.empty()) ranks = of_command_line(request, ranks);
  if (!ranks) return {};
  require_fitting(*ranks);
  return ranks->several() ? *ranks : Ranks{};
}

Ranks find_ranks(const RanksRequest& request) {
  return find_ranks(request, [](const char* name) { return static_cast<const char*>(std::getenv(name)); });
}

}  // namespace lrfind::train
