"""Plants faults in the source, one at a time, and tells which tests find each: a test of the tests.

    python tests/planted_faults/plant.py                       all faults of faults.toml, all tests that cover them
    python tests/planted_faults/plant.py -m "not deep"         only with the tests of the quick run
    python tests/planted_faults/plant.py no_fsync --all        one fault, and every test that finds it

If you make the tests quicker, run it before and after: what was found must still be found. The source is not
touched. A fault is planted in a copy of it, in an environment that is a copy, too, so that no process of a test
(a sandboxed kernel, a command) can see anything but the copy. Needs the project installed by `pip install -e`.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).with_name("faults.toml")
# Of pytest: all passed, some failed, none was there to be run (the marks left out all).
PASSED, FAILED, NONE_RUN = 0, 1, 5


class PlantingError(Exception):
    """A fault does not fit the source, or the source cannot be copied."""


@dataclass(frozen=True)
class Fault:
    """A mistake that a developer might make.

    Attributes:
        name: what it is called.
        module: where it is, as Python names it, or the path of a file that is not Python.
        function: the function or class within it, such as `Bubblewrap.command`; empty for the whole file.
        pattern: the text to replace, which is there exactly once.
        replacement: the text in its place.
        what: what goes wrong then, in a line.
        tests: files and tests that should find it, the cheapest first.
    """

    name: str
    module: str
    function: str
    pattern: str
    replacement: str
    what: str
    tests: tuple[str, ...]

    @property
    def file(self) -> Path:
        """Where it is planted, relative to the project."""
        return Path(self.module if "/" in self.module else self.module.replace(".", "/") + ".py")


@dataclass(frozen=True)
class Found:
    """What came of one fault, with the tests that these marks select.

    Attributes:
        by: the tests that failed, or that were running when the time was over.
        how: `found`, `hangs`, `not found`, or `broken` if pytest itself did not get through.
    """

    fault: str
    what: str
    marks: str
    how: str
    by: tuple[str, ...]
    seconds: float

    @property
    def is_found(self) -> bool:
        return self.how in ("found", "hangs")


def read_faults(file: Path = FAULTS) -> list[Fault]:
    """Return all faults in their order."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))["fault"]
    return [Fault(**{**table, "tests": tuple(table["tests"])}) for table in tables]


def planted(fault: Fault, source: str) -> str:
    """Return the source with the fault in it.

    Raises:
        PlantingError: the function or the pattern is not there, or more than once.
    """
    start, end = _span(source, fault.function) if fault.function else (0, len(source))
    inside = source[start:end]
    if (times := inside.count(fault.pattern)) != 1:
        where = fault.function or "the file"
        raise PlantingError(f"{fault.name}: the pattern is {times} times in {where} of {fault.module}")
    return source[:start] + inside.replace(fault.pattern, fault.replacement) + source[end:]


def _span(source: str, function: str) -> tuple[int, int]:
    """Return where a function or class begins, with its decorators, and where it ends."""
    found = [node for name, node in _definitions(ast.parse(source)) if name == function]
    if len(found) != 1:
        raise PlantingError(f"{function} is defined {len(found)} times")
    first = min([found[0].lineno, *(one.lineno for one in found[0].decorator_list)])
    lines = source.splitlines(keepends=True)
    last = found[0].end_lineno or first
    return sum(map(len, lines[: first - 1])), sum(map(len, lines[:last]))


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(node: ast.AST, around: str = "") -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        name = around
        if isinstance(child, Definition):
            name = f"{around}.{child.name}" if around else child.name
            yield name, child
        yield from _definitions(child, name)


