"""What runs inside the sandbox, in the student's kernel: it records, and in the profile `quick` shortens.

This package is all of the kit that is visible there, so it imports nothing else of it, and runs on whatever
Python the student notebooks use (3.9 or newer).
"""
