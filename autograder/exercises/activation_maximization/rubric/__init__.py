"""The checks, and the words for what they found."""
