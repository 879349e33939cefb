"""Keras 3, on whatever backend KERAS_BACKEND names: model.fit() with a callback.

    python3 keras_fit.py
    lrfind exec -- python3 keras_fit.py
"""

import sys
from pathlib import Path

import keras
import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where lrfind_client.py lies
import lrfind_client


def make_data(count=2000):
    draw = numpy.random.default_rng(1)
    labels = draw.integers(5, size=count)
    points = draw.normal(size=(5, 20))[labels] + draw.normal(size=(count, 20))
    return points.astype("float32"), labels


def main():
    keras.utils.set_random_seed(lrfind_client.seed())
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64), keras.layers.BatchNormalization(),
                              keras.layers.ReLU(), keras.layers.Dense(5)])
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    epochs = 10**6 if lrfind_client.started() else 3
    history = model.fit(*make_data(), batch_size=64, epochs=epochs, verbose=0,
                        callbacks=[lrfind_client.keras_callback(batch_size=64)])
    print(f"loss {history.history['loss'][-1]:.4f}")


if __name__ == "__main__":
    main()