def copy_environment(into: Path, project: Path) -> Path:
    """Copy this environment, so that `import autograder` finds the project there; return its interpreter.

    The files are hard links where that is possible: that takes seconds and no room. A symbolic link would not do,
    as a sandbox shows a kernel the folder of the environment and nothing from elsewhere.
    """
    old, new = os.fsencode(sys.prefix), os.fsencode(into)
    shutil.copytree(sys.prefix, into, symlinks=True, copy_function=_link)
    for script in (into / "bin").iterdir():  # they name their interpreter in the first line
        if not script.is_symlink() and old in (content := script.read_bytes()) and b"\0" not in content:
            _replace(script, content.replace(old, new))
    packages = into / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    editable = [file for file in packages.glob("*.pth") if str(ROOT) in file.read_text().splitlines()]
    if not editable:
        raise PlantingError(f"{ROOT} is not installed by 'pip install -e' in {sys.prefix}")
    for file in editable:
        _replace(file, file.read_bytes().replace(os.fsencode(ROOT), os.fsencode(project)))
    return into / "bin" / "python"


def _link(source: str, copy: str) -> None:
    try:
        os.link(source, copy)
    except OSError:  # another file system
        shutil.copy2(source, copy)


def _replace(file: Path, content: bytes) -> None:
    """Write a file anew, since the old one is that of the real environment, too."""
    mode = file.stat().st_mode
    file.unlink()
    file.write_bytes(content)
    file.chmod(mode)


def copy_project(into: Path) -> None:
    """Copy all files of the working tree that git knows or would add, in place of an earlier copy."""
    shutil.rmtree(into, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)


@dataclass(frozen=True)
class Ground:
    """Where faults are planted: a copy of the project, and the interpreter that sees nothing else."""

    project: Path
    python: Path

    def imports(self) -> str:
        """Return from where the interpreter takes the package; `-I` as the kit itself starts others."""
        question = "import autograder, solutions; print(autograder.__file__, solutions.__file__, sep='\\n')"
        answer = subprocess.run(
            [self.python, "-I", "-c", question], capture_output=True, text=True, check=True, cwd="/"
        )
        return answer.stdout

    def pytest(self, arguments: Sequence[str], seconds: float) -> tuple[int | None, str]:
        """Run pytest; return its exit status, None if the time was over, and what it wrote."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["PATH"] = f"{self.python.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
        environment["VIRTUAL_ENV"] = str(self.python.parents[1])
        options = ["-n0", "-p", "no:cacheprovider", "-v", "-rfE", "--durations=0", "--durations-min=1"]
        command = [self.python, "-m", "pytest", *options, *arguments]
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            running = subprocess.Popen(
                command,
                cwd=self.project,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                status = running.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:  # also at Ctrl-C, and whatever a test has left running
                _end_group(running)
            output.seek(0)
            return status, output.read()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def failed_tests(output: str) -> tuple[str, ...]:
    """Return the tests that pytest's summary names, each once."""
    lines = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return tuple(dict.fromkeys(line.split(" ", 1)[1].split(" - ")[0] for line in lines))


def try_fault(
    fault: Fault, ground: Ground, marks: str, seconds: float, *, all_tests: bool, verbose: bool
) -> Found:
    """Plant one fault and run its tests, until one finds it or, if `all_tests`, all."""
    copy_project(ground.project)
    file = ground.project / fault.file
    file.write_text(planted(fault, file.read_text(encoding="utf-8")), encoding="utf-8")
    started = time.monotonic()
    found: list[str] = []
    how = "not found"
    for tests in fault.tests:  # one by one, as pytest would not keep to their order
        left = seconds - (time.monotonic() - started)
        status, output = ground.pytest(["-m", marks, *([] if all_tests else ["-x"]), tests], left)
        if verbose or status not in (PASSED, FAILED, NONE_RUN):
            print(output)
        if status is None:
            how, found = "hangs", [*found, tests]
            break
        if status not in (PASSED, FAILED, NONE_RUN):
            how = "broken"
            break
        found += failed_tests(output) if status == FAILED else ()
        if found:
            how = "found"
            if not all_tests:
                break
    return Found(fault.name, fault.what, marks, how, tuple(found), round(time.monotonic() - started, 1))


