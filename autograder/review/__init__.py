"""The TAs' desk: feature grids, scores and answers in a browser."""
