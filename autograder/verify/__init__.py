"""Turns `Evidence` into `Measurements`: reads it strictly, rebuilds it, measures again outside the kernel."""
