"""`Evidence` becomes `Measurements`: read strictly, rebuilt and measured again outside the kernel."""
