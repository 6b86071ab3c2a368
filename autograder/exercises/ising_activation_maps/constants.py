"""What the exercise fixes, as its notebook says it."""

from __future__ import annotations

# The maps, and the places of their lattices in the test data.
MAPS, CHOSEN = "maps", "chosen"
# Spins in a row of a lattice, lattices to choose, and how many of these are to be classified wrongly.
SIDE, LATTICES, WRONG = 32, 4, 2
PHASES = ("ordered", "disordered")
CLASSES = len(PHASES)
