"""The demo: the whole workflow on built-in digits and sample submissions."""
