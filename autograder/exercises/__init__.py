"""One folder for each exercise: what the kit measures, how it is scored, and what people see of it."""
