"""The rubric: one pytest function per criterion of the exercise.

A check gets the measurements (`model`, `choice`, `maps`, or everything as `measured` and `own`), the numbers under
[thresholds] in gradeascent.toml (`thresholds`), and `award`. It calls `award` once, with a share of the points and a
sentence that says what was measured; `otherwise` continues the sentence if points are missing, and each of `faults`
lowers the share and says why, and `remark` costs nothing.

To change a check, put a function of the same name into `rubric/test_*.py` of the course folder; the points are in the
source notebook.
"""

from __future__ import annotations

from autograder.exercises.ising_activation_maps.constants import CLASSES, WRONG
from autograder.exercises.ising_activation_maps.records import (
    ChoiceMeasurement,
    FigureMeasurement,
    Head,
    MapsMeasurement,
    OwnMeasurement,
)
from autograder.exercises.ising_activation_maps.rubric.cells import after_error, missing_work
from autograder.exercises.ising_activation_maps.rubric.mistakes import WORDS, fault_of
from autograder.exercises.ising_activation_maps.thresholds import MapThresholds
from autograder.exercises.ising_activation_maps.verify.names import ASKED, HALF_RIGHT, MISALIGNED
from autograder.measurements import Measurements, ModelMeasurement
from autograder.rubric.award import Award, Fault, NothingToCheckError, scale
from autograder.rubric.words import NO_PICTURE, count_of, percent

# Untrained networks are right about at least a quarter of the lattices.
REVERSED = 0.15


def test_cnn(model: ModelMeasurement, own: OwnMeasurement, thresholds: MapThresholds, award: Award) -> None:
    """Convolutions, global average pooling and one Dense layer lead from the lattice to two classes.

    Each of the two convolutions earns a half; another end, and another number of outputs, halve what is earned.
    """
    award(
        min(model.conv_layers / thresholds.conv_layers, 1.0),
        f"Your network has {count_of(model.conv_layers, 'convolution layer')} between lattice and output",
        otherwise=Fault(
            "few_convolutions",
            f"; the exercise asks for at least {thresholds.conv_layers}, one after the other.",
        ),
        faults=faults_of_head(model, own.head),
        conv_layers=model.conv_layers,
        outputs=model.outputs,
        pooling=own.head.pooling if own.head is not None else "",
        dense=own.head.dense if own.head is not None else 0,
    )


def test_training(model: ModelMeasurement, thresholds: MapThresholds, award: Award) -> None:
    """The trained network tells the phases of lattices that it has not seen.

    An accuracy of 0.8 earns nothing, 0.95 earns all, in between in proportion. A network that does so before any
    training is for a person.
    """
    award(
        scale(model.accuracy, none=thresholds.accuracy_none, full=thresholds.accuracy_full),
        f"On {model.digits} lattices it has not seen, your network has an accuracy of {percent(model.accuracy)}",
        otherwise=cause_of_low_accuracy(model),
        accuracy=round(model.accuracy, 4),
        epochs=model.epochs,
        updates=model.updates,
    )
    before = model.accuracy_before
    if before is not None and before > thresholds.accuracy_none:
        award.needs_person(
            f"It already had an accuracy of {percent(before)} before any training was seen ({model.updates} updates by "
            "the end), so a person will look at where its weights come from.",
            "trained_elsewhere",
        )


def test_choice(choice: ChoiceMeasurement, thresholds: MapThresholds, award: Award) -> None:
    """Two of the four lattices are classified correctly by the network, and two wrongly.

    Each earns a quarter. Where the network is wrong about fewer than two, its least certain ones stand in for those.
    """
    wanted_right = thresholds.lattices - WRONG
    wrong = min(choice.wrong + choice.doubtful, WRONG)
    right = min(choice.right - min(choice.doubtful, max(WRONG - choice.wrong, 0)), wanted_right)
    award(
        (right + wrong) / thresholds.lattices,
        f"Of your {count_of(choice.distinct, 'different lattice')}, your network classifies {choice.right} correctly "
        f"and {choice.wrong} wrongly (of all test lattices, {choice.wrong_there} wrongly)",
        otherwise=cause_of_choice(choice, thresholds),
        right=choice.right,
        wrong=choice.wrong,
        distinct=choice.distinct,
        wrong_there=choice.wrong_there,
    )


