"""Tests the rubric on labelled submissions."""
