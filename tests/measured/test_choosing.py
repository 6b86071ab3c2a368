"""The sample that is measured again differs with every commit, and is always large and varied enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from choosing import FULL, QUICK, folders_of_submissions, parts, sample, seed_of_commit, sources_sha256

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = folders_of_submissions()
SEEDS = [f"{number:040x}" for number in range(50)]


def folders_of(names: list[str]) -> set[str]:
    return {folder for folder, inside in FOLDERS.items() if set(inside) & set(names)}


@pytest.mark.parametrize("seed", SEEDS[:10])
@pytest.mark.parametrize("size", [QUICK, FULL])
def test_a_sample_has_its_size_and_something_from_every_folder(seed: str, size: int) -> None:
    chosen = sample(FOLDERS, seed, size)

    assert len(chosen) == len(set(chosen)) >= size
    assert folders_of(chosen) == set(FOLDERS)


def test_a_sample_changes_with_the_commit_and_with_nothing_else() -> None:
    chosen = [sample(FOLDERS, seed, QUICK) for seed in SEEDS]

    assert len({frozenset(names) for names in chosen}) == len(SEEDS)
    assert sample(FOLDERS, SEEDS[0], QUICK) == chosen[0]


def test_some_dozens_of_commits_measure_every_submission() -> None:
    chosen = {name for seed in SEEDS for name in sample(FOLDERS, seed, QUICK)}

    assert chosen == {name for names in FOLDERS.values() for name in names}


def test_what_is_measured_in_both_profiles_is_among_what_is_measured_in_one() -> None:
    for seed in SEEDS:
        assert set(sample(FOLDERS, seed, FULL)) <= set(sample(FOLDERS, seed, QUICK))


def test_a_folder_gives_about_as_much_as_it_holds() -> None:
    folders = {"large": [f"large_{number}" for number in range(90)], "small": [f"s_{i}" for i in range(10)]}

    chosen = sample(folders, "seed", 20)

    assert 1 <= sum(name in folders["small"] for name in chosen) <= 4


def test_one_of_each_folder_is_chosen_even_if_a_smaller_sample_is_wanted() -> None:
    assert sorted(sample({"a": ["1", "2"], "b": ["3"], "": ["4"]}, "seed", 1))[-2:] == ["3", "4"]


def test_every_submission_is_in_one_part() -> None:
    dealt = parts(["a", "b", "c", "d", "e"], 2)

    assert dealt == [["a", "c", "e"], ["b", "d"]]


def test_the_seed_is_the_commit_or_without_git_the_sources(tmp_path: Path) -> None:
    assert seed_of_commit(tmp_path) == sources_sha256()
    if (REPOSITORY / ".git").exists():
        assert len(seed_of_commit(REPOSITORY)) == 40
