"""nbgrader's settings for this course folder; every nbgrader command run here reads them."""

c = get_config()  # noqa: F821 - nbgrader defines it before it reads this file

# A fresh notebook has to run from top to bottom, so that students see every check from the start:
# an Ellipsis is valid wherever code is missing, NotImplementedError would stop "Run All".
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\n..."}

# Submissions are run in the kit's sandbox, and what they made is measured again: formgrader's Autograde button and
# 'nbgrader autograde' give the verdicts of 'gradeascent grade'. Other assignments are graded as nbgrader always does.
c.Autograde.exporter_class = "autograder.record.autograde.SubmissionExporter"
c.Autograde.sanitize_preprocessors = [
    "autograder.record.autograde.RestoreCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.record.autograde.VerifiedResults",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.record.autograde.SaveVerifiedGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
    "autograder.record.autograde.NoteRecorded",
]

# One page for each student, made by every way to make feedback: 'gradeascent feedback', 'nbgrader generate_feedback'
# and formgrader's button. 'nbgrader release_feedback' hands it out.
c.GenerateFeedback.exporter_class = "autograder.record.feedback.exporter.FeedbackExporter"

# The name under which nbgrader's own steps look for a course; PostgreSQL insists that there is one.
c.CourseDirectory.course_id = "default_course"
