"""Bars and lines that show how long work goes, and the time that is left."""
