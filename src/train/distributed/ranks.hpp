// Which of several processes this one is, and where they meet: read from what the launchers leave in the environment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lrfind::train {

/// One process (rank) of those that train together.
struct Ranks {
  int rank = 0, size = 1;
  int local_rank = 0;        ///< its number on its machine, which is the number of its GPU
  int local_size = 1;        ///< how many ranks its machine has, as far as that is known
  std::string host;          ///< where rank 0 listens
  std::uint16_t port = 0;    ///< 0: rank 0 takes any free one and writes it into `meeting_file`
  std::string meeting_file;  ///< ranks on one machine only
  std::string launcher;      ///< "torchrun", "Slurm", "MPI" or "--rendezvous": who said so

  bool several() const { return size > 1; }
};

/// What the command line says of it; empty: what the launcher says.
struct RanksRequest {
  std::string rendezvous;  ///< "tcp://HOST:PORT"
  std::optional<std::int64_t> rank, world_size;
};

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char*)>;

/// Looks for torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), Slurm (SLURM_PROCID, SLURM_NTASKS,
/// SLURM_LOCALID, SLURM_NODELIST, SLURM_JOB_ID) and MPI (OMPI_COMM_WORLD_*, PMIX_*, PMI_*), in this order. A process
/// that no launcher has started, or that is one of one, is alone. Throws Error (usage) where they contradict
/// themselves or do not say where to meet.
Ranks find_ranks(const RanksRequest& request, const Environment& environment);
Ranks find_ranks(const RanksRequest& request = {});

/// The first host of a Slurm node list such as "gpu[03-07,11],login1".
std::string first_host(const std::string& node_list);

}  // namespace lrfind::train
