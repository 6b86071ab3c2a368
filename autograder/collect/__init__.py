"""Turns LMS downloads into submissions in `submitted/`."""