def check_baseline(faults: Sequence[Fault], ground: Ground, marks: str) -> bool:
    """Tell whether all these tests pass without a fault; print those that do not."""
    copy_project(ground.project)
    tests = dict.fromkeys(test for fault in faults for test in fault.tests)
    started = time.monotonic()
    status, output = ground.pytest(["-m", marks, *tests], 24 * 3600)
    print(f"without a fault: pytest ended with {status} after {time.monotonic() - started:.0f} s", flush=True)
    if status != PASSED:
        print(output)
    return status == PASSED


def read_results(file: Path | None, marks: str) -> dict[str, Found]:
    """Return what an earlier run with the same marks has written, by fault."""
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    found = [Found(**{**line, "by": tuple(line["by"])}) for line in lines]
    return {one.fault: one for one in found if one.marks == marks}


def line_of(found: Found) -> str:
    if found.how == "found":
        return f"found by {', '.join(found.by)} in {found.seconds:.0f} s"
    if found.how == "hangs":
        return f"found: {found.by[-1]} hangs, stopped after {found.seconds:.0f} s"
    return f"NOT FOUND{' (pytest did not get through)' if found.how == 'broken' else ''} in {found.seconds:.0f} s"


def as_table(results: Sequence[Found]) -> str:
    """Return the results in Markdown."""
    lines = ["| fault | what goes wrong | found by | seconds |", "|---|---|---|---|"]
    for one in results:
        by = "<br>".join(f"`{test}`" for test in one.by) if one.is_found else "**not found**"
        hangs = " (hangs)" if one.how == "hangs" else ""
        lines.append(f"| {one.fault} | {one.what} | {by}{hangs} | {one.seconds:.0f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 if a fault was not found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="FAULT", help="faults of faults.toml; all if none is named"
    )
    parser.add_argument("-m", dest="marks", default="", help="which tests, as for pytest; all if not given")
    parser.add_argument(
        "-x", dest="all_tests", action="store_false", help="stop at the first test (the default)"
    )
    parser.add_argument(
        "--all", dest="all_tests", action="store_true", help="list every test that finds a fault"
    )
    parser.add_argument("--baseline", action="store_true", help="first run the same tests without a fault")
    parser.add_argument("--into", type=Path, help="add results to this file, and skip faults that are in it")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one fault (600)")
    parser.add_argument("--verbose", action="store_true", help="show what pytest says")
    parser.set_defaults(all_tests=False)
    options = parser.parse_args(arguments)
    faults = read_faults()
    if unknown := set(options.names) - {fault.name for fault in faults}:
        parser.error(f"no fault is called {', '.join(sorted(unknown))}")
    faults = [fault for fault in faults if not options.names or fault.name in options.names]
    done = read_results(options.into, options.marks)
    with tempfile.TemporaryDirectory(prefix="planted-faults-") as name:
        project = Path(name, "project")
        ground = Ground(project, copy_environment(Path(name, "environment"), project))
        copy_project(project)
        if any(not line.startswith(f"{project}/") for line in ground.imports().splitlines()):
            raise PlantingError("the copied environment does not import the copied project")
        if options.baseline and not check_baseline(faults, ground, options.marks):
            return 1
        for number, fault in enumerate(faults, start=1):
            if fault.name in done:
                continue
            found = try_fault(
                fault,
                ground,
                options.marks,
                options.timeout,
                all_tests=options.all_tests,
                verbose=options.verbose,
            )
            done[fault.name] = found
            print(f"[{number}/{len(faults)}] {fault.name}: {line_of(found)}", flush=True)
            if options.into:
                with options.into.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(found)) + "\n")
    results = [done[fault.name] for fault in faults]
    print(as_table(results))
    return 0 if all(one.is_found for one in results) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the copies are removed
    try:
        sys.exit(main())
    except PlantingError as problem:
        sys.exit(f"{Path(__file__).name}: {problem}")
