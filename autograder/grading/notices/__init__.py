"""What a TA should know about a submission, though no score depends on it."""
