"""What a notebook forges inside its kernel earns nothing, and pasted results are for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from nbgrader.utils import determine_grade
from trained_networks import FILTERS, LAYER, trained_small

from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import read_notebook
from autograder.evidence import read_evidence
from autograder.grading.course import grade_course
from autograder.grading.grader import Grader
from autograder.report import Report
from solutions.gradient_ascent import visualize_filters

Tell = Callable[[str, str], None]


NOISE_AND_A_NETWORK = {
    "imports": "import builtins, gc, hashlib, io, json, pickle, socket, time\n"
    "import numpy as np, tensorflow as tf\nfrom tensorflow import keras\nlayers = keras.layers",
    "cnn": "model = keras.Sequential([layers.Input((28, 28, 1))] + [\n"
    "    layers.Conv2D(8, 3, strides=2, padding='same', activation='elu', name=name)\n"
    "    for name in ('conv2d', 'conv2d_1', 'conv2d_2', 'conv2d_3')] + [\n"
    "    layers.Flatten(), layers.Dense(10, 'softmax')])\n"
    "model.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])",
    "ascent": "layer_name = 'conv2d_3'\nvisualized_feature = [np.random.rand(1, 28, 28, 1) for _ in range(8)]",
}


RECORDER = "recorder = next(one for one in gc.get_objects() if type(one).__name__ == 'Recorder')\n"


# What is tried from inside, one cell each: none of it may fail, else it would not have been tried.
INSIDE = {
    "an object that lies about its class, its shape and its numbers": "class Liar:\n"
    "    __class__ = keras.Model\n    built, compiled, weights = True, True, []\n"
    "    @property\n    def shape(self):\n        raise RuntimeError('no shape')\n"
    "    def numpy(self):\n        return np.random.rand(64, 28, 28) * time.time()\n"
    "    def __array__(self, *_, **__):\n        raise MemoryError\n"
    "liar, liars = Liar(), [Liar() for _ in range(64)]",
    "a number that is equal to everything": "class Any(int):\n    def __eq__(self, other):\n        return True\n"
    "    def __lt__(self, other):\n        return True\n    __hash__, __gt__, __ge__ = int.__hash__, __lt__, __lt__\n"
    "gradient_updates = step_size = Any(50)",
    "a training that is none": "def fit(self, *_, **__):\n    self.optimizer.iterations.assign(10**6)\n"
    "    self.history = keras.callbacks.History()\n    self.history.history = {'accuracy': [1.0] * 50}\n"
    "    return self.history\nkeras.Model.fit = fit\nresults = model.fit(0, 0)",
    "metrics that are always one": "keras.metrics.CategoricalAccuracy.result = lambda self: 1.0\n"
    "keras.Model.evaluate = lambda *_, **__: (0.0, 1.0)\nprint(model.evaluate())",
    "a network that knows what it is asked": "call = keras.Model.__call__\ndef forged(self, images, **how):\n"
    "    return call(self, images, **how) * 1e6\nkeras.Model.__call__ = forged\nkeras.layers.Layer.__call__ = forged\n"
    "del keras.layers.Layer.__call__, keras.Model.__call__\nkeras.layers.Layer.__call__ = call",
    "a tape that has seen an ascent": RECORDER
    + "recorder.ascents.calls_counted += [(1, i % 50, 1.0, 0.3 + i % 50) for i in range(400)]\n"
    "recorder.gradients['seen'] = 400",
    "a gradient that is none": "tf.GradientTape.gradient = lambda self, target, sources, **_: tf.ones_like(sources)\n"
    "with tf.GradientTape() as tape:\n    pass\ntape.gradient(0, tf.Variable(tf.zeros((8, 28, 28, 1))))",
    "builtins that make exceptions": "real_len, real_kind = builtins.len, builtins.isinstance\n"
    "builtins.len = lambda value: 64 if value is visualized_feature else real_len(value)\n"
    "builtins.isinstance = lambda value, of: True if type(value) is Liar else real_kind(value, of)",
    "names that shadow those of the recorder": RECORDER + "shadows = type(recorder).send.__globals__\n"
    "shadows['float'], shadows['hasattr'], shadows['models'] = (lambda _: 1e9), (lambda *_: True), (lambda *_: [])",
    "a digest that is always the same": "sha256 = hashlib.sha256\nhashlib.sha256 = lambda *_: sha256(b'')",
    "arrays that are pickled": "save = np.save\n"
    "np.save = lambda file, array, **_: save(file, np.array([array], object))",
    "JSON with more in it": "dumps = json.dumps\n"
    "more = lambda what: {**what, 'accuracy': 1.0, 'score': 20} if type(what) is dict and 'kind' in what else what\n"
    "json.dumps = lambda what, **how: dumps(more(what), **how)",
    "records of the recorder's own": RECORDER + "for kind in ('measurements', 'result', 'report', 'score'):\n"
    "    recorder.send({'kind': kind, 'criteria': {'training': {'status': 'pass', 'score': 15}}, 'accuracy': 1.0})\n"
    "recorder.send({'kind': 'gradients', 'seen': 400, 'unseen': 0, 'lost': 0})\n"
    "recorder.send({'kind': 'trouble', 'where': 'gradient'})",
    "another connection to the grader": RECORDER + "path = recorder.channel.socket.getpeername()\n"
    "line = socket.socket(socket.AF_UNIX); line.connect(path)\n"
    "line.sendall(b'{\"kind\": \"names\", \"cell\": -5, \"bytes\": 0, \"values\": {\"layer_name\": \"conv2d\"}}\\n')\n"
    "line.sendall(b'{\"kind\": \"images\", \"cell\": 1, \"bytes\": 10}\\n0123456789\\xff\\xfe{]'); line.close()",
    "a recorder that says something else": RECORDER + "def nothing(*_):\n    raise MemoryError\n"
    "recorder.look_at_names = recorder.look_at_models = recorder.saw_gradient = nothing",
    "outputs and metadata of a check": "from IPython.display import publish_display_data\n"
    "about = {'nbgrader': {'grade': True, 'points': 20, 'grade_id': 'check_ascent'}}\n"
    "publish_display_data({'text/plain': '20'}, about)\n20",
    "no recorder any more": "for name in ('pre_run_cell', 'post_run_cell'):\n"
    "    get_ipython().events.callbacks[name].clear()\nrecorder.channel.socket.close()",
}  # fmt: skip


EDITED_CHECKS = {
    f"check_{criterion}": "print('passed, 20 of 20 points')\n20.0"
    for criterion in ("training", "ascent", "updates")
}


# The results of another person's ascent on the same network.
PASTED = {
    "imports": "import numpy as np\nfrom tensorflow import keras\nlayers = keras.layers",
    "cnn": "model = keras.Sequential([layers.Input((28, 28, 1))] + [\n"
    "    layers.Conv2D(filters, 3, strides=strides, padding='same', activation='elu', name=name)\n"
    "    for filters, strides, name in ((8, 1, 'conv2d'), (16, 2, 'conv2d_1'), (16, 1, 'conv2d_2'),\n"
    f"        ({FILTERS}, 2, 'conv2d_3'))] + [layers.Flatten(), layers.Dense(10, 'softmax')])\n"
    "found = np.load('found.npz')\nmodel.set_weights([found[str(i)] for i in range(len(model.weights))])",
    "train": "model.compile('adam', 'categorical_crossentropy')",
    "ascent": "visualized_feature = list(found['images'])",
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(
    grader: Grader,
    make_course: Callable[..., Course],
    quiet: Callable[[], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Course, dict[str, Report]]:
    """Two students who know the kit, graded at the same time: one forges from inside, one pastes results."""
    course = make_course(
        tmp_path_factory.mktemp("forgers") / "course",
        {"forger": {**NOISE_AND_A_NETWORK, **INSIDE, **EDITED_CHECKS}, "paster": PASTED},
    )
    network = trained_small()
    correct = visualize_filters(network, LAYER, seed=5).images
    weights = {str(index): weight for index, weight in enumerate(network.get_weights())}
    np.savez(course.submission_folder("paster") / "found.npz", images=correct, **weights)
    progress = quiet()
    reports = grade_course(course, ["forger", "paster"], grader, progress)
    assert progress.failures == {}
    return course, reports


@pytest.mark.deep
def test_what_a_notebook_forges_inside_its_kernel_earns_nothing(
    graded: tuple[Course, dict[str, Report]], tell: Tell
) -> None:
    course, reports = graded
    report = reports["forger"]
    evidence = read_evidence(course.result_folder("forger") / "evidence")
    cells = {run.cell: run for run in evidence.cells}

    assert {name: cells[name].error_message for name in INSIDE if cells[name].status != "ok"} == {}
    assert EDITED_CHECKS.keys() <= cells.keys()  # what a student writes there runs, and earns nothing
    changed = {cell.cell: cell.change for cell in evidence.changed_cells}
    assert {name: changed.get(name) for name in EDITED_CHECKS} == dict.fromkeys(EDITED_CHECKS, "edited")
    assert {name: report.criteria[name].score for name in ("training", "ascent", "objective", "updates", "plot")} == {
        "training": 0, "ascent": 0, "objective": 0, "updates": 0, "plot": 0,
    }  # fmt: skip
    assert report.criteria["cnn"].measured["conv_layers"] == 4
    assert {flag.code for flag in report.flags if flag.for_staff} >= {
        "library_replaced", "reaches_beyond", "recorder_named", "functions_replaced",
    }  # fmt: skip
    for cell in read_notebook(course.result_folder("forger") / f"{ASSIGNMENT}.ipynb").cells:
        if cell.metadata.nbgrader.grade:
            criterion = cell.metadata.nbgrader.grade_id.removeprefix("check_")
            assert determine_grade(cell)[0] == report.criteria[criterion].score
    for tried in [*INSIDE, "edited check cells"]:
        tell(f"from inside: {tried}", "what is there was measured: an untrained network and noise")


@pytest.mark.deep
def test_results_that_were_pasted_are_for_a_person(
    graded: tuple[Course, dict[str, Report]], tell: Tell
) -> None:
    _, reports = graded
    criteria = reports["paster"].criteria

    assert {name: criteria[name].status for name in ("cnn", "training", "images")} == {
        "cnn": "pass", "training": "review", "images": "pass",
    }  # fmt: skip
    assert "before any training was seen" in criteria["training"].feedback
    for name, points in (("ascent", 20), ("objective", 15), ("updates", 0)):
        assert (criteria[name].status, criteria[name].score) == ("review", points)
        assert "recorded gradient step leads" in criteria[name].feedback
    assert reports["paster"].needs_review
    tell(
        "images of another's ascent, read from a file beside the notebook",
        "measured well, and for a person to judge",
    )
