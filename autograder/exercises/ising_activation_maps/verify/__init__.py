"""Evidence -> Measurements of this exercise."""
