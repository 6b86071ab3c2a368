"""Class activation maps of the Ising model: which regions of a lattice lead a network to its decision."""
