"""The whole cycle on built-in digits and sample submissions."""
