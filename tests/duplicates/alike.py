"""What students may share: networks, images, and evidence of both."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from solutions.data import embedded_digits, prepare

REPOSITORY = Path(__file__).resolve().parents[2]


def findings(result: dict[str, Any]) -> set[tuple[str, str, str, bool]]:
    """Who shares what, how strong that is, and whether only nearly."""
    groups = [one for group in result["groups"] for one in group["findings"]]
    return {
        (one["cell"] or one["kind"], " ".join(one["students"]), one["strength"], one["nearly"])
        for one in groups + result["weak"]
    }


def build(filters: int = 8) -> keras.Model:
    """Like everybody's network under a fixed seed: the same layers start with the same weights."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((28, 28, 1))]
        + [layers.Conv2D(filters, 3, strides=s, activation="relu", padding="same") for s in (2, 1, 2, 1)]
        + [layers.Flatten(), layers.Dense(10, activation="softmax")]
    )


@functools.cache
def trained(epochs: int = 1, rate: float = 1e-3, filters: int = 8) -> keras.Model:
    digits = prepare(embedded_digits())
    model = build(filters)
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy")
    model.fit(digits.x_train, digits.y_train, epochs=epochs, verbose=0)
    return model


def copy_of(network: keras.Model, noise: float = 0.0) -> keras.Model:
    """A network with the weights of another, put in from outside and not trained."""
    model = build()
    chance = np.random.default_rng(0)
    model.set_weights([w * (1 + noise * chance.standard_normal(w.shape)) for w in network.get_weights()])
    return model


def shown(*models: keras.Model, images: Any = None) -> Evidence:
    """Evidence of one network, in one state after the other, and of images made with the last."""
    records, payloads = [], {}
    for place, model in enumerate(models):
        graph, facts = freeze(model)
        payloads[digest(graph)] = graph
        facts = {"variable": "model", **training_facts(model), **facts}
        records.append(Record("model", place, facts, digest(graph)))
    if images is not None:
        array = as_npy(np.asarray(images, np.float32).reshape(-1, 28, 28))
        payloads[digest(array)] = array
        records.append(Record("images", len(models), {"variable": "visualized_feature"}, digest(array)))
    return Evidence("graded", (), tuple(records), payloads)


def gratings(seed: int, count: int = 16) -> np.ndarray:
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:28, :28]
    across, down, phase = chance.uniform(-1.5, 1.5, (3, count, 1, 1))
    return 20 * np.sin(across * columns + down * rows + phase) + chance.uniform(size=(count, 28, 28))
