"""Progress bars and lines, and an estimate of the time left."""
