"""`python -m autograder` is the command `gradeascent`, for systems where it is not on the search path."""

from autograder.cli import main

main()
