"""The desk of the TAs: grids, scores and answers in a browser."""
