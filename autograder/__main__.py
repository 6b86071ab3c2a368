"""`python -m autograder` is the command `gradeascent`, for whoever has no search path."""

from autograder.cli import main

main()
