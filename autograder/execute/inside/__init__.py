"""Runs in the student's kernel in the sandbox: records evidence; in the profile `quick`, takes shortcuts.

No other part of the kit is visible there, so this package imports nothing else from it. It runs on the Python
that the student notebooks use (3.9 or newer).
"""
