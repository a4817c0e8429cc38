"""The frame's hash commits to every case, and to nothing else."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.frame import Frame, FrameCase, hash_of_frame
from cases.rules.quarters import Quarter
from tests.rules.cases.frames import FROZEN_ON, QUARTER, council, frame_of, frames

CASE = FrameCase("a1", "Early Help", "", "p1", "f1")
FRAME = frame_of(CASE, FrameCase("b2", "Early Help"), rested=frozenset({"p1"}))


@given(frames(), st.randoms())
def test_the_order_of_the_rows_changes_nothing(frame: Frame, dice: random.Random) -> None:
    rows = list(frame.cases)
    dice.shuffle(rows)
    assert replace(frame, cases=tuple(rows)).sha256 == frame.sha256


@pytest.mark.parametrize(
    "changed",
    [
        replace(FRAME, quarter=Quarter(2026, 4)),
        replace(FRAME, frozen_on=date(2026, 10, 6)),
        replace(FRAME, rested=frozenset()),
        replace(FRAME, empty_strata=frozenset({"Care Leavers"})),
        replace(FRAME, cases=FRAME.cases[:1]),
        replace(FRAME, cases=(*FRAME.cases, FrameCase("c3", "Early Help"))),
        *(
            replace(FRAME, cases=(CASE._replace(**change), *FRAME.cases[1:]))
            for change in (
                {"key": "a2"},
                {"stratum": "Early Help 2"},
                {"not_eligible": "restricted"},
                {"practitioner": ""},
                {"family": "f2"},
                {"practitioner": "f1", "family": "p1"},
            )
        ),
    ],
)
def test_every_change_changes_the_hash(changed: Frame) -> None:
    assert changed.sha256 != FRAME.sha256


def test_naming_a_stratum_that_has_cases_changes_nothing() -> None:
    assert replace(FRAME, empty_strata=frozenset({"Early Help"})).sha256 == FRAME.sha256


def test_strata_are_in_one_order_with_the_empty_ones() -> None:
    frame = frame_of(FrameCase("a", "b"), FrameCase("b", "B"), empty=frozenset({"a", "Ä"}))
    assert frame.strata == ("B", "a", "b", "Ä")


def test_a_case_is_in_it_once() -> None:
    with pytest.raises(ValueError, match="in the frame twice"):
        frame_of(CASE, CASE._replace(stratum="Looked After"))


@pytest.mark.parametrize(
    "name", ["", " Early Help", "Early\tHelp", "Early\nHelp", "x" * 201, "\ud800"]
)
def test_names_of_strata_that_cannot_be_written_down(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a stratum"):
        frame_of(FrameCase("a1", name))


@pytest.mark.parametrize(
    "case",
    [
        CASE._replace(key=""),
        CASE._replace(key="a 1"),
        CASE._replace(key="a\t1"),
        CASE._replace(key="ä"),
        CASE._replace(key="a" * 65),
        CASE._replace(not_eligible="Restricted record"),
        CASE._replace(practitioner="Jo Bloggs"),
        CASE._replace(family="f\n1"),
    ],
)
def test_values_that_cannot_be_written_down(case: FrameCase) -> None:
    with pytest.raises(ValueError, match="cannot be written into a frame"):
        _ = frame_of(case).sha256


def test_a_practitioners_key_that_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="practitioner's key"):
        Frame(QUARTER, FROZEN_ON, (CASE,), frozenset({"Jo Bloggs"}))


def test_hashing_in_chunks_is_hashing_the_whole() -> None:
    frame = council(12_000, seed=1)  # more lines than are hashed at once
    assert frame.sha256 == hashlib.sha256("".join(frame.lines()).encode()).hexdigest()


def head_of(frame: Frame) -> Frame:
    return replace(frame, cases=(), empty_strata=frozenset(frame.strata))


def read_back(frame: Frame, lines: list[str]) -> Frame:
    return Frame.read(head_of(frame), lines, frame.sha256)


def lines_of(frame: Frame) -> list[str]:
    return [f"case\t{chr(9).join(case)}\n" for case in sorted(frame.cases)]


@given(frames())
def test_a_frame_that_is_read_back_is_the_one_that_was_written(frame: Frame) -> None:
    found = read_back(frame, lines_of(frame))
    assert found.cases == tuple(sorted(frame.cases))
    assert found.strata == frame.strata
    assert found.sha256 == frame.sha256
    assert replace(found).sha256 == frame.sha256  # worked out from the cases, not from the lines
    assert hash_of_frame(head_of(frame), lines_of(frame)) == frame.sha256


def test_reading_in_chunks_is_reading_the_whole() -> None:
    frame = council(12_000, seed=1)
    lines = lines_of(frame)
    many_at_once = ["".join(lines[:7_000]), "", "".join(lines[7_000:])]
    for texts in (lines, many_at_once, ["".join(lines)]):
        assert read_back(frame, texts).cases == tuple(sorted(frame.cases))
        assert read_back(frame, texts).sha256 == frame.sha256
        assert hash_of_frame(head_of(frame), texts) == frame.sha256


@pytest.mark.parametrize("wrong", [
    lambda lines: lines[::-1],
    lambda lines: [lines[0], *lines],
    lambda lines: [*lines[:-1], lines[-1].replace("b2", "a b")],
    lambda lines: ["".join(lines[::-1])],
    lambda lines: ["".join(lines), "".join(lines)],
    lambda lines: [lines[0] + "\n", *lines[1:]],
    lambda lines: [lines[0].rstrip("\n"), *lines[1:]],
    lambda lines: [*lines[:-1], lines[-1].replace("Early Help", "Early help")],
])  # fmt: skip
def test_lines_that_no_frame_could_have_are_neither_hashed_nor_read(
    wrong: Callable[[list[str]], list[str]],
) -> None:
    lines = wrong(lines_of(FRAME))
    assert lines != lines_of(FRAME)
    said = r"order of their keys|cannot be written into a frame|does not name"
    with pytest.raises(ValueError, match=said):
        hash_of_frame(head_of(FRAME), lines)
    with pytest.raises(ValueError, match="not the frame whose hash was published"):
        read_back(FRAME, lines)
