"""Compares students' work: who shares what, and how much that means.

With the seed fixed, a run is deterministic: equal code yields equal weights, and equal weights yield equal
images. So shared weights add no evidence to shared code, and shared images add none to shared weights. Only a
shared result without a shared cause is evidence in itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from autograder.duplicates.findings import Duplicates, Finding, Group, NotCompared
from autograder.duplicates.sketch import Vector, near_pairs
from autograder.duplicates.traits import FEWEST_WORDS, Answer, Traits

# What more than this share of students (or three, in small classes) have in common is from the textbook.
COMMON_SHARE, FEWEST_COMMON = 0.2, 3

_STRENGTHS = ("strong", "some", "weak")
_Key = TypeVar("_Key", bound=Hashable)
_Strength = Literal["strong", "some", "weak"]


def compare(all_traits: Sequence[Traits], reference: Mapping[str, str]) -> Duplicates:
    """Compare all students with each other.

    Args:
        all_traits: the traits of each student.
        reference: the instructor's own answers: the cell name, by the digest of the cell's normal form.
    """
    code = list(_shared_code(all_traits, reference))
    weights = list(_shared_weights(all_traits))
    images = list(_shared_images(all_traits, weights))
    findings = sorted(code + weights + images, key=_rank)
    telling = [one for one in findings if one.strength != "weak"]
    return Duplicates(
        compared=len(all_traits),
        groups=tuple(_groups(telling)),
        weak=tuple(one for one in findings if one.strength == "weak"),
        left_out=tuple(NotCompared(one.student, why) for one in all_traits for why in one.left_out),
    )


def _rank(finding: Finding) -> tuple[int, int, str, str, tuple[str, ...]]:
    """Sort the strongest first, then those that the fewest share: chance seldom connects only two of many."""
    strength = _STRENGTHS.index(finding.strength)
    return strength, len(finding.students), finding.kind, finding.cell, finding.students


def _shared_code(all_traits: Sequence[Traits], reference: Mapping[str, str]) -> Iterator[Finding]:
    cells: dict[str, list[tuple[str, Answer]]] = defaultdict(list)
    for traits in all_traits:
        for answer in traits.answers:
            cells[answer.form.digest].append((traits.student, answer))
    for digest, found in cells.items():
        students = tuple(sorted({student for student, _ in found}))
        if len(students) < 2:
            continue
        names = sorted({answer.name for _, answer in found} - {""})
        words = max(answer.form.own_words for _, answer in found)
        strength: _Strength = "weak"
        if digest in reference:
            why = "it is what the instructor's own notebook has there"
        elif words < FEWEST_WORDS:
            why = "it is so short that many would write the same"
        elif common := _common(students, all_traits):
            why = common
        else:
            strength, why = "some", f"{words} words that no other student wrote"
        yield Finding("code", " and ".join(names)[:100], students, False, strength, why)  # noqa: FBT003


def _shared_weights(all_traits: Sequence[Traits]) -> Iterator[Finding]:
    by_student = {one.student: one for one in all_traits}
    found = {one.student: one.weights for one in all_traits if one.weights and one.weights.has_learned}
    for students, nearly in _equal_and_near(
        {student: one.digest for student, one in found.items()},
        {student: (one.shapes, one.sketch, one.near) for student, one in found.items()},
    ):
        codes = {by_student[student].network_code for student in students}
        strength: _Strength = "weak"
        if len(codes) == 1 and codes != {""}:
            why = "their code is equal up to the training, and the seed is fixed"
        elif common := _common(students, all_traits):
            why = common
        elif not all(found[student].was_trained for student in students):
            strength = "strong"
            why = (
                "some of these networks were not seen in training; their weights may come from the same file"
            )
        elif "" in codes:
            strength, why = "some", "for some of them, the code that made them is not known"
        else:
            strength = "some"
            why = (
                "their code differs; with the fixed seed, the same layers, data and training, written differently, "
                "would explain it"
            )
        yield Finding("weights", "", students, nearly, strength, why)


def _shared_images(all_traits: Sequence[Traits], shared_weights: Sequence[Finding]) -> Iterator[Finding]:
    by_student = {one.student: one for one in all_traits}
    found = {one.student: one.images for one in all_traits if one.images}
    for students, nearly in _equal_and_near(
        {student: one.digest for student, one in found.items()},
        {student: (one.count, one.sketch, one.near) for student, one in found.items()},
    ):
        codes = {by_student[student].images_code for student in students}
        networks = [
            one.at(found[student].run) if (one := by_student[student].weights) else None
            for student in students
        ]
        strength: _Strength = "weak"
        if len(codes) == 1 and codes != {""}:
            why = "their code is equal up to the images, and the seed is fixed"
        elif (networks[0] is not None and len(set(networks)) == 1) or any(
            set(students) <= set(one.students) for one in shared_weights
        ):
            why = "their networks are equal, and equal networks lead to nearly equal images"
        elif common := _common(students, all_traits):
            why = common
        elif all(one is not None and one[1] for one in networks):
            strength, why = "strong", "their networks differ, and each would lead to other images"
        else:
            strength, why = (
                "some",
                "it is not known whether their networks were equal when the images were made",
            )
        yield Finding("images", "", students, nearly, strength, why)


def _common(students: Sequence[str], all_traits: Sequence[Traits]) -> str:
    """Return a note if many students share it; otherwise an empty string."""
    if len(students) > max(FEWEST_COMMON, COMMON_SHARE * len(all_traits)):
        return f"{len(students)} of {len(all_traits)} have it, as from the same textbook"
    return ""


def _equal_and_near(
    digests: Mapping[str, str], sketches: Mapping[str, tuple[Hashable, Vector | None, float]]
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the students who share something exactly, then nearly; the flag says whether it is nearly."""
    equal = _by(digests, lambda student: digests[student])
    yield from ((students, False) for students in equal.values() if len(students) > 1)
    # one student represents all with equal digests
    first = {students[0]: students for students in equal.values()}
    comparable = _by(first, lambda student: sketches[student][0])
    for candidates in comparable.values():
        known = [
            (student, short, near)
            for student in candidates
            for _, short, near in [sketches[student]]
            if short is not None
        ]
        names = [student for student, _, _ in known]
        pairs = near_pairs([short for _, short, _ in known], [near for _, _, near in known])
        for part in _connected((names[i], names[j]) for i, j in pairs):
            yield tuple(sorted(student for one in part for student in first[one])), True


def _by(students: Iterable[str], key: Callable[[str], _Key]) -> dict[_Key, tuple[str, ...]]:
    groups: dict[_Key, tuple[str, ...]] = {}
    for student in sorted(students):
        groups[key(student)] = (*groups.get(key(student), ()), student)
    return groups


def _groups(findings: Sequence[Finding]) -> Iterator[Group]:
    """Yield the groups of students that findings connect, in the order of the findings."""
    links = ((one.students[0], student) for one in findings for student in one.students[1:])
    for part in _connected(links):
        own = tuple(one for one in findings if one.students[0] in part)
        yield Group(tuple(sorted(part)), own)


def _connected(links: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Return the sets of connected names, in order of first appearance."""
    parts: dict[str, set[str]] = {}
    for one, other in links:
        left, right = parts.get(one, {one}), parts.get(other, {other})
        if left is not right:
            left |= right
            parts.update(dict.fromkeys(right, left))
        parts.update({one: left, other: left})
    return list({id(part): part for part in parts.values()}.values())
