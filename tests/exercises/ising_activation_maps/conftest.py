"""The lattices, and a way to run cells without a kernel."""

from __future__ import annotations

from ising_cells import ising, lattices, points, run_cells, source_cells

__all__ = ["ising", "lattices", "points", "run_cells", "source_cells"]