def test_maps(maps: MapsMeasurement, measured: Measurements, thresholds: MapThresholds, award: Award) -> None:
    """The maps are the weighted sums of the feature maps, for both classes and all chosen lattices.

    Earned is the share of maps that come out again from the network, up to a factor and a constant. Exchanged classes,
    signs and axes are judged by `alignment`. A sum with one known mistake earns two fifths.
    """
    is_right = maps.found in {ASKED, *MISALIGNED}
    share = maps.fitting / max(maps.wanted, 1) if is_right else 0.0
    if maps.found in HALF_RIGHT:
        share = thresholds.mistaken_maps * maps.fitting / max(maps.wanted, 1)
    remark = after_error(measured, "maps")
    if share >= 1:
        remark = remark_on_units(maps) if maps.found == ASKED else ""
    award(
        min(share, 1.0),
        f"{maps.fitting if is_right else 0} of {maps.wanted} maps are those that your network gives for these lattices",
        otherwise=cause_of_other_maps(maps),
        remark=remark,
        found=maps.found,
        fitting=maps.fitting,
        wanted=maps.wanted,
        likeness=maps.likeness,
        error=maps.error,
    )


def test_alignment(maps: MapsMeasurement, award: Award) -> None:
    """Each map is that of its class, with its sign, and turned as the lattice is.

    A mistake earns nothing; one that leaves nothing to align (another sum) does not count here again.
    """
    if not maps.found:
        raise NothingToCheckError(
            "It is not known whether your network made these maps, so their alignment cannot be checked.",
            "not_aligned",
        )
    fault = fault_of(maps.found, 0.0) if maps.found in MISALIGNED else None
    share = 0.0 if fault is not None else min(maps.fitting / max(maps.count, 1), 1.0)
    award(
        share,
        "Your maps belong to their classes, have the right sign, and are aligned with their lattices"
        if fault is None
        else "Your maps come from your network, but are not aligned",
        otherwise=fault or Fault("few_maps", f"; that holds for {maps.fitting} of {maps.count}."),
        found=maps.found,
    )


def test_plot(own: OwnMeasurement, measured: Measurements, thresholds: MapThresholds, award: Award) -> None:
    """Every chosen lattice is shown beside its maps, with temperature and probability in the title.

    Lattices and maps earn two fifths each, titles a fifth.
    """
    figure = own.figure
    if figure is None:
        raise NothingToCheckError(
            "No figure was drawn. Call plt.show() after the panels are filled."
            + after_error(measured, "plot"),
            missing_work(measured, "plot", "no_figure"),
        )
    lattices, wanted = figure.lattices / thresholds.lattices, maps_to_show(own, thresholds)
    titles = (figure.temperatures + figure.probabilities) / (2 * thresholds.lattices)
    shown = 0.4 * min(lattices, 1.0) + 0.4 * min(figure.maps / wanted, 1.0)
    share = round(shown + 0.2 * min(titles, 1.0), 6) if shown else 0.0
    award(
        share,
        f"Your figure shows {figure.lattices} of {thresholds.lattices} lattices and {figure.maps} of {wanted} maps",
        otherwise=cause_of_figure(figure, wanted, thresholds),
        remark=after_error(measured, "plot") if share < 1 else "",
        panels=figure.panels,
        lattices=figure.lattices,
        maps=figure.maps,
        temperatures=figure.temperatures,
        probabilities=figure.probabilities,
    )
    if award.share > 0 and measured.pictures_shown == 0:
        award.needs_person(NO_PICTURE, "no_picture_shown")


