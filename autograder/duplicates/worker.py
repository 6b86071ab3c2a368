"""The process that reads what students' notebooks computed, in a sandbox like the verifier's.

Call: `python -m autograder.duplicates.worker MEGABYTES`, where MEGABYTES limits the address space.
"""

from __future__ import annotations

import sys

from autograder.duplicates.results import results_of, results_to_json
from autograder.duplicates.weights import GradedNetwork
from autograder.evidence import evidence_from_files
from autograder.verify.frames import limit_memory, private_standard_output, read_frame, write_frame


def main() -> None:
    """Serve until standard input ends."""
    limit_memory(int(sys.argv[1]))
    answers = private_standard_output()
    write_frame(answers, {"ready": True}, {})
    while True:
        try:
            request, files = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        network = GradedNetwork(**request["network"])
        results = results_of(evidence_from_files(files), network, request["images"])
        write_frame(answers, {}, {"results": results_to_json(results)})


if __name__ == "__main__":
    main()
