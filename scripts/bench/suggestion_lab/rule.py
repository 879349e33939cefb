"""The lrfind rule, reference implementation; plain Python, no packages. src/analysis/lrfind_rule.cpp is the product's.

A trial is a dict of equally long lists, one entry per step, in the order of the steps:
  lr         learning rate of the step
  loss       batch loss before the step's update
  predicted  decrease of the batch's loss that its gradient predicts for its own update: -g_t . d_t
  carried    the same update's predicted decrease on the NEXT batch: -g_{t+1} . d_t
with d_t the weights after the step minus the weights before it, and g the gradient without weight decay; g_{t+1} is
the gradient of the next step's batch at the new weights, so the last step has none (nan). Numbers may be None or not
finite anywhere. `predicted` and `carried` may be missing (a curve of another tool): then the loss alone is used.
"""
import dataclasses
import math
import statistics


@dataclasses.dataclass(frozen=True)
class Constants:
    """Decades, unless said otherwise. Fitted by evaluate.py, which also scores them with each task left out."""

    below_lr: float = 0.8  # suggestion.lr lies this far below the landmark,
    below_peak: float = 0.35  # max_lr this far,
    momentum_shift: float = 0.20  # and both half of this further down with a memory of ten steps, half less with none
    usual_lr: float = 0.30  # the prior's answers lie this far above the rate that people start from
    usual_peak: float = 0.35
    evidence_sd: float = 0.4
    usual_sd: float = 0.4
    outlier: float = 0.15  # probability that the usual rate says nothing
    alignment_weight: float = 0.5  # of the landmark; the rest is the edge's
    loss_below_lr: float = 1.0  # the same with the loss alone
    loss_below_peak: float = 0.65
    loss_sd: float = 0.5
    longer_lr: float = 0.2  # lr lies this far below for ten times as many steps, none above for fewer
    trial_sd: float = 0.15  # what one trial's landmark usually varies by over seeds,
    trial_sd_weight: int = 4  # worth so many trials


RULE = Constants()
USUAL_STEPS = 300  # updates of the trainings that the distances were fitted on
PRIOR_RANGE = 12.0  # decades over which an outlier may lie
USUAL_END = 1.0  # log10 of the rate at which sweeps end: where the edge is put that a shorter range did not reach
# Student's t, 5 % on each side, for 1 to 15 degrees of freedom.
T90 = [
    6.3137515148, 2.91998558036, 2.3533634348, 2.13184678134, 2.01504837267,
    1.94318028039, 1.89457860506, 1.85954803752, 1.83311293265, 1.81246112281,
    1.7958848187, 1.78228755565, 1.77093339599, 1.76131013577, 1.75305035569,
]


def usual_rate(optimizer, momentum=0.0):
    """log10 of the rate that people start from."""
    if optimizer == "sgd":
        return math.log10(0.1 * (1 - momentum))
    return {"adagrad": -2.0, "nadam": math.log10(2e-3), "lion": -4.0, "lamb": math.log10(5e-3)}.get(optimizer, -3.0)


def memory(optimizer, momentum=0.0):
    """How long a gradient acts, in decades of steps: 0 is one step, 1 is ten or more; 0.5 when not known."""
    if not optimizer:
        return 0.5
    if optimizer in ("adam", "adamw", "nadam", "radam", "lion", "lamb"):
        momentum = 0.9  # beta1
    return min(1.0, max(0.0, -math.log10(max(1e-9, 1 - momentum))))


def running_median(values, width):
    half = width // 2
    return [statistics.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))]


def scores_of(votes):
    """Of every cut, both ends included: the votes before it minus those after it."""
    total, before, scores = sum(votes), 0.0, []
    for vote in [*votes, 0.0]:
        scores.append(2 * before - total)
        before += vote
    return scores


def change_point(x, votes, sharpness):
    """Where votes turn from positive to negative.

    The mean of x over all cuts, weighted by exp(sharpness * score). A cut lies half way between neighbours, or at an
    end. Smooth in the votes, so noise moves it little.
    """
    scores = scores_of(votes)
    cuts = [x[0]] + [(a + b) / 2 for a, b in zip(x, x[1:])] + [x[-1]]
    top = max(scores)
    weights = [math.exp(sharpness * (score - top)) for score in scores]
    return sum(w * cut for w, cut in zip(weights, cuts)) / sum(weights)


def finite(value):
    return value is not None and math.isfinite(value)


def edge_of(x, loss):
    """Where the loss rises above 1.2 times its start and stays above 0.9 times its start; and whether it does.

    A network that blew up and died sits near its start again: it is still lost.
    """
    start = statistics.median(loss[:10])
    votes, lost = [], False
    for value in running_median(loss, 3):
        lost = value > (0.9 if lost else 1.2) * start
        votes.append(-1.0 if lost else 1.0)
    scores = scores_of(votes)
    return change_point(x, votes, 1.0), scores[-1] < max(scores)


