"""The evidence that the tests here measure."""

from made_evidence import digits, freeze_model, make_evidence, network

__all__ = ["digits", "freeze_model", "make_evidence", "network"]
