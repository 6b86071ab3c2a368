"""The second exercise: which regions of a spin lattice lead a network to its decision on the phase.

A network whose last convolution is followed by global average pooling and one Dense layer says
z_c = b_c + mean over (h, w) of M_c(h, w), where M_c(h, w) = sum over k of w_kc F_k(h, w) is the class activation map
of class c, F_k are the feature maps, and w_kc the weights of the Dense layer (Zhou, Khosla, Lapedriza, Oliva and
Torralba, Learning deep features for discriminative localization, CVPR 2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

SIDE = 32  # spins in a row
PHASES = ("ordered", "disordered")
FEATURES, POOLING = "features", "pooling"  # layers of the network

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ActivationMaps:
    """Class activation maps of some lattices, and what the network says about them.

    Attributes:
        maps: float32, (n, 2, 16, 16): of each lattice, the maps of both phases.
        logits: float32, (n, 2): the mean of each map, plus the bias of its phase.
        probabilities: float32, (n, 2).
    """

    maps: Floats
    logits: Floats
    probabilities: Floats


def build_cnn(filters: Sequence[int] = (16, 16, 32, 32), *, seed: int | None = None) -> keras.Model:
    """Build the network, not yet compiled: 3 x 3 convolutions with one pooling layer in their middle.

    Args:
        filters: how many filters each convolution has.
        seed: fixes the initial weights, by seeding Keras, NumPy and Python globally.

    Returns:
        A model from lattices (n, 32, 32, 1), float32 of -1 and 1, to the probabilities of both phases, (n, 2).
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    layers = keras.layers
    middle, last = len(filters) // 2, len(filters) - 1
    stack: list[keras.Layer] = [layers.Input((SIDE, SIDE, 1))]
    for number, count in enumerate(filters):
        name = FEATURES if number == last else None
        stack.append(layers.Conv2D(count, 3, padding="same", activation="relu", name=name))
        if number + 1 == middle:
            stack.append(layers.MaxPooling2D())  # (n, 16, 16, filters)
    stack += [layers.GlobalAveragePooling2D(name=POOLING), layers.Dense(len(PHASES), activation="softmax")]
    return keras.Sequential(stack)


def train(
    model: keras.Model,
    lattices: Floats,
    labels: Floats,
    *,
    epochs: int = 5,
    batch_size: int = 64,
    seed: int | None = None,
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Compile the model and train it.

    Args:
        model: a model (n, 32, 32, 1) -> (n, 2), such as one from `build_cnn`.
        lattices: float32, (n, 32, 32, 1).
        labels: float32, (n, 2), one-hot: ordered, disordered.
        epochs: how many times all lattices are seen.
        batch_size: lattices per step.
        seed: fixes the order of the lattices, by seeding Keras, NumPy and Python globally.
        verbose: as in `keras.Model.fit`.

    Returns:
        The history of `loss` and `accuracy`, one value per epoch.
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model.fit(lattices, labels, epochs=epochs, batch_size=batch_size, verbose=verbose)


def choose_lattices(probabilities: Floats, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the places of four lattices: two on which a network is surely right, and two on which it is wrong.

    Where it is wrong about fewer than two, the least certain ones stand in for those.

    Args:
        probabilities: float32, (n, 2), as the network gives them.
        classes: the true phase of each lattice, 0 or 1, (n,).
    """
    own = probabilities[np.arange(len(classes)), classes]  # of the true phase
    is_wrong = probabilities.argmax(axis=1) != classes
    right = [int(np.where(~is_wrong & (classes == phase), own, -1).argmax()) for phase in range(len(PHASES))]
    by_doubt = np.lexsort((np.abs(own - 0.5), ~is_wrong))  # wrong ones first
    return np.array([*right, *by_doubt[:2]])


def activation_maps(model: keras.Model, lattices: Floats) -> ActivationMaps:
    """Return the maps of both phases for lattices, float32 (n, 32, 32, 1), by a network of `build_cnn`."""
    dense = model.layers[-1]
    inner = keras.Model(model.inputs, model.get_layer(POOLING).input)
    features = np.asarray(inner(lattices, training=False))  # (n, 16, 16, filters)
    weights, bias = (np.asarray(one) for one in dense.get_weights())  # (filters, 2), (2,)
    maps = np.einsum("nhwk,kc->nchw", features, weights)
    probabilities = np.asarray(model(lattices, training=False))
    return ActivationMaps(maps, maps.mean(axis=(2, 3)) + bias, probabilities)


def plot_maps(
    lattices: Floats,
    found: ActivationMaps,
    temperatures: Sequence[float],
    classes: Sequence[int],
) -> Figure:
    """Draw one row for each lattice: its spins, and the maps of both phases over the same places.

    Red speaks for the phase of the map, blue against it; all maps have one scale.

    Args:
        lattices: (n, 32, 32, 1).
        found: the maps of these lattices.
        temperatures: of each lattice.
        classes: its true phase, 0 or 1.
    """
    count = len(lattices)
    figure = Figure(figsize=(8, 2.7 * count), layout="constrained")
    panels = figure.subplots(count, 3, squeeze=False)
    largest = float(np.abs(found.maps).max()) or 1.0
    for row, spins, maps, says, temperature, phase in zip(
        panels, lattices, found.maps, found.probabilities, temperatures, classes, strict=True
    ):
        row[0].imshow(spins[..., 0], cmap="gray", vmin=-1, vmax=1)
        row[0].set_title(f"T = {temperature:.3f}, {PHASES[phase]}", fontsize=9)
        for axes, one, name, probability in zip(row[1:], maps, PHASES, says, strict=True):
            axes.imshow(
                one,
                cmap="coolwarm",
                vmin=-largest,
                vmax=largest,
                extent=(0, SIDE, SIDE, 0),
                interpolation="bilinear",
            )
            axes.set_title(f"speaks for {name}: p = {probability:.2f}", fontsize=9)
        for axes in row:
            axes.set_axis_off()
    return figure
