"""Autograder: source notebook -> release -> execute -> verify -> rubric -> record -> review.

One folder per stage; each imports only what stands before it. The records that pass from stage to
stage live beside this file: `evidence`, `measurements`, `report`.
"""
