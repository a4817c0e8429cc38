"""What the public edition says of escalations and actions gives no small number away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.rules.grades import GRADES
from reports.rules.computed import compute
from reports.rules.edition import HELD_BACK, Records
from reports.rules.exempt_edition import exempt_edition
from reports.rules.figures import ActionRecord, AuditRecord, EscalationRecord, FrameCount
from reports.rules.policy import ReportPolicy
from reports.rules.public_edition import public_edition

POLICY = ReportPolicy()
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
EARLY_HELP, STATUTORY = "Early Help", "Statutory"

Counts = tuple[int, int, int, int]


def audits_of(line: str, counts: Counts) -> list[AuditRecord]:
    grades = [grade for grade, n in zip(GRADES, counts, strict=True) for _ in range(n)]
    return [
        AuditRecord(f"{line} {k}", line, line, None, grade, agency=False)
        for k, grade in enumerate(grades)
    ]


def escalation(audit: str, track: str, status: str = "closed", days: int = 30) -> EscalationRecord:
    raised = NOW - timedelta(days=days)
    return EscalationRecord(
        track, status, raised, raised + timedelta(days=1), raised, None,
        TODAY if status in ("closed", "stood_down") else None, audit,
    )  # fmt: skip


def action(audit: str, status: str = "verified", *, concern: bool = False) -> ActionRecord:
    day = TODAY - timedelta(days=20)
    return ActionRecord(
        "manager", status, day, TODAY, TODAY if status == "verified" else None, audit, concern
    )


def answered(audits: Sequence[AuditRecord], still_open: int) -> list[EscalationRecord]:
    """The escalations of all that is below good, the first ones open."""
    below = [a for a in audits if a.grade in ("requires_improvement", "inadequate")]
    return [
        escalation(a.reference, a.grade or "", "plan_agreed" if k < still_open else "closed")
        for k, a in enumerate(below)
    ]


def records(
    audits: Sequence[AuditRecord],
    escalations: Sequence[EscalationRecord],
    actions: Sequence[ActionRecord] = (),
) -> Records:
    lines = (EARLY_HELP, STATUTORY)
    return Records(
        quarter="2026-Q3", quarter_name="Q3 2026/27", starts_on="2026-10-01",
        ends_on="2026-12-31", council="Northmoor", lines=lines, audits=tuple(audits),
        frame=tuple(FrameCount(line, line, 2000, 1900, {}, 100, 100, 50) for line in lines),
        escalations=tuple(escalations), actions=tuple(actions),
    )  # fmt: skip


def public(*given_: Any) -> dict[str, Any]:
    computed = compute(records(*given_), now=NOW, today=TODAY, policy=POLICY)
    return public_edition(computed)


def table(edition: dict[str, Any], caption: str) -> dict[str, str] | None:
    """The last column of a table by the first one; None where there is no such table."""
    for block in chain.from_iterable(each["blocks"] for each in edition["sections"]):
        if block["type"] == "table" and block["caption"] == caption:
            return {row[0]: row[-1] for row in block["rows"]}
    return None


def escalated(edition: dict[str, Any], line: str) -> dict[str, str] | None:
    return table(edition, f"{line}: audits below good, by their escalation")


def below_good(edition: dict[str, Any], line: str) -> int | None:
    """What the edition's grades say of the line."""
    grades = table(edition, f"{line}: grades of record")
    if grades is None:
        return None
    names = ("Below good", "Requires improvement", "Inadequate")
    return sum(int(grades.get(name, 0)) for name in names)


def test_immediate_concerns_do_not_follow_from_escalations_and_grades() -> None:
    """137 audits below good and 141 escalations, 121 closed and 20 open: four were concerns."""
    audits = [*audits_of(EARLY_HELP, (6, 24, 42, 8)), *audits_of(STATUTORY, (7, 30, 67, 20))]
    grades = answered(audits[:80], 9) + answered(audits[80:], 9)
    concerns = [
        escalation(audits[-1 - k].reference, "immediate_concern", state)
        for k, state in enumerate(("plan_agreed", "raised", "closed", "closed"))
    ]
    both = [*grades, *concerns]
    assert sum(e.status == "closed" for e in both) == 121
    assert sum(e.status != "closed" for e in both) == 20
    edition = public(audits, both)
    assert escalated(edition, EARLY_HELP) == {"Open": "9", "Closed": "41", "All": "50"}
    assert escalated(edition, STATUTORY) == {"Open": "9", "Closed": "78", "All": "87"}
    assert (below_good(edition, EARLY_HELP), below_good(edition, STATUTORY)) == (50, 87)
    text = json.dumps(edition)
    assert "121" not in text
    assert "141" not in text


def test_actions_do_not_tell_of_concerns_either() -> None:
    """Every audit below good has two as a rule: what goes beyond that would be the concerns."""
    audits = [*audits_of(EARLY_HELP, (5, 20, 20, 5)), *audits_of(STATUTORY, (5, 20, 20, 5))]
    grades = answered(audits, 10)
    planned = [action(e.audit) for e in grades for _ in range(2)]
    of_concerns = [action(audits[-1].reference, concern=True)]
    assert public(audits, grades, [*planned, *of_concerns]) == public(audits, grades, planned)


