"""Finds submissions that share more than chance explains."""
