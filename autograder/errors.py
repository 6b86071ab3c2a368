"""The kit's errors: each is a problem that the user can act on.

A message is one line that says what is wrong, where, and what to do; `autograder.cli` prints it and exits
with status 2. A problem in a *submission* is not such an error: it ends up in the report.
"""


class GradeascentError(Exception):
    """Base class of the kit's errors; `solutions.data.DataError` is for people, too."""


class SettingsError(GradeascentError):
    """`gradeascent.toml` or a command line option has a value that the kit cannot use."""


class CourseError(GradeascentError):
    """The course folder lacks something that the command needs."""


class LeakError(CourseError):
    """The release would show students a part of the solution or a hidden threshold."""


class DownloadError(GradeascentError):
    """An LMS download or a roster cannot be read, or is not of the kind that the command was given."""


class ExportError(GradeascentError):
    """Scores cannot be exported: the LMS file is not as it should be, or nothing can be written."""


class LabelError(CourseError):
    """A labelled submission cannot be read, or does not fit the notebook."""


class SubmissionError(GradeascentError):
    """A file that should be a notebook cannot be read as one."""


class SubmissionTooLargeError(SubmissionError):
    """A notebook is larger than the limit, so it is not even parsed."""


class SandboxError(GradeascentError):
    """The sandbox, or the Python that runs in it, does not work on this machine."""


class ClusterError(GradeascentError):
    """The cluster cannot be used: it does not respond, a worker is not set up, or data does not arrive."""


class RubricError(GradeascentError):
    """A rubric check is broken: it raised something other than a verdict, or a criterion has no check."""
