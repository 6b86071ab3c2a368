"""The web application: the checks that every request passes before it reaches a page."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from autograder.errors import GradeascentError
from autograder.review.forms import local_address
from autograder.review.pages import ReviewPages, Visit
from autograder.review.safety import Safety
from autograder.review.sessions import Session, Sessions
from autograder.review.templating import assets

# A form with a long comment takes a few thousand bytes.
MOST_FORM_BYTES = 256 * 1024
MOST_FIELDS = 200
_FOREVER = "public, max-age=31536000, immutable"
View = Callable[[Visit], Response]


class FormTooLargeError(Exception):
    """A form is larger than any page needs."""


def make_app(
    pages: ReviewPages,
    sessions: Sessions,
    names: Iterable[str],
    *,
    cookie: str = "gradeascent",
    user: str = "",
) -> ASGIApp:
    """Return the application.

    Args:
        pages: the pages it serves.
        sessions: who may see them.
        names: the host names that requests may use for this machine.
        cookie: the name of the cookie; servers on one machine need different names.
        user: a name to suggest to the person at this machine.
    """
    door = _Door(pages, sessions, cookie, user)
    looks: dict[str, View] = {
        "/": pages.wall,
        "/class": pages.overview,
        "/desk/{key}": pages.desk,
        "/desk/{key}/picture/{size}": pages.picture,
        "/desk/{key}/panel/{place}": pages.panel,
        "/desk/{key}/notebook": pages.notebook,
    }
    acts: dict[str, View] = {
        "/blind": pages.set_blind,
        "/snippets": pages.set_snippets,
        "/desk/{key}": pages.save,
        "/desk/{key}/undo": pages.undo,
        "/desk/{key}/here": pages.here,
    }
    application = Starlette(
        routes=[
            Route("/assets/{name}", _asset_of(assets(pages.exercise.style()))),
            Route("/who", door.ask_name, methods=["GET"]),
            Route("/who", door.act(pages.set_name, needs_name=False), methods=["POST"]),
            *(Route(path, door.look(view), methods=["GET"]) for path, view in looks.items()),
            *(Route(path, door.act(view), methods=["POST"]) for path, view in acts.items()),
            Route("/{rest:path}", door.look(pages.nothing), methods=["GET"]),
        ],
        exception_handlers={GradeascentError: _failed, OSError: _failed},
    )
    return Safety(application, names)


class _Door:
    """Admits only requests with a session, and only forms that come from this server's own pages."""

    def __init__(self, pages: ReviewPages, sessions: Sessions, cookie: str, user: str) -> None:
        self._pages, self._sessions, self._cookie, self._user = pages, sessions, cookie, user

    def look(self, view: View) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            session = self._session(request)
            if session is None:
                return self._enter(request)
            if not session.name:
                return self._ask(request, session)
            return await run_in_threadpool(view, _visit(request, session))

        return endpoint

    def act(self, view: View, *, needs_name: bool = True) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            session = self._session(request)
            if session is None or (needs_name and not session.name):
                return PlainTextResponse("Nothing was saved: open the address that the command printed.", 403)
            if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
                return PlainTextResponse("Nothing was saved: the request came from another site.", 403)
            try:
                form = await _read_form(request)
            except (FormTooLargeError, ValueError):
                return PlainTextResponse("Nothing was saved: the form is too large.", 413)
            if not secrets.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
                return PlainTextResponse("Nothing was saved: reload the page and try again.", 403)
            return await run_in_threadpool(view, _visit(request, session, form))

        return endpoint

    async def ask_name(self, request: Request) -> Response:
        session = self._session(request)
        return self._enter(request) if session is None else self._ask(request, session, back="/")

    def _session(self, request: Request) -> Session | None:
        return self._sessions.session_of(request.cookies.get(self._cookie, ""))

    def _enter(self, request: Request) -> Response:
        """Begin a session if the token is right; otherwise ask for the token."""
        token = request.query_params.get("token", "")
        session = self._sessions.begin(token) if token else None
        if session is None:
            html = self._pages.environment.get_template("token.html").render(
                wrong=bool(token), title=self._pages.title
            )
            return HTMLResponse(html, status_code=403)
        # No redirect: after a link from another site, a browser would not send the new cookie with it.
        answer = self._ask(request, session)
        answer.set_cookie(self._cookie, session.id, httponly=True, samesite="strict", path="/")
        return answer

    def _ask(self, request: Request, session: Session, *, back: str | None = None) -> Response:
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        here = request.url.path + (f"?{urlencode(query)}" if query else "")
        suggestion = self._user if _is_this_machine(request) else ""
        return self._pages.who(
            Visit(session, here), suggestion=suggestion, back=here if back is None else back
        )


async def _read_form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            raise FormTooLargeError
    return dict(
        parse_qsl(
            body.decode(errors="replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    )


def _visit(request: Request, session: Session, form: dict[str, str] | None = None) -> Visit:
    query = request.url.query
    path = request.url.path + (f"?{query}" if query else "")
    return Visit(
        session,
        local_address(path),
        dict(request.path_params),
        dict(request.query_params),
        form or {},
        is_ahead=request.headers.get("sec-purpose", "").startswith("prefetch"),
    )


def _is_this_machine(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _asset_of(files: Mapping[str, tuple[str, str]]) -> Callable[[Request], Awaitable[Response]]:
    async def asset(request: Request) -> Response:
        kind, content = files.get(request.path_params["name"], ("", ""))
        if not kind:
            return Response(status_code=404)
        return Response(content, media_type=kind, headers={"Cache-Control": _FOREVER})

    return asset


async def _failed(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"This did not work: {' '.join(str(error).split())}", status_code=503)
