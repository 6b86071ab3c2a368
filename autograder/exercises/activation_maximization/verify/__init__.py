"""Measures the network, the images for its filters, the steps that led to them, and the figure."""
