"""Short descriptions of the usual mistakes by code, and what a student is told about wrong maps."""

from __future__ import annotations

from autograder.rubric.award import Fault

MISTAKES: dict[str, str] = {
    # any criterion
    "no_notebook": "what was handed in could not be read",
    "cell_stopped": "a cell stopped with an error",
    "missing_module": "a module is not installed here",
    "not_measured": "the kit could not measure it",
    "model_refused": "the network's computation was refused",
    # the network
    "no_model": "no network",
    "few_convolutions": "too few convolutions",
    "no_global_pooling": "no global average pooling before the Dense layer",
    "maximum_pooling": "global maximum pooling instead of the average",
    "many_dense_layers": "more than one Dense layer",
    "other_output_length": "not two outputs",
    "not_trained": "the network was not trained",
    "low_accuracy": "trained, but it tells few lattices apart",
    "swapped_classes": "the network names the classes the other way round",
    "trained_elsewhere": "the network told phases apart before any training was seen",
    # the choice
    "no_choice": "no lattices were chosen",
    "few_lattices": "fewer than four different lattices",
    "not_in_test_data": "places that are not in the test data",
    "none_wrong": "no wrongly classified lattice among the chosen ones",
    "too_few_wrong": "too few wrongly classified lattices",
    "too_few_right": "too few correctly classified lattices",
    # the maps
    "no_maps": "no maps",
    "other_shape": "maps of another shape",
    "few_maps": "not a map for every lattice and class",
    "one_class": "maps of one class only",
    "unweighted_features": "features summed without weights",
    "one_feature": "a single feature instead of the sum",
    "largest_feature": "the largest feature instead of the sum",
    "absolute_weights": "absolute values of the weights",
    "positive_weights": "only the positive weights",
    "positive_part": "negative contributions cut off",
    "absolute_value": "absolute values of the map",
    "difference": "the difference of both maps",
    "one_class_twice": "the same map for both classes",
    "gradient": "the gradient by the spins instead of a map",
    "other_features": "features of another place in the network",
    "other_order": "the maps of the right lattices, in another order",
    "other_maps": "maps that are not those of the network",
    # the alignment
    "other_class": "the maps of both classes are exchanged",
    "other_sign": "the sign of the maps is reversed",
    "minus_other_class": "the other class with its sign reversed",
    "transposed": "rows and columns are exchanged",
    "mirrored": "the maps are mirrored",
    "not_aligned": "not maps of the network, so nothing can be aligned",
    # the figure
    "no_picture_shown": "a figure was reported, but no output shows it",
    "no_figure": "no figure",
    "no_lattices": "the chosen lattices are not shown",
    "few_panels": "not every lattice and map is shown",
    "no_titles": "titles without temperature or probability",
}

# Codes that only say what was measured.
GENERAL = frozenset("low_accuracy other_maps few_maps few_panels not_checked not_aligned".split())

# What each kind of maps means, for the student; none of it is the solution.
WORDS: dict[str, str] = {
    "unweighted_features": "They are the sum of the feature maps without weights, which is the same for both classes. "
    "What does the Dense layer do to each feature before it adds them?",
    "one_feature": "They are single feature maps, not a sum over all of them. Over which index does the formula sum?",
    "largest_feature": "They are the largest feature at each place, not a weighted sum over all of them.",
    "absolute_weights": "They are the sum with the absolute values of the weights. A feature that speaks against a "
    "class has a negative weight: keep its sign.",
    "positive_weights": "They are the sum over the features with positive weights only. Those that speak against a "
    "class belong to the sum as well.",
    "positive_part": "Their negative values were cut off, as Grad-CAM does it. Here, places that speak against a class "
    "are half of the answer: leave out the ReLU.",
    "absolute_value": "They are absolute values. They no longer say whether a place speaks for a class or against it.",
    "difference": "They are the difference between the maps of both classes, which is also what the gradient of the "
    "probability leads to. Take the logit of each class by itself.",
    "one_class_twice": "Both maps of a lattice are that of one class. Which index of the weights is the class?",
    "gradient": "They are the gradient with respect to the spins: what a change of a spin would do, not what a place "
    "contributes.",
    "other_features": "They are made of feature maps from another place in the network. The sum needs those that the "
    "average is taken of.",
    "other_order": "They are the right maps, but not in the order of `chosen`.",
    "other_class": "The maps of both classes are exchanged: the map of class c uses the weights of class c, and "
    "maps[i, 0] belongs to the ordered phase.",
    "other_sign": "Their sign is reversed: what speaks for a class has to be positive.",
    "minus_other_class": "Each is the map of the other class with its sign reversed. The two maps are nearly opposite, "
    "but not the same numbers.",
    "transposed": "Rows and columns are exchanged, so a map does not match its lattice. Look at the order of "
    "the axes in the sum.",
    "mirrored": "They are mirrored, so a map does not match its lattice. Look at the order of rows and columns.",
}


def fault_of(name: str, factor: float) -> Fault:
    """Return the fault of maps that are something else."""
    return Fault(name, WORDS[name], factor)
