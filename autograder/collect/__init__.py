"""Downloads from an LMS become submissions in `submitted/`."""
