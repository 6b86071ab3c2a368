"""A submitted notebook runs in a sandboxed kernel and leaves `Evidence`; `inside/` is what runs there."""
