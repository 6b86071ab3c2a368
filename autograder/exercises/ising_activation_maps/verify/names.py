"""The names of what maps may be, for those who measure and for those who judge; it imports nothing heavy."""

from __future__ import annotations

ASKED = "asked"
# What is right up to the class, the sign or the place of its numbers.
MISALIGNED = frozenset({"other_class", "other_sign", "minus_other_class", "transposed", "mirrored"})
# What takes the right features and weights, or nearly: a sum with one mistake.
HALF_RIGHT = frozenset(
    "unweighted_features absolute_weights positive_weights positive_part absolute_value difference one_class_twice "
    "other_features other_order".split()
)
