#include "experiment/team.hpp"

#include "platform/excerpt.hpp"
#include "platform/interrupted.hpp"

#include <lrfind/error.hpp>

#include <nlohmann/json.hpp>

namespace lrfind::experiment {

Team::Team(const TeamSettings& settings)
    : settings_(settings), ranks_(train::find_ranks({settings.rendezvous, settings.rank, settings.world_size})) {}

Team::~Team() = default;

void Team::join(train::Engine& engine) {
  if (alone()) return;
  group_ = engine.join(ranks_, settings_.timeout_s, shares_trials());
  facts_.insert(facts_.begin(), {"the version of LibTorch", engine.libtorch_version()});
  require_alike(facts_);
}

bool Team::speaks() const { return group_ == nullptr || group_->speaks(); }

bool Team::stop_now(const std::stop_token& stop) const {
  if (group_ == nullptr || shares_trials()) return stop.stop_requested();
  group_->ask_to_stop(stop.stop_requested());
  return group_->agreed_to_stop();
}

bool Team::agreed(bool mine) { return of_first(mine ? "yes" : "no") == "yes"; }

std::vector<std::string> Team::exchange(const std::string& mine, Waiting waiting) {
  return group_ == nullptr ? std::vector<std::string>{mine} : group_->exchange(mine, waiting);
}

std::string Team::of_first(const std::string& mine) { return group_ == nullptr ? mine : group_->of_first(mine); }

std::int64_t Team::sum(std::int64_t mine) {
  std::int64_t total = 0;
  for (const auto& each : exchange(std::to_string(mine))) total += std::stoll(each);
  return total;
}

void Team::require_alike(const Facts& facts) {
  if (group_ == nullptr) return;
  const auto all = exchange(nlohmann::json(facts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const auto first = nlohmann::json::parse(all.front());
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    const auto other = nlohmann::json::parse(all[rank]);
    for (std::size_t i = 0; i < first.size() && i < other.size(); ++i) {
      if (first[i] == other[i]) continue;
      const auto quoted = [](const nlohmann::json& fact) { return excerpt(fact[1].get<std::string>()); };
      throw usage_error("rank " + std::to_string(rank) + " differs from rank 0 in " + first[i][0].get<std::string>() +
                        ": " + quoted(other[i]) + ", not " + quoted(first[i]) +
                        "; start every rank with the same program, command line and data");
    }
  }
}

void Team::abandon() noexcept {
  if (group_ == nullptr) return;
  try {
    throw;
  } catch (const Error& error) {
    group_->abandon(error.kind(), error.what());
  } catch (const Interrupted&) {
    group_->abandon(ErrorKind::device, "");
  } catch (const std::exception& error) {
    group_->abandon(ErrorKind::device, error.what());
  }
}

void Team::abandon(ErrorKind kind, const std::string& sentence) noexcept {
  if (group_ != nullptr) group_->abandon(kind, sentence);
}

int Team::together(const std::function<int()>& work) {
  try {
    const int status = work();
    if (group_ != nullptr) group_->leave();
    return status;
  } catch (...) {
    abandon();
    throw;
  }
}

}  // namespace lrfind::experiment
