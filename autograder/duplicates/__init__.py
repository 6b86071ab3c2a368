"""Which submissions share more than chance explains."""
