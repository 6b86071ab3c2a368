"""nbgrader's settings for this course folder; every nbgrader command run here reads them."""

c = get_config()  # noqa: F821 - nbgrader defines it before it reads this file

# A fresh notebook has to run from top to bottom, so that students see every check from the start:
# an Ellipsis is valid wherever code is missing, NotImplementedError would stop "Run All".
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\n..."}
