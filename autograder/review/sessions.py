"""Who may see the pages: people who have the token that the command prints, as with Jupyter.

A session lives as long as the server. Scripts cannot read its cookie, and browsers never send it with
requests that another site caused.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from autograder.plain.text import plain_text

MOST_SESSIONS = 1000
LONGEST_NAME = 60
# An open page reports itself every few seconds.
GONE_AFTER = 15.0


@dataclass
class Session:
    """One browser.

    Attributes:
        id: the secret in its cookie.
        csrf: the secret in its forms.
        name: the user's name; empty until they have entered it.
        blind: are names hidden?
        notice: a message that the next page shows once.
    """

    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    name: str = ""
    blind: bool = False
    notice: str = ""


class Sessions:
    """All sessions of one server."""

    def __init__(self, token: str, *, blind: bool = False) -> None:
        self._token, self._blind = token, blind
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, token: str) -> Session | None:
        """Begin a session if the token is right."""
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return None
        session = Session(blind=self._blind)
        with self._lock:
            self._sessions[session.id] = session
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def session_of(self, cookie: str) -> Session | None:
        """Return the session that belongs to a cookie."""
        with self._lock:
            if cookie in self._sessions:
                self._sessions.move_to_end(cookie)
            return self._sessions.get(cookie)


def grader_name(text: str) -> str:
    """Return a name in the form in which it is shown and recorded."""
    return " ".join(plain_text(text, at_most=LONGEST_NAME).split())


class Presence:
    """Who has which submission open at the moment."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, tuple[str, float]]] = {}
        self._lock = threading.Lock()

    def here(self, key: str, session: Session) -> list[str]:
        """Note that a session is viewing a submission; return the names of the others who are."""
        now = time.monotonic()
        with self._lock:
            for other in self._seen.values():  # a person is at only one desk at a time
                other.pop(session.id, None)
            at = self._seen.setdefault(key, {})
            at[session.id] = (session.name, now)
            self._seen = {
                one: {who: seen for who, seen in people.items() if now - seen[1] < GONE_AFTER}
                for one, people in self._seen.items()
                if people
            }
            return sorted({name for who, (name, _) in self._seen[key].items() if who != session.id})

    def gone(self, session: Session) -> None:
        """Note that a session has left the desk."""
        with self._lock:
            for people in self._seen.values():
                people.pop(session.id, None)
