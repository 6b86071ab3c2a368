"""Says why a person has to look at images that measure well: nothing shows that an ascent made them."""

from __future__ import annotations

from autograder.measurements import ImagesMeasurement

UNSEEN_ASCENT = (
    "No recorded gradient step leads to these images, so it is not known where they come from, and a person will look "
    "at them. If an ascent made them, it must be in the notebook, with tf.GradientTape as in the exercise."
)
COMPILED_ASCENT = (
    "These images came out of a function that XLA compiles or that TensorFlow vectorizes. No gradient step can be "
    "recorded in there, so it is not known how they were made, and a person will look at them. Without jit_compile and "
    "vectorized_map, the steps can be seen."
)
UNEXPLAINED_ASCENT = (
    "Doing the recorded steps again, along the gradient of anything that the network computes, does not lead to these "
    "images, so it is not known how they were made, and a person will look at them."
)


def why_unseen(features: ImagesMeasurement) -> str:
    """Say why no recorded steps lead to the images."""
    return COMPILED_ASCENT if features.is_compiled else UNSEEN_ASCENT
