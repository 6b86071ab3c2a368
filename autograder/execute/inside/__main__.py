"""Starts the kernel: `python FOLDER/inside CONFIG`, where this package is copied to FOLDER."""

import sys
from pathlib import Path

# As in any kernel, the first place to import from is the working directory; this package is found once.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from inside.kernel import main  # type: ignore[import-not-found]

sys.path[0] = ""
main(sys.argv[1])
