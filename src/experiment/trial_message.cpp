#include "experiment/trial_message.hpp"

#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace lrfind::experiment {

namespace {

class Writer {
 public:
  template <typename T>
  void operator()(const T& value) requires std::is_trivially_copyable_v<T> {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <typename T>
  void operator()(const std::vector<T>& values) {
    (*this)(values.size());
    for (const auto& value : values) (*this)(value);
  }
  void operator()(const std::string& text) {
    (*this)(text.size());
    bytes_ += text;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  template <typename T>
  void operator()(T& value) requires std::is_trivially_copyable_v<T> {
    std::memcpy(&value, next(sizeof value), sizeof value);
  }
  template <typename T>
  void operator()(std::vector<T>& values) {
    std::size_t size = 0;
    (*this)(size);
    if (size > bytes_.size()) throw std::out_of_range("a message of another rank is cut");
    values.resize(size);
    for (auto& value : values) (*this)(value);
  }
  void operator()(std::string& text) {
    std::size_t size = 0;
    (*this)(size);
    const char* from = next(size);
    text.assign(from, size);
  }

 private:
  const char* next(std::size_t size) {
    if (size > bytes_.size() - at_) throw std::out_of_range("a message of another rank is cut");
    at_ += size;
    return bytes_.data() + at_ - size;
  }

  const std::string& bytes_;
  std::size_t at_ = 0;
};

// What both ways have in common: the parts, in their order.
template <typename Archive, typename Outcome>
void visit(Archive& archive, Outcome& outcome) {
  archive(outcome.failure);
  archive(outcome.failure_kind);
  archive(outcome.run.images);
  archive(outcome.run.timing);
  archive(outcome.run.update_ratios);
  auto& trial = outcome.run.trial;
  archive(trial.seed);
  archive(trial.stopped);
  for (auto* values : {&trial.lr, &trial.loss, &trial.probe_loss, &trial.gain_ratio, &trial.alignment, &trial.val_loss,
                       &trial.val_accuracy}) {
    archive(*values);
  }
}

}  // namespace

std::string to_bytes(const TrialOutcome& outcome) {
  Writer writer;
  visit(writer, outcome);
  return writer.take();
}

TrialOutcome outcome_of(const std::string& bytes) {
  Reader reader(bytes);
  TrialOutcome outcome;
  visit(reader, outcome);
  return outcome;
}

}  // namespace lrfind::experiment