def test_the_exempt_edition_says_what_escalations_are_about() -> None:
    audits = audits_of(STATUTORY, (5, 20, 20, 5))
    concern = escalation(audits[-1].reference, "immediate_concern", "raised")
    regraded = escalation(audits[0].reference, "inadequate", "stood_down")
    given_ = records(audits, [*answered(audits, 10), concern, regraded])
    edition = exempt_edition(compute(given_, now=NOW, today=TODAY, policy=POLICY))
    (found,) = [
        block["rows"]
        for each in edition["sections"]
        for block in each["blocks"]
        if block.get("caption") == "Escalations by what they are about"
    ]
    assert found == [
        ["Immediate safeguarding concern", "1", "0", "0", "1"],
        ["Inadequate", "0", "5", "1", "6"],
        ["Requires improvement", "10", "10", "0", "20"],
    ]


def test_a_line_whose_grades_are_held_back_shows_no_escalations_and_no_actions() -> None:
    """With all lines together, the total less the other line's would be its audits below good."""
    audits = [*audits_of(EARLY_HELP, (5, 20, 2, 1)), *audits_of(STATUTORY, (5, 20, 20, 15))]
    grades = answered(audits[:28], 1) + answered(audits[28:], 10)
    edition = public(audits, grades, [action(e.audit) for e in grades])
    assert below_good(edition, EARLY_HELP) is None
    assert escalated(edition, EARLY_HELP) is None
    assert escalated(edition, STATUTORY) == {"Open": "10", "Closed": "25", "All": "35"}
    assert table(edition, "Early Help: actions that have ended") is None
    ended = table(edition, "Statutory: actions that have ended")
    assert ended
    assert list(ended.values()) == ["35", HELD_BACK]
    assert "38" not in json.dumps(edition["sections"][2])  # neither of escalations nor of actions


@pytest.mark.parametrize("few", [0, 1, 4])
def test_few_open_escalations_do_not_follow_from_the_closed_ones(few: int) -> None:
    audits = audits_of(STATUTORY, (5, 20, 20, 15))
    hidden = {"Open": HELD_BACK, "Closed": HELD_BACK, "All": "35"}
    for still_open in (few, 35 - few):
        edition = public(audits, answered(audits, still_open))
        assert escalated(edition, STATUTORY) == hidden
        assert table(edition, "Statutory: escalations open, by state and age") is None


def test_an_audit_below_good_without_an_escalation_is_not_told_by_the_difference() -> None:
    audits = audits_of(STATUTORY, (5, 20, 20, 15))
    edition = public(audits, answered(audits, 10)[1:])
    assert escalated(edition, STATUTORY) is None


counts = st.tuples(*[st.one_of(st.integers(0, 6), st.integers(5, 20))] * 4)
states = st.sampled_from(("raised", "plan_agreed", "closed", "stood_down"))
# Concerns; grades that did not stand or are not final; audits of themes. None is of a final grade.
hidden_ones = st.lists(
    st.one_of(
        st.tuples(st.just("immediate_concern"), st.integers(0, 30), states),
        st.tuples(st.just("inadequate"), st.integers(0, 30), st.just("stood_down")),
        st.tuples(st.just("inadequate"), st.integers(1000, 1010), states),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(counts, counts, st.integers(0, 30), hidden_ones)
def test_the_public_edition_is_the_same_whatever_is_not_of_a_final_grade(
    early_help: Counts, statutory: Counts, still_open: int, others: list[tuple[str, int, str]]
) -> None:
    """So nobody can work out a thing about those, whatever they know of the rest."""
    audits = [*audits_of(EARLY_HELP, early_help), *audits_of(STATUTORY, statutory)]
    waiting = [AuditRecord("Statutory 1001", STATUTORY, STATUTORY, None, None, agency=False)]
    grades = answered(audits, still_open)
    planned = [action(e.audit, "open" if e.closed_on is None else "verified") for e in grades]
    more = [escalation(f"Statutory {k}", track, state) for track, k, state in others]
    of_more = [action(e.audit, concern=e.track == "immediate_concern") for e in more]
    of_more = [each for each in of_more if each.of_concern or each.audit.endswith("1001")]
    edition = public([*audits, *waiting], [*more, *grades], [*planned, *of_more])
    assert edition == public([*audits, *waiting], grades, planned)
    for line in (EARLY_HELP, STATUTORY):
        shown, below = escalated(edition, line), below_good(edition, line)
        if below is None:
            assert shown is None
            continue
        assert shown
        assert int(shown["All"]) == below
        parts = [shown["Open"], shown["Closed"]]
        if HELD_BACK in parts:
            assert parts == [HELD_BACK] * 2
        else:
            assert sum(map(int, parts)) == below
            assert min(map(int, parts)) >= POLICY.smallest_count
