"""How well images agree with ascents that are done again, under the true hypothesis and under wrong ones.

    python benchmarks/correlations.py WORK [--picture docs/correlations.png] [--images 16]

WORK is the folder of `tests/measured/measure.py --work WORK`, with the evidence of all labelled submissions. Of each
whose images come out again, some are made once more under other hypotheses: the next filter, the maximum or the mean of
the own feature map, whichever it was not, and the mean of the whole layer. Correlations are those of displacements from
the start. The picture shows whether the threshold of the verifier lies where nothing is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from autograder.course.folder import ASSIGNMENT
from autograder.evidence import Evidence
from autograder.exercises.activation_maximization.verify.climbing import climb_again
from autograder.exercises.activation_maximization.verify.hypotheses import Hypothesis, find_hypothesis
from autograder.exercises.activation_maximization.verify.images import best_images, layers_to_try
from autograder.exercises.activation_maximization.verify.measure import flat_layers
from autograder.exercises.activation_maximization.verify.objectives import Objective, cosines
from autograder.exercises.activation_maximization.verify.reenact import REPRODUCED
from autograder.exercises.activation_maximization.verify.watched import Rule, Watched, rule_of, watched_images
from autograder.measurements import REPRODUCED_SHARE
from autograder.record.files import read_execution
from autograder.verify.graph import FrozenModel, LayerOutput
from autograder.verify.held_out import HeldOut, held_out
from autograder.verify.models import classifiers, read_models
from solutions.data import read_npz

Floats = npt.NDArray[np.float32]

BINS = np.linspace(-1, 1, 81).tolist()


def correlations(evidence: Evidence, digits: HeldOut, most: int) -> tuple[list[float], list[float]]:
    """Return the correlations of a submission's images under the true hypothesis, and under wrong ones.

    Both are empty where the images do not come out again.
    """
    models, _ = read_models(evidence, digits, most_times=inf)
    found = best_images(evidence, classifiers(models), seed=7)
    if found is None or found.layer is None or found.version.model is None:
        return [], []
    version, model = found.version, found.version.model.frozen
    measured = LayerOutput(found.layer.name, found.layer.tensor)
    others = [layer for layer in layers_to_try(version) if layer.tensor != measured.tensor]
    images = np.nan_to_num(version.stack.reshape(len(version.stack), -1))
    watched = watched_images(evidence, version.record.run, images, version.positions)
    rule = rule_of(watched) if watched is not None else None
    if watched is None or rule is None:
        return [], []
    known = find_hypothesis(watched, model, [measured, *others, *flat_layers(model)])
    if known.hypothesis is None:
        return [], []
    rule = replace(rule, size=-rule.size) if known.is_reversed else rule
    ends = [one for one in watched.alive if one.link.kept in {"end", "earlier", "every_step"}]
    some = replace(watched, images=ends[:: max(len(ends) // most, 1)][:most])
    true = agreement(some, images, known.hypothesis, rule, model)
    if not true or np.mean(np.array(true) >= REPRODUCED) < REPRODUCED_SHARE:
        return [], []
    wrong = [
        agreement(some, images, other, rule, model) for other in other_hypotheses(known.hypothesis, some)
    ]
    return true, [one for part in wrong for one in part]


def other_hypotheses(known: Hypothesis, watched: Watched) -> Iterator[Hypothesis]:
    """Yield hypotheses that are wrong if this one is right."""
    maps, count = known.maps, known.maps.filters
    meant = [one.filter for one in watched.images]
    climbed = {filter_: known.filter_for(filter_) for filter_ in meant}
    if count > 1:
        shifted = {one: (taken + 1) % count for one, taken in climbed.items() if taken is not None}
        yield replace(known, filters=shifted)
    if maps.is_flat:
        return
    kind = "maximum" if known.objective.kind in {"mean", "border_left_out"} else "mean"
    yield replace(known, objective=Objective(kind))  # type: ignore[arg-type]
    if known.objective.kind != "layer" and count > 1:
        yield replace(known, objective=Objective("layer"))


def agreement(
    watched: Watched, images: Floats, hypothesis: Hypothesis, rule: Rule, model: FrozenModel
) -> list[float]:
    """Return the correlations of displacements from the start, of images that have moved."""
    ways = climb_again(watched, hypothesis, rule, model, {})
    moved = {
        place: (images[place] - way.start, way.end - way.start)
        for place, way in ways.items()
        if np.abs(images[place] - way.start).max() > 1e-6
    }
    return [float(cosines(one[np.newaxis], other[np.newaxis])[0]) for one, other in moved.values()]


def draw(true: list[float], wrong: list[float], file: Path) -> None:
    """Draw both distributions; each is divided by its number of images."""
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    for values, name, colour in (
        (wrong, "wrong hypotheses", "tab:orange"),
        (true, "true hypothesis", "tab:blue"),
    ):
        weights = np.full(len(values), 1 / max(len(values), 1))
        axes.hist(
            values, BINS, weights=weights, alpha=0.8, color=colour, label=f"{name} ({len(values):,} images)"
        )
    axes.axvline(REPRODUCED, color="black", linewidth=1, linestyle="--", label=f"threshold, {REPRODUCED:g}")
    axes.set(xlabel="correlation of displacements", ylabel="share of images", yscale="log", xlim=(-1, 1))
    axes.legend(loc="upper left")
    figure.savefig(file, dpi=110)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path, metavar="WORK")
    parser.add_argument("--picture", type=Path, help="draw the distributions into this file")
    parser.add_argument("--images", type=int, default=16, help="the most of each submission (16)")
    options = parser.parse_args()
    digits = held_out(read_npz(options.work / "digits.npz"))
    true: list[float] = []
    wrong: list[float] = []
    folders = sorted(options.work.glob(f"audit/*/graded/*/{ASSIGNMENT}"))
    shown = 0
    for number, folder in enumerate(folders, start=1):
        stored = read_execution(folder, name=ASSIGNMENT)
        one, other = correlations(stored.evidence, digits, options.images) if stored is not None else ([], [])
        shown += bool(one)
        true, wrong = true + one, wrong + other
        print(f"[{number}/{len(folders)}] {folder.parent.name}: {len(one)} images", flush=True)
    print(f"{shown} submissions come out again, {len(true)} images")
    for name, values in (("true", true), ("wrong", wrong)):
        if values:
            low, middle, high = np.percentile(values, [1, 50, 99])
            above = np.mean(np.array(values) >= REPRODUCED)
            print(
                f"{name} hypotheses: {len(values)} correlations, median {middle:.3f}, 1 % below {low:.3f}, "
                f"1 % above {high:.3f}, {above:.1%} at {REPRODUCED:g} or more"
            )
    if options.picture and true and wrong:
        draw(true, wrong, options.picture)


if __name__ == "__main__":
    main()
