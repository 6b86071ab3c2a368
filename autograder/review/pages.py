"""The review pages: what each address shows and what each form does, independent of how requests arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from autograder.course.folder import Course
from autograder.course.notebooks import read_notebook
from autograder.errors import SubmissionError
from autograder.exercise import find_exercise
from autograder.feedback.cells import show_cells
from autograder.pages import curves as frame
from autograder.pages.mosaic import mosaic_size
from autograder.pages.web_page import style_hash
from autograder.review.audit_log import AuditLog
from autograder.review.cells import read_sheet
from autograder.review.desk import make_desk, notebook_of, panel_of
from autograder.review.forms import (
    LONGEST_COMMENT,
    LONGEST_REASON,
    local_address,
    only_touched,
    read_decision,
)
from autograder.review.listing import Listing
from autograder.review.overview import make_overview
from autograder.review.saving import ChangedMeanwhileError, NothingToUndoError, Saving
from autograder.review.sessions import Presence, Session, grader_name
from autograder.review.snippets import Snippets
from autograder.review.submissions import ReviewSubmission, Submissions
from autograder.review.templating import AHEAD, make_environment
from autograder.review.thumbnails import SIZES, TYPES, Thumbnails
from autograder.review.wall import SHOWN, SORTS, Selection, name_of, neighbours
from autograder.settings import load_settings

# The page's style sheet does not reach into a picture; this grey suits light and dark.
NO_IMAGES = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 238 238"><path fill="#666" d="M0 0h238v238H0z"/>'
    '<text x="119" y="124" fill="#fff" font-family="sans-serif" font-size="16" text-anchor="middle">'
    "no images handed in</text></svg>"
)
# Background work pauses this long after each picture, so that current requests do not wait.
_POLITE_SECONDS = 0.01
_PICTURE_CACHE = "private, max-age=3600"
MOST_DIGITS = 6


@dataclass(frozen=True)
class Visit:
    """One request that has passed the checks for every request.

    `is_ahead` is set if the browser prefetches a page, which has not been seen then.
    """

    session: Session
    path: str
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    is_ahead: bool = False


class ReviewPages:
    """All pages of one assignment."""

    def __init__(self, course: Course, assignment: str, *, blind: bool = False) -> None:
        self.course, self.assignment, self.blind = course, assignment, blind
        self.sheet = read_sheet(course, assignment)
        self.exercise = find_exercise(load_settings(course.root).exercise)
        course.graded.mkdir(exist_ok=True)
        self.submissions = Submissions(course, self.exercise, assignment, self.sheet.notebook)
        self.thumbnails = Thumbnails(self.exercise.most_images, self.exercise.columns)
        self.saving = Saving(course, assignment, self.sheet.notebook, AuditLog(course.graded, assignment))
        self.snippets = Snippets(course.graded, self.exercise.wording.comments)
        self.presence = Presence()
        self.environment = make_environment(self.exercise.style())
        self.listing = Listing(self.submissions.all)

    # --- what is shown

    def wall(self, visit: Visit) -> Response:
        """Every submission as a card."""
        self.presence.gone(visit.session)
        selection = self._selection(visit.query)
        everyone = self._with_choices(selection, self.listing.now())
        blind = visit.session.blind
        ordered = selection.order(everyone, self._unusual(selection, everyone), blind=blind)
        return self._page(
            "wall.html",
            visit,
            here="wall",
            shown=[one for one in ordered if selection.includes(one, blind=blind)],
            everyone=everyone,
            selection=selection,
            criteria=list(
                dict.fromkeys(
                    name for one in everyone if one.report is not None for name in one.report.criteria
                )
            ),
            shows=SHOWN | {name: choice.words for name, choice in self.exercise.choices.items()},
            sorts=SORTS,
        )

    def overview(self, visit: Visit) -> Response:
        """The class at a glance."""
        self.presence.gone(visit.session)
        everyone = self.listing.now()
        return self._page(
            "overview.html",
            visit,
            here="class",
            overview=make_overview(everyone, self.exercise),
        )

    def desk(self, visit: Visit) -> Response:
        """One submission."""
        one = self._one(visit.parts["key"])
        return self._desk(visit, one) if one is not None else self.nothing(visit)

    def picture(self, visit: Visit) -> Response:
        """One picture of a submission."""
        one = self._known(visit.parts["key"])
        size = SIZES.get(visit.parts["size"])
        drawn = self.thumbnails.picture(one.folder, size) if one is not None and size is not None else None
        if one is None or size is None:
            return Response(status_code=404)
        if drawn is None:
            return Response(NO_IMAGES, media_type="image/svg+xml")
        return Response(drawn, media_type=TYPES[size], headers={"Cache-Control": _PICTURE_CACHE})

    def panel(self, visit: Visit) -> Response:
        """The exercise's panel about one image: a part of the desk."""
        one, place = self._known(visit.parts["key"]), visit.parts["place"]
        is_place = place.isascii() and place.isdecimal() and len(place) < MOST_DIGITS
        panel = panel_of(one, self.exercise, int(place)) if one is not None and is_place else None
        if panel is None:
            return Response(status_code=404)
        return HTMLResponse(panel, headers={"Cache-Control": _PICTURE_CACHE})

    def notebook(self, visit: Visit) -> Response:
        """The executed notebook, for a frame in which no script runs."""
        one = self._known(visit.parts["key"])
        file = notebook_of(self.course, self.assignment, one) if one is not None else None
        if file is None:
            return self.nothing(visit)
        try:
            cells, problem = list(show_cells(read_notebook(file))), ""
        except SubmissionError as error:
            cells, problem = [], str(error)
        style = Markup(self.environment.get_template("notebook.css").render())  # noqa: S704 (the kit's own)
        page = self.environment.get_template("notebook.html").render(
            cells=cells, problem=problem, style=style
        )
        policy = (
            f"sandbox; default-src 'none'; img-src data:; style-src '{style_hash(str(style))}'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    def nothing(self, visit: Visit) -> Response:
        """The page for an unknown address."""
        return self._page("message.html", visit, status=404, message="There is no such page here.")

    def who(self, visit: Visit, *, suggestion: str = "", back: str = "/") -> Response:
        """Ask for the name under which changes are recorded."""
        name = visit.session.name or suggestion
        html = self.environment.get_template("who.html").render(
            csrf=visit.session.csrf, name=name, back=local_address(back), title=self.title
        )
        return HTMLResponse(html)

    # --- what forms do

    def set_name(self, visit: Visit) -> Response:
        """Record changes under this name from now on."""
        if not (name := grader_name(visit.form.get("name", ""))):
            return self.who(visit, back=visit.form.get("back", "/"))
        visit.session.name = name
        return _go(local_address(visit.form.get("back", "/")))

    def set_blind(self, visit: Visit) -> Response:
        """Hide or show names."""
        visit.session.blind = self.blind or bool(visit.form.get("blind"))
        return _go(local_address(visit.form.get("back", "/")))

    def save(self, visit: Visit) -> Response:
        """Save the decision, unless another person has saved since the page was made."""
        one = self._one(visit.parts["key"])
        if one is None or one.marks is None:
            return self.nothing(visit)
        form = visit.form
        reading = read_decision(form, one.marks, self.sheet)
        if reading.problems:
            return self._desk(visit, one, problems=reading.problems)
        try:
            after = self.saving.save(
                one.student, reading.decision, based_on=form.get("base", ""), who=visit.session.name
            )
        except ChangedMeanwhileError as error:
            mine = replace(visit, form=only_touched(form))
            return self._desk(mine, replace(one, marks=error.marks), conflict=True)
        self.listing.put(replace(one, marks=after))
        if keep := form.get("keep"):
            self.snippets.keep(form.get(f"comment.{keep}", ""))
        unchanged = after.version == one.marks.version
        goes_on = form.get("action") == "next"
        called = name_of(one, blind=visit.session.blind)
        visit.session.notice = (
            f"{called}: nothing was changed." if unchanged else f"{called}: saved, {after.score:g} points."
        )
        return _go(form.get("next", "") if goes_on and form.get("next") else self._here(visit))

    def undo(self, visit: Visit) -> Response:
        """Undo the last change of this submission."""
        one = self._one(visit.parts["key"])
        if one is None:
            return self.nothing(visit)
        try:
            after = self.saving.undo(one.student, visit.form.get("change", ""), who=visit.session.name)
        except NothingToUndoError as error:
            visit.session.notice = str(error)
        else:
            self.listing.put(replace(one, marks=after))
            visit.session.notice = "Change undone."
        return _go(self._here(visit))

    def here(self, visit: Visit) -> Response:
        """Note who is at this desk; report who else is there, and whether something was saved meanwhile."""
        one = self._one(visit.parts["key"])
        if one is None:
            return JSONResponse({}, status_code=404)
        last = self.saving.last_change(one.student)
        return JSONResponse(
            {
                "others": self.presence.here(one.key, visit.session),
                "version": one.marks.version if one.marks is not None else "",
                "by": last.who if last is not None else "",
            }
        )

    def set_snippets(self, visit: Visit) -> Response:
        """Forget a saved comment."""
        self.snippets.forget(visit.form.get("forget", ""))
        return _go(local_address(visit.form.get("back", "/")))

    # --- helpers

    @property
    def title(self) -> str:
        """The assignment's title for people."""
        return self.assignment.replace("_", " ").capitalize()

    def warm(self) -> None:
        """Read what the wall needs, so that the first view does not have to wait."""
        everyone = self.listing.now()
        for one in everyone:
            self.thumbnails.picture(one.folder, "small")
            time.sleep(_POLITE_SECONDS)
        self.submissions.unusual(everyone)

    def _one(self, key: str) -> ReviewSubmission | None:
        """Return a submission as it is now."""
        known = self.listing.last_read(key)
        now = self.submissions.again(known) if known is not None else self.submissions.one(key)
        if now is not None and now != known:
            self.listing.put(now)
        return now

    def _known(self, key: str) -> ReviewSubmission | None:
        """Return a submission as last read, for its files only."""
        return self.listing.last_read(key) or self.submissions.one(key)

    def _selection(self, query: Mapping[str, str]) -> Selection:
        return Selection.of(query, self.exercise.choices)

    def _with_choices(self, selection: Selection, everyone: list[ReviewSubmission]) -> list[ReviewSubmission]:
        """Return submissions with the exercise's choices that include them, if the selection asks for one."""
        is_asked = selection.show in self.exercise.choices
        return self.submissions.with_choices(everyone) if is_asked else everyone

    def _unusual(self, selection: Selection, everyone: list[ReviewSubmission]) -> dict[str, float]:
        return self.submissions.unusual(everyone) if selection.sort == "unusual" else {}

    def _here(self, visit: Visit) -> str:
        return f"/desk/{visit.parts['key']}{self._selection(visit.query).query}"

    def _desk(
        self,
        visit: Visit,
        one: ReviewSubmission,
        *,
        problems: Mapping[str, str] | None = None,
        conflict: bool = False,
    ) -> Response:
        selection, blind = self._selection(visit.query), visit.session.blind
        everyone = self._with_choices(selection, self.listing.recent())
        ordered = selection.order(everyone, self._unusual(selection, everyone), blind=blind)
        around = neighbours(ordered, selection, one.key, blind=blind)
        last = self.saving.last_change(one.student)
        page = self._page(
            "desk.html",
            visit,
            status=409 if conflict else 422 if problems else 200,
            here="desk",
            one=one,
            desk=make_desk(self.course, self.sheet, self.assignment, one, self.exercise),
            around=around,
            everyone=everyone,
            selection=selection,
            last=last,
            others=[] if visit.is_ahead else self.presence.here(one.key, visit.session),
            snippets=self.snippets.all(),
            typed=visit.form,
            problems=problems or {},
            conflict=conflict,
            limits={"comment": LONGEST_COMMENT, "reason": LONGEST_REASON},
            frame=frame,
            wording=self.exercise.wording,
            columns=self.exercise.columns,
            mosaic_size=mosaic_size,
        )
        page.background = BackgroundTask(self._prepare, around.after, around.next_ungraded)
        return page

    def _prepare(self, *coming: ReviewSubmission | None) -> None:
        """Read and draw what the next key will show, while the TA looks at this page."""
        for one in dict.fromkeys(one.key for one in coming if one is not None):
            submission = self._known(one)
            if submission is not None:
                make_desk(self.course, self.sheet, self.assignment, submission, self.exercise)
                for size in SIZES.values():
                    self.thumbnails.picture(submission.folder, size)

    def _page(
        self, template: str, visit: Visit, *, status: int = 200, here: str = "", **shown: Any
    ) -> Response:
        session = visit.session
        notice = ""
        if not visit.is_ahead:
            notice, session.notice = session.notice, ""
        site = {
            "here": here,
            "grader": session.name,
            "csrf": session.csrf,
            "blind": session.blind,
            "blind_forced": self.blind,
            "back": visit.path,
            "title": self.title,
        }
        html = self.environment.get_template(template).render(
            site=site, notice=notice, called=_called(session), **shown
        )
        return HTMLResponse(html, status_code=status, headers={"Speculation-Rules": f'"/assets/{AHEAD}"'})


def _called(session: Session) -> Callable[[ReviewSubmission], str]:
    return lambda one: name_of(one, blind=session.blind)


def _go(address: str) -> Response:
    # pages that the browser has prefetched do not include this change
    fresh = {"Clear-Site-Data": '"prefetchCache"'}
    return RedirectResponse(local_address(address), status_code=303, headers=fresh)
