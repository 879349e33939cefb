"""Lion, LARS and LAMB for equality_test.py, written from their papers with timm's choices, parameter by parameter.

Where timm is installed, equality_test.py holds these against it.
"""

import torch


class Reference(torch.optim.Optimizer):
    def __init__(self, groups, **options):
        super().__init__(groups, {"lr": 1.0, **options})

    def gradients(self):
        return [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]

    @torch.no_grad()
    def step(self):
        scale = self.scale()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                state["steps"] = state.get("steps", 0) + 1
                p.sub_(group["lr"] * self.direction(p, p.grad * scale, state, group))

    def scale(self):
        return 1.0


class Lion(Reference):
    """Chen et al. 2023, algorithm 2."""

    def direction(self, p, g, state, group):
        m = state.setdefault("m", torch.zeros_like(p))
        update = torch.sign(m + (1 - 0.9) * (g - m)) + group["weight_decay"] * p
        m.add_(g - m, alpha=1 - 0.99)
        return update


class Lars(Reference):
    """You, Gitman and Ginsburg 2017, algorithm 1; nothing is adapted without weight decay."""

    def direction(self, p, g, state, group):
        decay, momentum = group["weight_decay"], group["momentum"]
        if decay:
            weights, gradient = p.norm(), g.norm()
            trust = 1e-3 * weights / (gradient + decay * weights + 1e-8) if weights > 0 and gradient > 0 else 1.0
            g = trust * (g + decay * p)
        if not momentum:
            return g
        v = state["v"] = momentum * state.get("v", torch.zeros_like(p)) + g
        return g + momentum * v if group["nesterov"] else v


class Lamb(Reference):
    """You et al. 2019, algorithm 2, the whole gradient clipped to a norm of 1; nothing is adapted without weight decay."""

    def scale(self):
        norm = torch.cat([g.reshape(-1) for g in self.gradients()]).norm()
        return 1 / max(norm.item(), 1.0)

    def direction(self, p, g, state, group):
        steps, decay = state["steps"], group["weight_decay"]
        m = state["m"] = 0.9 * state.get("m", torch.zeros_like(p)) + 0.1 * g
        v = state["v"] = 0.999 * state.get("v", torch.zeros_like(p)) + 0.001 * g * g
        update = m / (1 - 0.9**steps) / ((v / (1 - 0.999**steps)).sqrt() + 1e-6)
        if decay:
            update = update + decay * p
            weights, size = p.norm(), update.norm()
            update = update * (weights / size if weights > 0 and size > 0 else 1.0)
        return update
