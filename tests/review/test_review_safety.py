"""Who may ask the server what: asked over HTTP, as other programs, other sites and other people would."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from http.cookies import SimpleCookie

import httpx
import pytest
from read_page import Page
from served_course import MALLORY, Server

from autograder.course.folder import ASSIGNMENT
from autograder.course.gradebook import open_gradebook
from autograder.review.submissions import key_of


@pytest.fixture
def stranger(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.root) as client:
        yield client


@pytest.fixture
def grader(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.root, follow_redirects=True) as client:
        client.get(server.address)
        client.post("/who", data={"csrf": csrf(client, "/who"), "name": "Bea", "back": "/"})
        yield client


def csrf(client: httpx.Client, path: str = "/") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def desk(student: str) -> str:
    return f"/desk/{key_of(ASSIGNMENT, student)}"


def score_of(server: Server, student: str) -> float | None:
    with open_gradebook(server.course) as gradebook:
        return gradebook.find_grade("interpretation", ASSIGNMENT, ASSIGNMENT, student).manual_score


@pytest.mark.parametrize(
    "path", ["/", "/class", "/who", desk("ada"), f"{desk('ada')}/notebook", "/?token=wrong"]
)
def test_without_the_token_there_is_nothing_to_see(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)

    assert answer.status_code == 403
    assert "student" not in answer.text
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    server: Server, stranger: httpx.Client
) -> None:
    answer = stranger.get(server.address)

    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "strict"
    assert len(cookie.value) > 40


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "localhost.evil.example", ""])
def test_a_foreign_name_for_this_machine_is_refused(grader: httpx.Client, host: str) -> None:
    answer = grader.get("/", headers={"Host": host})

    assert answer.status_code in (400, 421)
    assert "student" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8765"])
def test_its_own_names_are_not(grader: httpx.Client, host: str) -> None:
    assert grader.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/class", desk("ada"), desk(MALLORY)])
def test_a_page_may_do_only_what_it_needs(grader: httpx.Client, path: str) -> None:
    answer = grader.get(path)

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = Page(answer.text)
    assert all("src" in script for script in page.all("script"))
    assert not any(name.startswith("on") or name == "style" for name in page.attributes)


def test_the_notebook_s_frame_may_do_nothing(grader: httpx.Client) -> None:
    answer = grader.get(f"{desk(MALLORY)}/notebook")

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; img-src data:")
    assert "script-src" not in policy
    assert "<script" not in answer.text


@pytest.mark.parametrize("wrong", ["", "x" * 43])
def test_nothing_is_saved_without_the_secret_of_the_form(
    server: Server, grader: httpx.Client, wrong: str
) -> None:
    answer = grader.post(desk("student22"), data={"csrf": wrong, "score.interpretation": "9"})

    assert answer.status_code == 403
    assert score_of(server, "student22") is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_nothing_is_saved_for_another_site(server: Server, grader: httpx.Client, site: str) -> None:
    form = {"csrf": csrf(grader), "score.interpretation": "9"}
    answer = grader.post(desk("student22"), data=form, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 403
    assert score_of(server, "student22") is None


def test_a_form_that_is_too_large_is_refused(grader: httpx.Client) -> None:
    answer = grader.post(
        desk("student22"), data={"csrf": csrf(grader), "comment.interpretation": "x" * 300_000}
    )

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "path",
    [
        "/desk/ada",
        "/desk/..%2f..%2fgradebook.db",
        "/desk/%2e%2e/notebook",
        f"{desk('ada')}/picture/..%2freport.json",
        f"{desk('ada')}/picture/grid.png",
        "/assets/..%2fpages.py",
        "/gradebook.db",
        "//etc/passwd",
    ],
)
def test_no_path_of_a_request_leads_to_a_file(grader: httpx.Client, path: str) -> None:
    assert grader.get(path).status_code == 404


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_form_leads_to_another_site(grader: httpx.Client, back: str) -> None:
    form = {"csrf": csrf(grader), "blind": "", "back": back}
    answer = grader.post("/blind", data=form, follow_redirects=False)

    assert answer.headers["location"] == "/"


def test_a_name_that_is_recorded_shows_itself(server: Server, grader: httpx.Client) -> None:
    grader.post("/who", data={"csrf": csrf(grader), "name": "Eve\x1b[2J\u202e", "back": "/"})
    page = grader.get(desk("student23")).text
    base = re.search(r'name="base" value="(\w+)"', page)
    assert base is not None
    form = {"csrf": csrf(grader), "base": base[1], "score.interpretation": "4"}
    grader.post(desk("student23"), data=form)

    log = server.course.graded / "review.jsonl"
    assert r"Eve\\x1b[2J\\u202e" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) & 0o007 == 0
