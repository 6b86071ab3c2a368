"""Short descriptions of the usual mistakes by code, for those who look at a whole class.

A check gives the likely cause of missing points as one of these codes; the report shows it as `cause`.
"""

from __future__ import annotations

from autograder.exercises.activation_maximization.constants import STEPS

MISTAKES: dict[str, str] = {
    # any criterion
    "no_notebook": "what was handed in could not be read",
    "cell_stopped": "a cell stopped with an error",
    "missing_module": "a module is not installed here",
    "not_measured": "the kit could not measure it",
    "model_refused": "the network's computation was refused",
    "ascent_not_explained": "the recorded steps do not explain the images",
    "no_ascent_seen": "no recorded steps lead to the images",
    # the network
    "no_model": "no network",
    "few_convolutions": "too few convolutions",
    "unused_convolutions": "convolutions that lead nowhere",
    "other_output_length": "not ten outputs",
    "not_trained": "the network was not trained",
    "few_training_steps": "hardly any training steps",
    "low_accuracy": "trained, but it recognizes few digits",
    "dead_network": "no filter responds",
    "one_filter": "the layer has a single filter",
    "few_living": "hardly any filter of the layer responds",
    "trained_elsewhere": "the network read digits before any training was seen",
    "no_pattern": "no filter prefers a pattern to noise",
    # the images
    "no_images": "no images",
    "few_images": "not an image for every filter",
    "same_image": "the same image again and again",
    "unusable_images": "images of a single grey, or not numbers",
    "other_shape": "images of another shape",
    # the ascent
    "gradient_descent": "descent instead of ascent",
    "start_kept": "the start was kept, not the image",
    "gradient_kept": "the gradient was kept, not the image",
    "image_overwritten": "each step takes the place of the image",
    "hardly_moved": "the images are still the noise they began as",
    "not_raised": "filters do not respond to their images",
    "one_filter_for_all": "all images are for one filter",
    "shifted_filters": "the filter index is off",
    "reversed_filters": "the filters are in reverse order",
    "maximum_instead_of_mean": "the maximum of the map is climbed, not its mean",
    "other_functional": "something other than the mean of the map is climbed",
    "one_place": "one place of the map is climbed, not its mean",
    "one_row": "one row or column of the map is climbed, not its mean",
    "wrong_axis": "the filter index is used on a wrong axis",
    "whole_layer": "the whole layer is climbed, not one filter",
    "class_score": "an output unit is climbed, not a filter",
    "another_layer": "the filters of another layer are climbed",
    "other_pattern": "images do not show their own filter's pattern",
    # the steps
    "noise_every_step": "every step begins with new noise",
    "other_number_of_steps": f"not {STEPS} steps",
    "steps_not_seen": "the steps could not be counted",
    "gradient_at_the_start": "every gradient was taken at the start",
    "short_ascents": "some images climbed less than the others",
    "far_from_noise": "the images are much too far from noise",
    "not_normalized": "the gradient is not normalized",
    "other_normalization": "the gradient is normalized in another way",
    "changed_between_steps": "something else changes the image between steps",
    "kept_every_step": "an image is kept after every step",
    "previous_image": "each ascent starts from the image of the previous filter",
    "other_step_size": "a step size other than 1",
    # the figure
    "no_picture_shown": "a figure was reported, but no output shows it",
    "no_figure": "no figure",
    "one_picture": "one picture instead of a grid of panels",
    "many_figures": "many figures instead of one grid",
    "few_panels": "not a panel for every image",
    "blank_panels": "blank panels",
    "same_panels": "panels that show the same image",
    "other_panels": "panels that show something else",
    "no_titles": "panels without a title",
}

# Codes that only say what was measured.
GENERAL = frozenset(
    "few_images hardly_moved low_accuracy not_raised other_panels other_pattern few_panels not_checked".split()
)
