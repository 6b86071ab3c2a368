"""What separates a program from this machine: bubblewrap, or (for trusted code only) nothing.

A sandbox turns a `Program` into the command line that runs it isolated from the rest of the machine. Paths
are the same inside and outside, so nothing has to be translated. A path that is not listed does not exist
inside.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from autograder.errors import SandboxError
from autograder.execute.seccomp import filter_program
from autograder.plain.machine import MEGABYTE
from autograder.plain.scratch import temporary_folder

# A student's files inside bubblewrap: in memory, gone when the process ends.
HOME = Path("/home/student")
SCRATCH = (HOME, Path("/tmp"))  # noqa: S108 (inside the sandbox)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
# What a program's own folder may hold, besides what is shown there.
OWN_FOLDER_MB = 1
# Parts of the system that the interpreter and its libraries need, if they exist.
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
# bubblewrap reads the system call filter from this descriptor.
FILTER_DESCRIPTOR = 9
FILTER_FILE = "seccomp.bpf"
# Holds a sandbox open until standard input ends; an empty line on standard error says that it runs.
HOLDER = ("/bin/sh", "-c", "echo >&2; read _")
# On a merged-/usr system these are links, elsewhere folders.
SYSTEM_LINKS = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")


@dataclass(frozen=True)
class Python:
    """An interpreter and the folders it needs to run."""

    executable: Path
    folders: tuple[Path, ...]
    site_packages: Path


@dataclass(frozen=True)
class Program:
    """A command and the parts of this machine that it may use."""

    argv: tuple[str, ...]
    python: Python
    folder: Path  # of this run; inside, it is in memory and empty but for what is in `readable`
    readable: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    kit_visible: bool = False  # may it import `autograder` and `solutions`?
    scratch_mb: int = 64  # for each of the home folder and /tmp
    shared_memory_mb: int = 64  # for /dev/shm
    is_held: bool = False  # bubblewrap then reports the process inside on standard output

    def whole_environment(self, home: Path) -> dict[str, str]:
        """Return all environment variables of the program; none of the grader's own are passed on."""
        import_path = (str(path.parent) for path in kit_packages())
        return {
            **({"PYTHONPATH": os.pathsep.join(import_path)} if self.kit_visible else {}),
            "HOME": str(home),
            "USER": "student",
            "LOGNAME": "student",
            "PATH": f"{self.python.executable.parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            **self.environment,
        }


class Sandbox(Protocol):
    """Runs programs isolated from the machine."""

    name: str

    def command(self, program: Program) -> list[str]:
        """Return the argument list that runs `program` inside the sandbox."""
        ...


class Bubblewrap:
    """Isolates programs with Linux namespaces (bubblewrap) and a system call filter.

    A program has no network, sees no other processes and sees only the listed files. It can write only to its
    home folder, `/tmp`, `/dev/shm` and its own folder. All of them are in memory and limited in size; no file that
    it makes can be seen outside.
    """

    name = "bwrap"

    def command(self, program: Program) -> list[str]:
        """Return the bwrap command line; later mounts cover earlier ones, so order matters."""
        options = [
            "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
            "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox",
            "--die-with-parent", "--new-session", "--clearenv", *_no_nested_namespaces(),
            *(("--info-fd", "1") if program.is_held else ()),
        ]  # fmt: skip
        options += ["--proc", "/proc", "--dev", "/dev"]
        for device in program.devices:
            options += ["--dev-bind-try", str(device), str(device)]
        sizes = {**dict.fromkeys(SCRATCH, program.scratch_mb), SHARED_MEMORY: program.shared_memory_mb}
        for scratch, size in sizes.items():
            options += ["--size", str(size * MEGABYTE), "--tmpfs", str(scratch)]
        for system_path in SYSTEM:
            options += ["--ro-bind-try", system_path, system_path]
        for link in map(Path, SYSTEM_LINKS):
            if link.is_symlink():
                options += ["--symlink", str(link.readlink()), str(link)]
            elif link.exists():
                options += ["--ro-bind", str(link), str(link)]
        options += ["--size", str(OWN_FOLDER_MB * MEGABYTE), "--tmpfs", str(program.folder)]
        for path in (*program.python.folders, *program.readable):
            options += ["--ro-bind", str(path), str(path)]
        if not program.kit_visible:
            for package in ("autograder", "solutions"):
                if (installed := program.python.site_packages / package).is_dir():
                    options += ["--size", "4096", "--tmpfs", str(installed), "--remount-ro", str(installed)]
        options += ["--chdir", str(HOME)]
        for name, value in program.whole_environment(HOME).items():
            options += ["--setenv", name, value]
        # If root runs the grader, the program is root for /proc/sys too. The folders / and /dev are memory
        # without a limit.
        if program.devices:  # CUDA names its threads through its own files under /proc
            for shown in map(str, _machine_wide(Path("/proc"))):
                options += ["--ro-bind", shown, shown]
        else:
            options += ["--remount-ro", "/proc"]
        options += ["--remount-ro", "/dev", "--remount-ro", "/"]
        filter_file = program.folder / FILTER_FILE
        filter_file.write_bytes(filter_program())
        options += ["--seccomp", str(FILTER_DESCRIPTOR)]
        with_filter = f'exec "$@" {FILTER_DESCRIPTOR}<"$0"'
        return ["/bin/sh", "-c", with_filter, str(filter_file), _bubblewrap(), *options, "--", *program.argv]

    def around_sandboxes(self, program: Program) -> list[str]:
        """Return the command line of a trusted program that creates sandboxes itself.

        It may read this machine, so that it can show parts of it in sandboxes. It may write only to its folder.
        """
        options = [
            "--unshare-user", "--unshare-net", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL",
            "--die-with-parent", "--new-session", "--clearenv",
            "--ro-bind", "/", "/", "--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev",
            "--bind", str(program.folder), str(program.folder), "--chdir", str(program.folder),
        ]  # fmt: skip
        for name, value in program.whole_environment(HOME).items():
            options += ["--setenv", name, value]
        return [_bubblewrap(), *options, "--", *program.argv]


