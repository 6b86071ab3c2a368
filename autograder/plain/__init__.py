"""General helpers that know nothing of grading: atomic writes, untrusted files, safe text, this machine."""
