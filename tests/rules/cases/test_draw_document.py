"""docs/draw.md: its worked example is what the software computes, and what it says is so."""

from __future__ import annotations

import re
from dataclasses import fields
from fractions import Fraction

import pytest

from cases.rules.eligibility import ALL_REASONS
from cases.rules.frame import FrameCase
from cases.rules.policy import DrawPolicy
from cases.rules.rates import exact
from cases.rules.rotation import tickets_of
from cases.rules.sampling import PASSED_OVER, DrawResult, draw
from config.launch import ROOT
from tests.rules.cases.frames import frame_of

TEXT = (ROOT / "docs" / "draw.md").read_text(encoding="utf-8")

FRAME = frame_of(
    FrameCase("c01", "Early Help", "", "p1", ""),
    FrameCase("c02", "Early Help", "", "p1", "f2"),
    FrameCase("c03", "Early Help", "", "p2", ""),
    FrameCase("c04", "Early Help", "", "p2", "f1"),
    FrameCase("c05", "Early Help", "restricted", "p3", ""),
    FrameCase("c06", "Early Help", "", "p3", ""),
    FrameCase("c07", "Looked After", "", "p4", ""),
    FrameCase("c08", "Looked After", "", "", "f1"),
    FrameCase("c09", "Looked After", "", "p4", "f2"),
    FrameCase("c10", "Looked After", "already_audited", "", "f1"),
    rested=frozenset({"p3"}),
    empty=frozenset({"Care Leavers"}),
)
SEED = "1 1 2 3"
POLICY = DrawPolicy(rate=Fraction(1, 3), reserve_minimum=1)


def example(name: str) -> str:
    """The block after the comment that names it, with its tabs."""
    found = re.search(rf"<!-- example: {name} -->\n```\n(.*?)```", TEXT, re.DOTALL)
    assert found, name
    return found[1].replace("⇥", "\t")


@pytest.fixture
def result() -> DrawResult:
    return draw(FRAME, SEED, POLICY)


def test_text_and_hash_of_the_frame() -> None:
    assert "".join(FRAME.lines()) == example("frame")
    assert FRAME.sha256 == example("frame hash").strip()


def test_tickets() -> None:
    eligible = [case.key for case in FRAME.cases if not case.not_eligible]
    tickets = zip(eligible, tickets_of(SEED, eligible), strict=True)
    assert "".join(f"{key} {ticket.hex()}\n" for key, ticket in tickets) == example("tickets")


def test_text_and_hash_of_the_draw(result: DrawResult) -> None:
    assert "".join(result.lines()) == example("draw")
    assert result.sha256 == example("draw hash").strip()


def test_the_explanation_of_the_example(result: DrawResult) -> None:
    assert [case.key for case in result.selected] == ["c04", "c02", "c07"]
    assert [case.key for case in result.reserves] == ["c06", "c09"]
    assert [stratum.shortfall for stratum in result.strata] == [0, 0, 1]


def test_every_setting_is_listed_with_its_default() -> None:
    for field in fields(DrawPolicy):
        row = re.search(rf"^\| `{field.name}` \|.*\| (.*) \|$", TEXT, re.MULTILINE)
        assert row, field.name
        default = field.default
        shown = exact(default) if isinstance(default, Fraction) else str(default).lower()
        assert row[1].strip("`") == shown


def test_every_code_is_explained() -> None:
    for code in (*ALL_REASONS, *PASSED_OVER):
        assert f"`{code}`" in TEXT, code