class Unsandboxed:
    """No isolation at all: the program runs as the grading user. Only for trusted code."""

    name = "none"

    def command(self, program: Program) -> list[str]:
        """Return a command that only swaps the environment and the working directory."""
        home = program.folder / "home"
        home.mkdir(exist_ok=True)
        settings = [f"{name}={value}" for name, value in program.whole_environment(home).items()]
        return ["/usr/bin/env", "-i", "-C", str(home), *settings, *program.argv]


SANDBOXES: dict[str, type[Bubblewrap] | type[Unsandboxed]] = {
    Bubblewrap.name: Bubblewrap,
    Unsandboxed.name: Unsandboxed,
}


def make_sandbox(name: str) -> Sandbox:
    """Return the sandbox with this name after trying it out.

    Raises:
        SandboxError: it does not work on this machine; the message says why and what to do.
    """
    if name == Bubblewrap.name and (problem := bubblewrap_problem()):
        raise SandboxError(
            f"no sandbox: {problem}. Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap libseccomp2; "
            "Fedora: dnf install bubblewrap libseccomp) and allow unprivileged user namespaces, or grade code that you "
            "trust with --sandbox none"
        )
    return SANDBOXES[name]()


@functools.cache
def bubblewrap_problem() -> str | None:
    """Start bubblewrap, and return why it does not work here, or None if it does."""
    if not shutil.which("bwrap"):
        return "bubblewrap (the program 'bwrap') is not installed"
    try:
        filter_program()
    except SandboxError as error:
        return str(error)
    with temporary_folder() as folder:
        program = Program(argv=("true",), python=find_python(""), folder=Path(folder))
        attempt = subprocess.run(
            Bubblewrap().command(program), capture_output=True, text=True, timeout=30, check=False
        )
    if attempt.returncode:
        return (
            f"bubblewrap does not start ({attempt.stderr.strip().splitlines()[-1:] or ['no reason given']})"
        )
    return None


@functools.cache
def find_python(setting: str) -> Python:
    """Return the interpreter that `setting` names; an empty setting means the kit's own.

    Raises:
        SandboxError: there is no such interpreter, or it does not start.
    """
    executable = setting or sys.executable
    question = (
        "import json, os, sys, sysconfig;"
        "print(json.dumps([sys.prefix, sys.base_prefix, sys.base_exec_prefix, sysconfig.get_path('purelib'),"
        "os.path.dirname(os.path.dirname(os.path.realpath(sys.executable)))]))"
    )
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", question], capture_output=True, text=True, timeout=60, check=True
        )
        prefix, base, base_exec, purelib, real = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SandboxError(
            f"the Python for student notebooks, {executable}, does not start: {error}"
        ) from error
    folders = {Path(prefix), Path(base), Path(base_exec), Path(real)}
    outside_system = sorted(folder for folder in folders if Path("/usr") not in (folder, *folder.parents))
    return Python(Path(executable), tuple(outside_system), Path(purelib))


def kit_packages() -> tuple[Path, ...]:
    """Return the folders of the packages `autograder` and `solutions`, wherever they are installed."""
    import solutions

    return Path(__file__).resolve().parents[1], Path(solutions.__file__).resolve().parent


def _bubblewrap() -> str:
    return shutil.which("bwrap") or "bwrap"


@functools.cache
def _no_nested_namespaces() -> tuple[str, ...]:
    """Return `--disable-userns` if bubblewrap knows it; older versions do not."""
    usage = subprocess.run([_bubblewrap(), "--help"], capture_output=True, text=True, check=False)
    return ("--disable-userns",) if "--disable-userns" in usage.stdout else ()


def _machine_wide(proc: Path) -> Iterator[Path]:
    """Yield folders and writable files under /proc that do not belong to a single process."""
    for path in sorted(proc.iterdir()):
        is_of_process = path.name.isdigit() or path.is_symlink()
        if not is_of_process and (path.is_dir() or path.stat().st_mode & 0o222):
            yield path
