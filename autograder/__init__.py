"""Autograder: source notebook -> release -> execute -> verify -> rubric -> record -> review.

One folder per subject; each imports only from those before it. The records that pass between them are the modules
beside this file, such as `evidence`, `measurements` and `report`.
"""
