"""What measuring a network may cost, beside that of the solution."""

from __future__ import annotations

# Products of two numbers for each image in the network of the solution, and how many times as many a network may need.
REFERENCE_PRODUCTS, MOST_TIMES = 9_400_000, 30
