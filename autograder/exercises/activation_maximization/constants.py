"""What the exercise fixes, as its notebook says it.

The recorder has the name of the list, too (`autograder/execute/inside`): it runs in the student's kernel and
cannot import the kit.
"""

from __future__ import annotations

# The list of result images, and the layer that they are for.
RESULT, LAYER = "visualized_feature", "conv2d_3"
# Pixels, height and width of an image.
SIDE = 28
# Gradient steps from noise to an image.
STEPS = 50
# Panels of the 8 x 8 grid, and those of a row.
PANELS, COLUMNS = 64, 8
# Of uniform noise in [0, 1], about its mean: the square root of 1/12.
NOISE_DEVIATION = 0.289
