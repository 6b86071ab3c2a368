"""Turns `Measurements` into a `Result` for each criterion: pytest checks, points and feedback."""
