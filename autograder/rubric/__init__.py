"""`Measurements` become a `Result` for each criterion: pytest checks, points and words."""
