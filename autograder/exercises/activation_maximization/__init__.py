"""Activation maximization: for every filter of a layer, the image that excites it most."""
