"""The ways in which the kit fails: each is one thing that the person at the keyboard can act on.

A message is one line that says what is wrong, where, and what to do; `autograder.cli` prints it and
exits with status 2. Whatever a *submission* does wrong is no error of this kind: it ends in its report.
"""


class GradeascentError(Exception):
    """Base of every error that is meant to be read by a person."""


class SettingsError(GradeascentError):
    """`gradeascent.toml` or a command line option has a value that the kit cannot use."""


class CourseError(GradeascentError):
    """The course folder lacks something that the command needs."""


class LeakError(CourseError):
    """The release would show students a part of the solution or a hidden threshold."""


class DownloadError(GradeascentError):
    """The download of an LMS, or a roster, cannot be read or is not what the command was told that it is."""


class ExportError(GradeascentError):
    """Scores cannot be exported: the file of the LMS is not what it should be, or nothing can be written."""


class LabelError(CourseError):
    """A labelled submission cannot be read, or does not fit the notebook."""


class SubmissionError(GradeascentError):
    """A file that should be a notebook cannot be read as one."""


class SubmissionTooLargeError(SubmissionError):
    """A notebook is larger than the limit, so it is not even parsed."""


class SandboxError(GradeascentError):
    """The sandbox, or the Python that runs in it, does not work on this machine."""


class ClusterError(GradeascentError):
    """The cluster cannot be used: nobody answers, a worker is not set up for it, or something does not arrive."""


class RubricError(GradeascentError):
    """A rubric check is broken: it raised something else than a verdict, or a criterion has no check."""
