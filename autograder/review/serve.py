"""The command `gradeascent review`: a server for the TAs of one course, on this machine."""

from __future__ import annotations

import getpass
import logging
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import closing

import uvicorn

from autograder.course.folder import Course
from autograder.errors import CourseError, GradeascentError
from autograder.review.app import make_app
from autograder.review.pages import ReviewPages
from autograder.review.safety import own_names
from autograder.review.sessions import Sessions

HOST = "127.0.0.1"
FIRST_PORT, PORTS = 8765, 20
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_LOG = logging.getLogger(__name__)


def serve(
    course: Course,
    say: Callable[[str], None],
    *,
    host: str = HOST,
    port: int | None = None,
    blind: bool = False,
    browser: bool = True,
    assignment: str = "",
) -> None:
    """Serve the review pages until the user presses ^C.

    Args:
        course: the course folder.
        say: prints the pages' address for the user.
        host: the address to listen at.
        port: the port; None for any free port.
        blind: hide names from everyone.
        browser: open the first page.
        assignment: the assignment.

    Raises:
        CourseError: the server cannot listen there, or the assignment cannot be read.
    """
    assignment = assignment or course.assignment
    pages = ReviewPages(course, assignment, blind=blind)
    token = secrets.token_urlsafe(24)
    with closing(_listen(host, port)) as listening:
        number = listening.getsockname()[1]
        application = make_app(
            pages,
            Sessions(token, blind=blind),
            own_names(host),
            cookie=f"gradeascent-{number}",
            user=_user(),
        )
        address = f"http://{_shown(host)}:{number}/?token={token}"
        say(f"The TAs' pages for {course.root}: open")
        say(f"    {address}")
        if host not in _LOCAL_NAMES:
            say(
                "Everyone with this address can grade, over an unencrypted connection: use it only in a network "
                "that you trust."
            )
        say("Stop with ^C.")
        threading.Thread(target=_warm, args=(pages,), daemon=True).start()
        if browser:
            threading.Timer(0.5, webbrowser.open, (address,)).start()
        config = uvicorn.Config(
            application,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            say("Stopped. Everything that was saved is in the gradebook.")


def _listen(host: str, port: int | None) -> socket.socket:
    ports = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS), 0]
    problem: OSError | None = None
    for number in ports:
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(
                host.strip("[]"), number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listening = socket.socket(family, kind, protocol)
            try:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(where)
                listening.listen(128)
            except OSError:
                listening.close()
                raise
        except OSError as error:
            problem = error
            continue
        return listening
    reason = problem.strerror if problem is not None else "no port"
    raise CourseError(
        f"cannot listen on {host} port {ports[0]}: {reason}; choose another with --host or --port"
    )


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 (only compared)
        return socket.gethostname()
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _warm(pages: ReviewPages) -> None:
    try:
        pages.warm()
    except (GradeascentError, OSError) as error:
        _LOG.debug("the first look will take longer: %s", error)
