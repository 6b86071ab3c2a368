"""Data sets in a kernel: the same numbers as everywhere, and no wait for one that is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable

from autograder.execute.runner import Execution

# Left to itself, TensorFlow waits at the end of every other one for about as long as it was there.
DROPPED_HALF_READ = """
import time, tensorflow as tf
numbers = tf.data.Dataset.range(10**9).map(lambda x: x + 1, num_parallel_calls=tf.data.AUTOTUNE)
half_read = [iter(numbers.prefetch(tf.data.AUTOTUNE)) for _ in range(20)]
print([int(next(one)) for one in half_read])
time.sleep(4)
started = time.monotonic()
half_read.clear()
waited = time.monotonic() - started
"""


def test_a_data_set_that_was_not_read_to_its_end_holds_up_nothing(
    run_cells: Callable[..., Execution], said: Callable[[Execution, str], str]
) -> None:
    execution = run_cells({"drop": DROPPED_HALF_READ, "waited": "print(waited < 4)"})

    assert said(execution, "drop") == str([1] * 20)
    assert said(execution, "waited") == "True"


def test_what_a_notebook_says_about_its_data_sets_counts(
    run_cells: Callable[..., Execution], said: Callable[[Execution, str], str]
) -> None:
    own = (
        "import tensorflow as tf\noptions = tf.data.Options()\noptions.autotune.enabled = True\n"
        "print(list(tf.data.Dataset.range(3).with_options(options).as_numpy_iterator()))"
    )

    execution = run_cells({"own": own})

    assert said(execution, "own") == "[np.int64(0), np.int64(1), np.int64(2)]"  # and no warning
