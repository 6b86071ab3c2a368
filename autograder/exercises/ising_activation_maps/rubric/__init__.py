"""The checks of this exercise, their causes and their words."""
