"""One page for each student: the notebook with the verdicts in it."""
