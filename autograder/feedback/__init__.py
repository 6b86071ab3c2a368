"""The feedback page of each student: the notebook with the verdicts in it."""
