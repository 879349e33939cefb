#include "train/distributed/ranks.hpp"

#include <lrfind/error.hpp>

#include <gtest/gtest.h>
#include <map>

namespace lrfind::train {
namespace {

using Variables = std::map<std::string, std::string>;

Ranks ranks_in(const Variables& variables, const RanksRequest& request = {}) {
  return find_ranks(request, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal_of(const Variables& variables, const RanksRequest& request = {}) {
  try {
    ranks_in(variables, request);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
}

TEST(Ranks, AreOneWhereNoLauncherSpeaks) {
  EXPECT_FALSE(ranks_in({}).several());
  EXPECT_FALSE(ranks_in({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).several());
}

TEST(Ranks, OfTorchrunMeetAtTheMaster) {
  const auto ranks = ranks_in({{"RANK", "5"},
                               {"WORLD_SIZE", "8"},
                               {"LOCAL_RANK", "1"},
                               {"LOCAL_WORLD_SIZE", "4"},
                               {"MASTER_ADDR", "node7"},
                               {"MASTER_PORT", "29500"}});
  EXPECT_EQ(ranks.rank, 5);
  EXPECT_EQ(ranks.size, 8);
  EXPECT_EQ(ranks.local_rank, 1);
  EXPECT_EQ(ranks.local_size, 4);
  EXPECT_EQ(ranks.host, "node7");
  EXPECT_EQ(ranks.port, 29500);
}

TEST(Ranks, OfTorchrunLeaveItsOwnPortAlone) {
  Variables variables{{"RANK", "0"},        {"WORLD_SIZE", "2"},     {"LOCAL_WORLD_SIZE", "2"},
                      {"MASTER_PORT", "4"}, {"MASTER_ADDR", "here"}, {"TORCHELASTIC_USE_AGENT_STORE", "True"}};
  EXPECT_EQ(ranks_in(variables).port, 0);
  EXPECT_NE(ranks_in(variables).meeting_file, "");
  variables["LOCAL_WORLD_SIZE"] = "1";
  EXPECT_EQ(ranks_in(variables).port, 5);
  EXPECT_EQ(ranks_in(variables).host, "here");
}

TEST(Ranks, OfSlurmMeetOnTheFirstNode) {
  const Variables task{{"SLURM_PROCID", "3"},  {"SLURM_NTASKS", "4"},
                       {"SLURM_LOCALID", "1"}, {"SLURM_NODELIST", "gpu[03-04]"},
                       {"SLURM_JOB_ID", "17"}, {"SLURM_STEP_ID", "0"}};
  const auto ranks = ranks_in(task);
  EXPECT_EQ(ranks.rank, 3);
  EXPECT_EQ(ranks.size, 4);
  EXPECT_EQ(ranks.local_rank, 1);
  EXPECT_EQ(ranks.host, "gpu03");
  auto other = task;
  other["SLURM_PROCID"] = "0";
  EXPECT_EQ(ranks_in(other).port, ranks.port);
  other["SLURM_JOB_ID"] = "18";
  EXPECT_NE(ranks_in(other).port, ranks.port);
}

TEST(Ranks, OfASlurmBatchScriptAreOne) {
  EXPECT_FALSE(ranks_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "17"}}).several());
}

TEST(Ranks, OfOpenMpiOnOneMachineMeetThroughAFile) {
  const Variables process{{"OMPI_COMM_WORLD_RANK", "1"},
                          {"OMPI_COMM_WORLD_SIZE", "2"},
                          {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                          {"PMIX_NAMESPACE", "job1"}};
  const auto ranks = ranks_in(process);
  EXPECT_EQ(ranks.rank, 1);
  EXPECT_EQ(ranks.size, 2);
  EXPECT_EQ(ranks.host, "127.0.0.1");
  auto other = process;
  other["PMIX_NAMESPACE"] = "job2";
  EXPECT_NE(ranks_in(other).meeting_file, ranks.meeting_file);
}

TEST(Ranks, OfMpiOnSeveralMachinesAskWhereToMeet) {
  const Variables process{
      {"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  EXPECT_NE(refusal_of(process).find("MASTER_ADDR"), std::string::npos);
  auto told = process;
  told["MASTER_ADDR"] = "10.0.0.1";
  told["MASTER_PORT"] = "2000";
  EXPECT_EQ(ranks_in(told).host, "10.0.0.1");
}

TEST(Ranks, FollowTheCommandLine) {
  RanksRequest request{.rendezvous = "tcp://[fe80::1]:1234", .rank = 1, .world_size = 3};
  const auto ranks = ranks_in({{"RANK", "0"}, {"WORLD_SIZE", "9"}}, request);
  EXPECT_EQ(ranks.rank, 1);
  EXPECT_EQ(ranks.size, 3);
  EXPECT_EQ(ranks.host, "fe80::1");
  EXPECT_EQ(ranks.port, 1234);
  EXPECT_FALSE(
      ranks_in({{"RANK", "0"}, {"WORLD_SIZE", "9"}}, {.rendezvous = {}, .rank = {}, .world_size = 1}).several());
}

TEST(Ranks, ThatContradictThemselvesAreRefused) {
  EXPECT_NE(
      refusal_of({{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}}).find("rank 2 of 2"),
      std::string::npos);
  EXPECT_NE(refusal_of({{"RANK", "zero"}, {"WORLD_SIZE", "2"}}).find("RANK is \"zero\""), std::string::npos);
  EXPECT_NE(refusal_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}}).find("MASTER_ADDR"), std::string::npos);
  EXPECT_NE(
      refusal_of({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}}).find("70000"),
      std::string::npos);
  EXPECT_NE(refusal_of({}, {.rendezvous = {}, .rank = 1, .world_size = 2}).find("--rendezvous"), std::string::npos);
  EXPECT_NE(refusal_of({}, {.rendezvous = "tcp://a:1", .rank = {}, .world_size = {}}).find("--rank"),
            std::string::npos);
}

TEST(Ranks, FindTheFirstOfSlurmsHosts) {
  EXPECT_EQ(first_host("login1"), "login1");
  EXPECT_EQ(first_host("a1,b[2-3]"), "a1");
  EXPECT_EQ(first_host("gpu[03-07,11],login1"), "gpu03");
  EXPECT_EQ(first_host("gpu[7]-ib"), "gpu7-ib");
  EXPECT_EQ(first_host("n[12,14-16]"), "n12");
}

}  // namespace
}  // namespace lrfind::train