def alignment_of(x, loss, predicted, carried):
    """Where a step stops pointing downhill for the next batch; None where it was not measured."""
    where, votes = [], []
    for at, value, p, c in zip(x, loss, predicted, carried):
        if finite(p) and finite(c) and abs(p) > 3e-5 * value:  # below that a decrease is float noise
            where.append(at)
            votes.append(max(-1.0, min(1.0, c / abs(p))))
    return change_point(where, votes, 0.5) if len(where) >= 5 else None


def landmarks(trial):
    """One trial's landmarks, log10 of rates: edge, alignment, lowest smoothed loss, where the loss begins to fall."""
    x = [math.log10(lr) for lr in trial["lr"]]
    loss = [value if finite(value) else 1e9 for value in trial["loss"]]
    missing = [None] * len(x)
    smooth = running_median(loss, 5)
    low = smooth.index(min(smooth))
    start = statistics.median(loss[:10])
    high = [i for i in range(low) if smooth[i] > start - 0.1 * (start - smooth[low])]
    alignment = alignment_of(x, loss, trial.get("predicted") or missing, trial.get("carried") or missing)
    edge, reached = edge_of(x, loss)
    if not reached:
        edge += USUAL_END - x[-1]
        if alignment is not None and x[-1] > USUAL_END:
            edge = max(edge, alignment)
    return {
        "edge": edge,
        "alignment": alignment,
        "end": x[-1],
        "reached": reached,
        "lowest": x[low],
        "falls": x[high[-1]] if high else x[0],
    }


def blend(evidence, sd, prior, c=RULE):
    """Posterior mean of log10(rate): evidence ~ N(rate, sd), prior a Gaussian about the usual rate plus a flat tail."""
    variance = sd**2 + c.usual_sd**2
    near = math.exp(-((evidence - prior) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
    near, far = (1 - c.outlier) * near, c.outlier / PRIOR_RANGE
    both = (evidence * c.usual_sd**2 + prior * sd**2) / variance
    return (near * both + far * evidence) / (near + far)


def decide(marks, optimizer=None, momentum=0.0, c=RULE, steps=USUAL_STEPS):
    """The suggestion from the landmarks of one or more trials, for a training of `steps` updates."""
    longer = math.log10(max(steps, USUAL_STEPS) / USUAL_STEPS)
    gradients = all(mark["alignment"] is not None for mark in marks)
    if gradients:
        below_lr, below_peak, sd = c.below_lr, c.below_peak, c.evidence_sd
        weight, other = c.alignment_weight, "alignment"
        shift = c.momentum_shift * (memory(optimizer, momentum) - 0.5)
    else:
        below_lr, below_peak, sd = c.loss_below_lr, c.loss_below_peak, c.loss_sd
        weight, other, shift = 0.5, "lowest", 0.0
    where = [weight * mark[other] + (1 - weight) * mark["edge"] for mark in marks]
    middle, edge = statistics.median(where), statistics.median(mark["edge"] for mark in marks)

    def rate(at, below, above_usual, lower):
        evidence = at - below - shift
        usual = usual_rate(optimizer, momentum) + above_usual if optimizer else None
        return (blend(evidence, sd, usual, c) if optimizer else evidence) - lower * longer

    # Never next to divergence; and a sweep that did not reach it says nothing of rates beyond its end.
    reached = 2 * sum(mark["reached"] for mark in marks) > len(marks)
    end = edge if reached else max(mark["end"] for mark in marks)
    wanted, cap = rate(middle, below_lr, c.usual_lr, c.longer_lr), min(edge - 0.5, end)
    lr = min(wanted, cap)
    peak = max(lr, min(rate(middle, below_peak, c.usual_peak, 0.0), edge - 0.4, end))
    falls = statistics.median(mark["falls"] for mark in marks)

    # 90 % over seeds: variance pooled with what trials usually show, and Student's t.
    freedom = c.trial_sd_weight + len(where) - 1
    squares = sum((w - statistics.mean(where)) ** 2 for w in where) + c.trial_sd_weight * c.trial_sd**2
    half = T90[min(freedom, len(T90)) - 1] * math.sqrt(squares / freedom / len(where))
    slack = half if wanted > cap else 0.0  # where the cap is the answer, it is as uncertain as the landmarks
    ends = [min(rate(middle + side * half, below_lr, c.usual_lr, c.longer_lr), cap + side * slack) for side in (-1, 1)]
    return {
        "log10_min_lr": min(max(falls, peak - 2), peak - 0.6),
        "log10_lr": lr,
        "log10_max_lr": peak,
        "log10_interval": ends,
        "half_width": half,
        "landmarks": marks,
        "where": where,
        "edge": edge,
    }


def suggest(trials, optimizer=None, momentum=0.0):
    """The lrfind rule. `optimizer` is one of lrfind's names; None when not known."""
    return decide([landmarks(trial) for trial in trials], optimizer, momentum)
