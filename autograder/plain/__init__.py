"""Small tools that know nothing of grading: whole files, untrusted files, harmless text, this machine."""
