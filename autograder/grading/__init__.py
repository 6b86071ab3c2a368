"""The stages as verbs: grade one submission, grade a course, score it again with another rubric."""
