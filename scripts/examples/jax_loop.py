"""JAX: no optimizer library, weights as a tuple that every step replaces.

    python3 jax_loop.py
    lrfind exec -- python3 jax_loop.py
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where lrfind_client.py lies
import lrfind_client

MOMENTUM = 0.9


def make_data(count=2000):
    keys = jax.random.split(jax.random.PRNGKey(1), 3)
    labels = jax.random.randint(keys[0], (count,), 0, 5)
    return jax.random.normal(keys[1], (5, 20))[labels] + jax.random.normal(keys[2], (count, 20)), labels


def fresh_weights(seed):
    first, second = jax.random.split(jax.random.PRNGKey(seed % 2**31))
    return (jax.random.normal(first, (20, 64)) * 0.2, jnp.zeros(64), jax.random.normal(second, (64, 5)) * 0.1, jnp.zeros(5))


def loss_of(weights, points, labels):
    w1, b1, w2, b2 = weights
    logits = jax.nn.relu(points @ w1 + b1) @ w2 + b2
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels])


@jax.jit
def train_batch(weights, velocity, lr, points, labels):
    loss, gradient = jax.value_and_grad(loss_of)(weights, points, labels)
    velocity = jax.tree_util.tree_map(lambda v, g: MOMENTUM * v + g, velocity, gradient)
    return jax.tree_util.tree_map(lambda w, v: w - lr * v, weights, velocity), velocity, loss


def main():
    points, labels = make_data()
    for step in lrfind_client.sweep("sgd", momentum=MOMENTUM, batch_size=64, resets=True, rates=[0.05] * 300):
        if step.first:
            weights = fresh_weights(step.seed)
            velocity = jax.tree_util.tree_map(jnp.zeros_like, weights)
            key = jax.random.PRNGKey(step.seed % 2**31)
        key, draw = jax.random.split(key)
        chosen = jax.random.randint(draw, (64,), 0, len(labels))
        weights, velocity, loss = train_batch(weights, velocity, step.lr, points[chosen], labels[chosen])
        step.report(loss)
    print(f"loss {float(loss):.4f}")


if __name__ == "__main__":
    main()
