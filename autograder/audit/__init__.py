"""The rubric against labelled submissions."""
