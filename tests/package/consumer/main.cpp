// Gradient descent on f(w) = w^2 / 2 by a program that knows nothing of LibTorch: from w, a step at rate r ends at
// (1 - r) w, so the loss falls for rates below 2 and grows above.
#include <lrfind/range_test.hpp>
#include <lrfind/suggest.hpp>

#include <cmath>
#include <iostream>

int main() {
  double weight = 1;
  lrfind::RangeTestOptions options;
  options.min_lr = 1e-4;
  options.max_lr = 100;
  const lrfind::Trial trial = lrfind::range_test(
      [&weight](double lr) {
        const double loss = weight * weight / 2;
        weight -= lr * weight;
        return loss;
      },
      options);
  if (trial.stopped != lrfind::Stopped::diverged || trial.lr.back() <= 2 || trial.loss.front() != 0.5) {
    std::cerr << "the range test ended at rate " << trial.lr.back() << ", " << to_string(trial.stopped) << '\n';
    return 1;
  }

  const lrfind::Suggestion suggestion = lrfind::suggest(trial.lr, trial.loss);
  if (!suggestion.lr || *suggestion.lr <= options.min_lr || *suggestion.lr >= 2) {
    std::cerr << "the suggestion is " << suggestion.lr.value_or(NAN) << ", where rates above 2 diverge\n";
    return 1;
  }
  std::cout << "suggested " << *suggestion.lr << '\n';
}
