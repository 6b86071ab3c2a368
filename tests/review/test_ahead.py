"""What a browser fetches ahead is there at once, and does not count until a person looks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect
from served_course import Enter, Server, press

pytestmark = pytest.mark.deep

AHEAD = {"Sec-Purpose": "prefetch"}
HOW = "performance.getEntriesByType('navigation')[0].deliveryType"


@contextlib.contextmanager
def without_browser(server: Server, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.root, follow_redirects=True) as client:
        found = re.search(r'name="csrf" value="([^"]+)"', client.get(server.address).text)
        assert found is not None
        client.post("/who", data={"csrf": found[1], "name": name, "back": "/"})
        yield client


def test_the_next_submission_is_there_before_the_key_is_pressed(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student25"))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)

    press(page, "j")

    page.wait_for_url(server.desk("student26"))
    assert page.evaluate(HOW) == "navigational-prefetch"


def test_after_a_save_the_next_page_knows_of_it(server: Server, enter: Enter) -> None:
    page = enter("Bea")
    page.goto(server.desk("student27"))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    before = page.locator(".progress").inner_text()

    press(page, "7")
    press(page, "Enter")

    page.wait_for_url(server.desk("student28"))
    expect(page.locator(".notice", has_text="student27: saved")).to_be_visible()
    assert page.locator(".progress").inner_text() != before


def test_a_desk_that_was_only_fetched_ahead_has_no_visitor(server: Server) -> None:
    with without_browser(server, "Bea") as bea, without_browser(server, "Carl") as carl:
        bea.get(server.desk("student29"), headers=AHEAD)
        assert "Bea has this submission open" not in carl.get(server.desk("student29")).text

        bea.get(server.desk("student29"))
        assert "Bea has this submission open" in carl.get(server.desk("student29")).text
