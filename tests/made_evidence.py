"""One trained network for all measurements, and evidence made of graphs and images by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from trained_networks import trained_reference

from autograder.evidence import Evidence, Record, digest
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from autograder.verify.graph import FrozenModel, read_graph
from autograder.verify.held_out import HeldOut, held_out
from solutions.data import embedded_digits

MakeEvidence = Callable[..., Evidence]


@pytest.fixture(scope="session")
def digits() -> HeldOut:
    return held_out(embedded_digits())


@pytest.fixture(scope="session")
def network() -> keras.Model:
    return trained_reference()


@pytest.fixture(scope="session")
def freeze_model() -> Callable[[keras.Model], FrozenModel]:
    """Take a model over the border, as from one process to the other."""
    return lambda model: read_graph(*freeze(model))


@pytest.fixture(scope="session")
def make_evidence(network: keras.Model) -> MakeEvidence:
    """Evidence of the trained network and of one version of the images, as the recorder would send it."""
    graph, facts = freeze(network)
    model_facts = {"variable": "model", **training_facts(network), **facts}

    def make(images: Any = None, *, variable: str = "visualized_feature", layer_name: str = "") -> Evidence:
        payloads = {digest(graph): graph}
        records = [Record("model", 1, model_facts, digest(graph))]
        if layer_name:
            records.append(Record("names", 1, {"values": {"layer_name": layer_name}}))
        if images is not None:
            array = as_npy(np.asarray(images, np.float32).reshape(-1, 28, 28))
            payloads[digest(array)] = array
            records.append(Record("images", 2, {"variable": variable}, digest(array)))
        return Evidence("graded", (), tuple(records), payloads)

    return make