def faults_of_head(model: ModelMeasurement, head: Head | None) -> list[Fault]:
    """Say what is other than asked behind the last convolution."""
    faults = []
    if model.outputs != CLASSES:
        words = f"It has {count_of(model.outputs, 'output')}, but there are two phases."
        faults.append(Fault("other_output_length", words, 0.5))
    if head is None or not model.conv_layers:
        return faults
    if head.pooling == "max":
        words = "Behind the features comes the maximum over all places. Only a mean is a sum of what all contribute."
        faults.append(Fault("maximum_pooling", words, 0.5))
    elif head.pooling == "none":
        words = (
            "The features are not averaged over all places before the Dense layer, and so the formula fails."
        )
        faults.append(Fault("no_global_pooling", words, 0.5))
    elif head.dense != 1:
        words = f"There are {head.dense} Dense layers behind the pooling; the formula holds for exactly one."
        faults.append(Fault("many_dense_layers", words, 0.5))
    return faults


def cause_of_low_accuracy(model: ModelMeasurement) -> Fault:
    """Say why a network may be right too rarely."""
    if not model.updates and not model.epochs:
        return Fault("not_trained", "No training was seen: call model.fit with the training lattices.")
    if model.accuracy < REVERSED:
        return Fault(
            "swapped_classes", "That is less than by guessing: are the labels those of the notebook?"
        )
    return Fault(
        "low_accuracy", "Is the loss still falling? Then train longer, or with a larger learning rate."
    )


def cause_of_choice(choice: ChoiceMeasurement, thresholds: MapThresholds) -> Fault:
    """Say what is wrong with a choice."""
    if -1 in choice.places:
        return Fault("not_in_test_data", "Not all of them are in x_test, whose places go from 0 to 999.")
    if choice.distinct < thresholds.lattices:
        return Fault("few_lattices", f"The exercise asks for {thresholds.lattices} different ones.")
    if choice.wrong == 0 and choice.wrong_there:
        return Fault(
            "none_wrong", "The exercise asks for two that it gets wrong: compare its classes with y_test."
        )
    if choice.wrong + choice.doubtful < WRONG:
        return Fault(
            "too_few_wrong", "The exercise asks for two that it gets wrong, or is least certain about."
        )
    return Fault("too_few_right", "The exercise asks for two that it gets right.")


def cause_of_other_maps(maps: MapsMeasurement) -> Fault:
    """Say what the maps are instead."""
    if maps.found in WORDS and maps.found not in MISALIGNED:
        return fault_of(maps.found, 1.0)
    if maps.found and maps.count < maps.wanted and maps.fitting == maps.count:
        if maps.count * CLASSES == maps.wanted:
            return Fault("one_class", "Every lattice needs the maps of both classes.")
        return Fault("few_maps", f"There are {maps.count}; every chosen lattice needs two.")
    if maps.found:
        return Fault("few_maps", "The others are something else: are they all of the lattices in `chosen`?")
    likeness = f" (their correlation with these is {maps.likeness:.2f})" if maps.likeness else ""
    return Fault(
        "other_maps",
        f"It is not known how yours were made{likeness}. Test them: the mean of a map over all places, and the bias of "
        "its class, must be the logit of your network.",
    )


def remark_on_units(maps: MapsMeasurement) -> str:
    """Say that maps were scaled or enlarged, which costs nothing."""
    if maps.resized:
        return " They are enlarged; the size of the features would have been enough."
    return (
        ""
        if maps.units or maps.error < 0
        else " They are scaled or shifted, so their means are not the logits."
    )


def maps_to_show(own: OwnMeasurement, thresholds: MapThresholds) -> int:
    """Return how many maps the figure should show: those that exist, else those asked for."""
    return (
        max(own.maps.count, 1) if own.maps is not None and own.maps.count else CLASSES * thresholds.lattices
    )


def cause_of_figure(figure: FigureMeasurement, wanted: int, thresholds: MapThresholds) -> Fault:
    """Say what a figure lacks."""
    if not figure.lattices:
        return Fault("no_lattices", "Draw the spins of every chosen lattice beside its maps.")
    if figure.lattices < thresholds.lattices or figure.maps < wanted:
        return Fault("few_panels", "Draw every chosen lattice, and the maps of both classes beside it.")
    return Fault(
        "no_titles",
        f"The titles say the temperature of {figure.temperatures} lattices and a probability of "
        f"{figure.probabilities}; every row needs both.",
    )
