"""Runs a submitted notebook in a sandboxed kernel and collects `Evidence`; `inside/` is what runs there."""
