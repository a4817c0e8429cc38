"""Freezing, drawing, replacing and allocating, on a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.operations import MovedOn, Refused
from audits.models import Audit, ToolVersion
from audits.operations.tools import install_shipped_tools
from cases.models import (
    AuditQuarter,
    Case,
    Child,
    DeclaredConflict,
    Draw,
    FrameEntry,
    Grader,
    InclusionProbability,
    Practitioner,
    Replacement,
    SampledCase,
    SamplingFrame,
    Team,
)
from cases.operations.allocation import (
    allocate_by_hand,
    allocate_quarter,
    mark_audited,
    return_to_allocation,
)
from cases.operations.chances import store_chances
from cases.operations.draw import draw_sample, request_draw
from cases.operations.frame import freeze_frame, lock_quarter
from cases.operations.frame_rows import opaque
from cases.operations.replacement import decide_replacement, request_replacement
from cases.queries.allocation import auditors_for, cases_to_grade
from cases.queries.certificate import certificate, seed_words
from cases.queries.frame import entry_ids, frame_counts, frame_of_rules
from cases.queries.planner import planning_basis
from cases.rules.quarters import Quarter
from config.launch import ROOT
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case, open_cases
from tests.integration.cases.importing import REQUIRED, confirmed, csv_bytes

pytestmark = pytest.mark.django_db

Q3 = Quarter.parse(QUARTER)
SERVICE = "Child protection"
SEED = "dice: 4 1 6 2"
NOBODY = 987_654_321
NAMES_NOTHING = f"drawn case names a row of .* that does not exist: {NOBODY}"


def stratum(draw: Draw) -> dict[str, Any]:
    (numbers,) = draw.strata.values()
    return dict(numbers)


def drawn(cast: Cast, number: int = 0, quarter: Quarter = Q3, **kwargs: Any) -> Draw:
    """``number`` more open cases of Riverside, frozen and drawn."""
    open_cases(number, team=cast.riverside, practitioner=cast.practitioner)
    freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    return draw_sample(quarter=quarter, **{"seed": SEED, "by": cast.analyst, "now": NOW, **kwargs})


@pytest.mark.parametrize(("number", "selected"), [(140, 7), (141, 8)])
def test_the_sample_is_five_per_cent_rounded_up(cast: Cast, number: int, selected: int) -> None:
    draw = drawn(cast, number)
    assert draw.cases.filter(role="selected", status="drawn").count() == selected
    assert draw.cases.filter(role="reserve", status="in_reserve").count() == 4
    assert (stratum(draw)["open"], stratum(draw)["quota"]) == (number, selected)


def test_cases_that_cannot_be_drawn_still_count_as_open(cast: Cast) -> None:
    open_cases(40, team=cast.riverside, opened_on=TODAY - timedelta(days=3))
    draw = drawn(cast, 100)
    assert draw.cases.filter(role="selected").count() == 7
    assert stratum(draw)["open"] == 140
    recent = Case.objects.filter(opened_on=TODAY - timedelta(days=3))
    assert not draw.cases.filter(entry__case__in=recent).exists()
    assert FrameEntry.objects.filter(not_eligible="opened_recently").count() == 40


def test_children_in_short_breaks_are_counted_and_not_drawn(cast: Cast) -> None:
    lines = [f"{n},Looked after,T,P{n},2026-01-02,C2: Full care order" for n in range(3)]
    lines += [
        "S1,Looked after,T,P,2026-01-02,V4 - Accommodation under a series of short term breaks",
        'S2,Looked after,T,P,2026-01-02,"V3: Short term breaks, episodes recorded"',
        "S3,Looked after,T,P,2026-01-02,Agreed series of short-term breaks",
    ]
    confirmed(csv_bytes(*lines, header=f"{REQUIRED},legal_status"), cast.analyst)
    draw = drawn(cast)
    assert stratum(draw)["open"] == 6
    left_out = FrameEntry.objects.filter(not_eligible="excluded")
    assert set(left_out.values_list("child__local_id", flat=True)) == {"S1", "S2", "S3"}
    assert set(left_out.values_list("legal_status", flat=True)) == {"V3", "V4"}


def test_a_quarter_keeps_the_exclusions_that_were_stored_with_it(cast: Cast) -> None:
    open_cases(4, service="looked_after", legal_status="V4")
    AuditQuarter.objects.create(
        label=QUARTER, starts_on=Q3.starts, ends_on=Q3.ends, policies={"cases": {"excluded": []}}
    )
    drawn(cast)
    assert not FrameEntry.objects.exclude(not_eligible="").exists()


def test_the_order_of_the_rows_changes_nothing(cast: Cast) -> None:
    """The same children imported in the other order give the same frame and the same sample."""

    def sample(names: list[str]) -> tuple[str, str, list[str]]:
        before = transaction.savepoint()
        for name in names:
            open_case(cast.riverside, child_id=name)
        draw = drawn(cast)
        order = draw.cases.order_by("rank").values_list("entry__child__local_id", flat=True)
        found = draw.frame.sha256, draw.result_sha256, list(order)
        transaction.savepoint_rollback(before)
        return found

    names = [f"R{number:03}" for number in range(60)]
    there, back = sample(names), sample(names[::-1])
    assert there == back
    assert len(there[2]) == 5


def test_a_second_frame_and_a_second_draw_need_a_reason(cast: Cast) -> None:
    open_cases(40, team=cast.riverside)
    first = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    with pytest.raises(MovedOn, match="To freeze it again, say why"):
        freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    freeze_frame(quarter=Q3, reason="A list was missing", by=cast.analyst, now=NOW)
    first.refresh_from_db()
    assert (first.status, first.supersede_reason) == ("superseded", "A list was missing")

    one = draw_sample(quarter=Q3, seed=SEED, by=cast.analyst, now=NOW)
    with pytest.raises(MovedOn, match="say why"):
        draw_sample(quarter=Q3, seed="another", by=cast.analyst, now=NOW)
    two = draw_sample(
        quarter=Q3, seed="another", reason="A die fell down", by=cast.analyst, now=NOW
    )
    one.refresh_from_db()
    assert (one.status, two.number, two.reason) == ("superseded", 2, "A die fell down")
    assert set(one.cases.values_list("status", flat=True)) == {"cancelled"}
    freeze_frame(quarter=Q3, reason="Once more", by=cast.analyst, now=NOW)
    two.refresh_from_db()
    assert two.status == "drawn"  # until another is made from the new frame


def test_an_audited_child_is_not_drawn_in_the_next_quarter(cast: Cast) -> None:
    open_cases(12, team=cast.riverside)
    audited = open_case(cast.riverside, child_id="X1")
    Child.objects.filter(pk=audited.child_id).update(audit_reference="2026-Q2-0001")
    draw = drawn(cast, rate=Fraction(1))
    assert draw.cases.count() == 12
    assert not draw.cases.filter(entry__child=audited.child_id).exists()
    assert stratum(draw)["shortfall"] == 1
    assert FrameEntry.objects.get(child=audited.child_id).not_eligible == "already_audited"


def test_nothing_to_draw_from_is_said(cast: Cast) -> None:
    with pytest.raises(Refused, match="Import a list of open cases first"):
        freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    with pytest.raises(Refused, match="Freeze the sampling frame"):
        draw_sample(quarter=Q3, seed=SEED, by=cast.analyst, now=NOW)
    with pytest.raises(PermissionDenied):
        draw_sample(quarter=Q3, seed=SEED, by=cast.auditor, now=NOW)


def test_the_database_refuses_to_change_what_is_frozen(cast: Cast) -> None:
    draw = drawn(cast, 30)
    with pytest.raises(DatabaseError, match="frozen_is_frozen"), transaction.atomic():
        SamplingFrame.objects.filter(pk=draw.frame_id).update(sha256="0" * 64)
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        FrameEntry.objects.filter(frame=draw.frame_id).update(not_eligible="restricted")
    with pytest.raises(DatabaseError, match="drawn_is_drawn"), transaction.atomic():
        Draw.objects.filter(pk=draw.pk).update(seed="mine")


@pytest.mark.parametrize("change", [{"not_eligible": "restricted"}, {"key": "no key"}])
def test_a_frame_changed_behind_the_database_is_not_drawn_from(
    cast: Cast, change: dict[str, str]
) -> None:
    open_cases(30, team=cast.riverside, practitioner=cast.practitioner)
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    entry = frame.entries.order_by("key")[10]
    with pgtrigger.ignore("cases.FrameEntry:immutable"):
        FrameEntry.objects.filter(pk=entry.pk).update(**change)
    with pytest.raises(Refused, match="not the one whose hash was published"):
        draw_sample(quarter=Q3, seed=SEED, by=cast.analyst, now=NOW)
    assert not Draw.objects.exists()


def test_an_entry_added_behind_the_database_is_not_drawn_from(cast: Cast) -> None:
    open_cases(30, team=cast.riverside, practitioner=cast.practitioner)
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    entry = frame.entries.order_by("key").last()
    assert entry is not None
    entry.pk = None
    entry.save(force_insert=True)  # the same case once more
    with pytest.raises(Refused, match="not the one whose hash was published"):
        draw_sample(quarter=Q3, seed=SEED, by=cast.analyst, now=NOW)
    assert FrameEntry.objects.of(frame).count() == 30  # nor is it on a page
    assert sum(row["open"] for row in frame_counts(frame)) == 30


def test_the_rows_of_a_frame_lie_in_the_order_of_their_keys(cast: Cast) -> None:
    frame = drawn(cast, 140).frame
    keys = list(frame.entries.order_by("pk").values_list("key", flat=True))
    assert len(keys) == 140
    assert keys == sorted(keys)
    assert frame.strata == ["Child Protection"]


@pytest.mark.parametrize("column", ["draw_id", "entry_id"])
def test_a_drawn_case_names_a_draw_and_an_entry(cast: Cast, column: str) -> None:
    case = drawn(cast, 30).cases.all()[0]
    setattr(case, column, NOBODY)
    case.pk, case.rank = None, 1000
    with pytest.raises(IntegrityError, match=NAMES_NOTHING), transaction.atomic():
        case.save(force_insert=True)


def test_a_chance_names_an_entry(cast: Cast) -> None:
    draw = drawn(cast, 30)
    known = store_chances(draw=draw, simulated_draws=10, by=cast.analyst, now=NOW)
    with pytest.raises(IntegrityError, match=NAMES_NOTHING), transaction.atomic():
        InclusionProbability.objects.create(chances=known, entry_id=NOBODY, probability=0.5)


@pytest.mark.parametrize("table", ["cases_draw", "cases_frameentry"])
def test_what_drawn_cases_name_is_not_emptied(cast: Cast, table: str) -> None:
    drawn(cast, 30)
    connection.check_constraints()  # nothing is left for the end of the transaction
    empty = f"TRUNCATE {table} CASCADE"
    with pytest.raises(IntegrityError, match="Drawn cases name rows of"), transaction.atomic():
        connection.cursor().execute(empty)


def test_what_a_frame_names_cannot_be_deleted(cast: Cast) -> None:
    entry = drawn(cast, 1).frame.entries.get()
    for named in (entry.case, entry.child, entry.service, entry.team, entry.practitioner):
        assert named is not None
        kept = f"names this row of {named._meta.db_table}"
        with pytest.raises(IntegrityError, match=kept), transaction.atomic():
            delete(named)
    unnamed = Team.objects.create(name="Typed by mistake")
    delete(unnamed)
    assert not Team.objects.filter(pk=unnamed.pk).exists()


@pytest.mark.parametrize("secret", ["brief one", "x" * 64, "longer than a block: " * 9, "é ∑"])
def test_the_database_computes_the_keys_that_python_computes(
    cast: Cast, settings: Any, secret: str
) -> None:
    settings.CFA_DRAW_SECRET = secret
    open_case(
        child_id="É\\1 ∑", team=cast.riverside, practitioner=cast.practitioner, family_id="F\\9 ü"
    )
    open_case(child_id="2")
    with CaptureQueriesContext(connection) as statements:
        frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    known, bare = frame.entries.order_by("child__local_id").reverse()
    assert known.key == opaque("child", "É\\1 ∑")
    assert known.practitioner_key == opaque("practitioner", str(cast.practitioner.pk))
    assert known.family_key == opaque("family", "F\\9 ü")
    assert bare.key == opaque("child", "2")
    assert (bare.practitioner_key, bare.family_key) == ("", "")
    assert frame_of_rules(frame).sha256 == frame.sha256
    padded = bytes(byte ^ 0x36 for byte in secret.encode())[:8].hex()
    said = " ".join(statement["sql"] for statement in statements)
    assert "hmac_pad" in said
    assert "cfa.inner_pad" in said
    assert secret not in said
    assert padded not in said


def test_ids_of_entries_are_found_in_the_order_of_their_keys(cast: Cast) -> None:
    for number in range(5):
        open_case(child_id=str(number))
    first, second = (
        freeze_frame(quarter=quarter, by=cast.analyst, now=NOW) for quarter in (Q3, Q3.next())
    )
    in_order = [
        list(frame.entries.order_by("key").values_list("pk", flat=True))
        for frame in (first, second)
    ]
    assert entry_ids(first) == range(in_order[0][0], in_order[0][0] + 5)
    assert entry_ids(second) == range(in_order[0][0] + 5, in_order[0][0] + 10)
    assert [list(entry_ids(frame)) for frame in (first, second)] == in_order
    # As an older version could leave them that froze both at the same moment.
    with pgtrigger.ignore("cases.SamplingFrame:frozen_is_frozen"):
        SamplingFrame.objects.filter(pk=first.pk).update(first_entry=None, last_entry=None)
    first.refresh_from_db()
    added = first.entries.order_by("key").last()
    assert added is not None
    added.pk, added.key = None, "~"
    added.save(force_insert=True)
    assert added.pk > max(in_order[1])
    assert entry_ids(first) == [*in_order[0], added.pk]
    assert FrameEntry.objects.of(first).count() == 6
    assert FrameEntry.objects.of(second).count() == 5


def test_a_seed_whose_result_is_known_draws_no_more(cast: Cast) -> None:
    first = drawn(cast, 40)
    draw_sample(quarter=Q3, seed="another", reason="A list was forgotten", by=cast.analyst, now=NOW)
    with pytest.raises(Refused, match="Draw 1 was made with this seed, so its result is known"):
        draw_sample(
            quarter=Q3, seed=first.seed, reason="Back to the first", by=cast.analyst, now=NOW
        )


def test_no_child_is_taken_from_the_sample_of_a_quarter_that_still_runs(
    cast: Cast, as_user: Callable[[User], Client]
) -> None:
    first, following = drawn(cast, 40), Q3.next()
    sampled = set(first.cases.values_list("entry__child", flat=True))
    address = f"/quarters/{following.label}/frame/"
    stored = lock_quarter(following)
    planned = planning_basis(stored, NOW.date()).services
    while_it_runs = freeze_frame(quarter=following, by=cast.analyst, now=NOW)
    assert planning_basis(stored, NOW.date()).services == planned
    assert [(each.open, each.eligible) for each in planned] == [(40, 40 - len(sampled))]
    elsewhere = while_it_runs.entries.filter(not_eligible="in_another_draw")
    assert set(elsewhere.values_list("child", flat=True)) == sampled
    assert first.cases.filter(role="reserve").exists()  # they too: they may be needed
    page = as_user(cast.analyst).get(address).content.decode()
    assert "In another draw" in page
    assert "children in the sample of another quarter that had not ended" in page
    made = draw_sample(quarter=following, seed="its own", by=cast.analyst, now=NOW)
    assert not sampled & set(made.cases.values_list("entry__child", flat=True))
    # Nor the other way round, where the first is frozen again.
    again = freeze_frame(quarter=Q3, reason="A list was forgotten", by=cast.analyst, now=NOW)
    elsewhere = again.entries.filter(not_eligible="in_another_draw")
    assert set(elsewhere.values_list("child", flat=True)) == set(
        made.cases.values_list("entry__child", flat=True)
    )
    # A case that it left behind when it ended can be drawn again.
    ended = datetime.combine(Q3.ends, time(12), tzinfo=UTC) + timedelta(days=1)
    afterwards = freeze_frame(quarter=following, reason="Too early", by=cast.analyst, now=ended)
    assert not afterwards.entries.filter(not_eligible="in_another_draw").exists()
    assert "In another draw" not in as_user(cast.analyst).get(address).content.decode()


def test_no_draw_is_made_from_a_frame_that_knows_nothing_of_a_sample_drawn_since(
    cast: Cast,
) -> None:
    """Frozen before the other quarter was drawn, it would let the same children be drawn."""
    following = Q3.next()
    open_cases(40, team=cast.riverside, practitioner=cast.practitioner)
    for quarter in (Q3, following):
        freeze_frame(quarter=quarter, by=cast.analyst, now=NOW)
    frame = SamplingFrame.objects.get(quarter__label=Q3.label)
    other = draw_sample(quarter=following, seed="its own", by=cast.analyst, now=NOW)
    number = other.cases.count()
    words = f"{number} children of it have come into the sample of another quarter"
    asked: dict[str, Any] = {
        "quarter": Q3,
        "seed": SEED,
        "witnesses": "Cllr Ito",
        "by": cast.analyst,
        "now": NOW,
    }
    with pytest.raises(Refused, match=words):
        request_draw(frame_id=frame.pk, **asked)
    with pytest.raises(Refused, match=words):
        draw_sample(**asked)
    freeze_frame(quarter=Q3, reason="The other was drawn", by=cast.analyst, now=NOW)
    made = draw_sample(**{**asked, "seed": "new"})
    theirs = other.cases.values("entry__child")
    assert not made.cases.filter(entry__child__in=theirs).exists()


def test_no_reserve_is_taken_from_the_sample_of_another_quarter(cast: Cast, tools: None) -> None:
    """Whatever became of the frames: both samples hold the child here."""
    first, following = drawn(cast, 40), Q3.next()
    freeze_frame(quarter=following, by=cast.analyst, now=NOW)
    other = draw_sample(quarter=following, seed="its own", by=cast.analyst, now=NOW)
    reserve = first.cases.filter(role="reserve").order_by("rank")[0]
    theirs = other.cases.filter(status="drawn")[0]
    with pgtrigger.ignore():
        FrameEntry.objects.filter(pk=theirs.entry_id).update(child=reserve.entry.child_id)
    asked = request_replacement(
        sampled_case=first.cases.filter(status="drawn")[0], reason="in_court", explanation="",
        by=cast.analyst, now=NOW,
    )  # fmt: skip
    decide_replacement(replacement=asked, approve=True, note="", by=cast.lead, now=NOW)
    reserve.refresh_from_db()
    assert (reserve.status, reserve.note) == (
        "passed_over",
        "The child is in the sample of another quarter that is under way.",
    )


def test_what_was_submitted_of_an_earlier_draw_counts_against_capacity(
    cast: Cast, tools: None
) -> None:
    draw = drawn(cast, 40)
    allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    case = draw.cases.filter(status="allocated")[0]
    auditor = case.allocations.get().auditor_id
    SampledCase.objects.filter(pk=case.pk).update(status="audited")
    Child.objects.filter(pk=case.entry.child_id).update(audit_reference="2026-Q3-0001")
    before = {a.person.id: a.in_hand for a in auditors_for(draw, TODAY)}
    again = draw_sample(quarter=Q3, seed="again", reason="Why", by=cast.analyst, now=NOW)
    after = {a.person.id: a.in_hand for a in auditors_for(again, TODAY)}
    assert before[str(auditor)] >= 1
    assert after[str(auditor)] == 1


def test_a_seed_that_another_quarter_has_published_proves_nothing(cast: Cast) -> None:
    first, following = drawn(cast, 40), Q3.next()
    later = NOW + timedelta(hours=1)
    freeze_frame(quarter=following, by=cast.analyst, now=later)
    facts: dict[str, Any] = {"quarter": following, "by": cast.analyst, "now": later}
    with pytest.raises(Refused, match=f"Draw {first.reference} was made with this seed before"):
        draw_sample(seed=first.seed, witnesses="Ito", **facts)
    frame = SamplingFrame.objects.get(quarter__label=following.label)
    with pytest.raises(Refused, match="before the frame was frozen"):
        request_draw(frame_id=frame.pk, witnesses="Ito", seed=first.seed, **facts)
    # Where it is known not to prove anything, the certificate says so.
    made = draw_sample(seed=first.seed, seed_committed=False, **facts)
    assert not made.seed_committed


def delete(row: Model) -> None:
    """As by hand in the database, to the end of the commit: Django protects nothing here."""
    type(row)._base_manager.filter(pk=row.pk)._raw_delete(DEFAULT_DB_ALIAS)
    connection.check_constraints()


def test_the_history_of_drawn_cases_holds_every_change_once(cast: Cast) -> None:
    history = apps.get_model("cases", "SampledCaseEvent").objects
    draw = drawn(cast, 140)
    stored = draw.cases.values_list("pk", "status", "rank", "ticket")
    first = history.filter(pgh_label="insert")
    assert sorted(first.values_list("id", "status", "rank", "ticket")) == sorted(stored)
    changed = draw.cases.filter(role="selected", rank__lte=3)
    changed.update(status="allocated", note="By hand")
    changed.update(status="allocated")  # which changes nothing
    told = history.filter(pgh_label="update").values_list("pgh_obj_id", "status", "note")
    assert sorted(told) == sorted(
        (pk, "allocated", "By hand") for pk in changed.values_list("pk", flat=True)
    )


# The command line and the certificate


def printed(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    data: dict[str, Any] = json.loads(out.getvalue())
    return data


def verify(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    program = ROOT / "cases" / "verify_draw.py"
    return subprocess.run(
        [sys.executable, "-I", str(program), str(path), *more],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_stranger_verifies_the_draw_and_notices_a_changed_one(cast: Cast, tmp_path: Path) -> None:
    open_cases(140, team=cast.riverside, practitioner=cast.practitioner)
    frozen = printed("freeze_frame", QUARTER)
    assert set(frozen) == {"quarter", "frame_sha256", "frozen_on", "services"}
    assert list(frozen["services"].values()) == [{"open": 140, "eligible": 140}]

    made = printed("draw_sample", QUARTER, "--seed", SEED, "--rate", "5%")
    assert set(made) == {"draw", "quarter", "frame_sha256", "services"}
    assert made["frame_sha256"] == frozen["frame_sha256"]
    (numbers,) = made["services"].values()
    assert set(numbers) == {"open", "eligible", "not_eligible", "quota", "selected", "reserves"}
    assert (numbers["open"], numbers["selected"]) == (140, 7)

    path = tmp_path / "draw.json"
    exported = printed("export_draw", made["draw"], "--output", str(path))
    assert set(exported) == {"draw", "file", "sha256"}
    good = verify(path, "--frame-sha256", made["frame_sha256"], "--seed", SEED)
    assert (good.returncode, "verified" in good.stdout) == (0, True), good
    assert verify(path, "--seed", "another").returncode == 1

    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["seed_committed"] is True
    text = path.read_text(encoding="utf-8")
    assert not any(f'"{name}"' in text for name in Child.objects.values_list("local_id", flat=True))
    path.write_text(json.dumps({**data, "seed": "dice: 4 1 6 3"}), encoding="utf-8")
    assert verify(path).returncode == 1
    data["frame"]["cases"].pop()
    path.write_text(json.dumps(data), encoding="utf-8")
    assert verify(path).returncode == 1


def test_a_seed_known_before_the_frame_is_told(cast: Cast) -> None:
    open_cases(30, team=cast.riverside)
    made = printed("draw_sample", QUARTER, "--seed", SEED)
    assert Draw.objects.get().seed_committed is False
    assert made["draw"] == f"{QUARTER}-D1"
    said = seed_words(Draw.objects.get())
    assert "Not committed" in said
    assert "Not witnessed" in said
    with pytest.raises(CommandError, match="say why"):
        call_command("draw_sample", QUARTER, "--seed", "another")


@pytest.mark.parametrize("rate", ["0%", "200%", "five"])
def test_the_command_refuses_what_is_no_rate(cast: Cast, rate: str) -> None:
    open_cases(30, team=cast.riverside)
    with pytest.raises(CommandError, match="rate"):
        call_command("draw_sample", QUARTER, "--seed", SEED, "--rate", rate)
    assert not SamplingFrame.objects.exists()


def test_how_the_seed_was_made_is_stored_and_certified(cast: Cast) -> None:
    seen = drawn(cast, 40, witnesses="Cllr Ito")
    again: dict[str, Any] = {"by": cast.analyst, "now": NOW, "reason": "A die fell down"}
    unseen = draw_sample(quarter=Q3, seed="another", **again)
    assert (seen.seed_made, unseen.seed_made) == ("typed", "unwitnessed")
    assert certificate(seen)["about"]["seed_made"] == "typed"
    assert certificate(unseen)["about"]["seed_made"] == "unwitnessed"
    assert "Not witnessed" not in seed_words(seen)
    for claim in ("made by the system: 1", "Made by the System"):
        with pytest.raises(Refused, match="stands before seeds that this software has made"):
            draw_sample(quarter=Q3, seed=claim, **again)
    asked: dict[str, Any] = {"quarter": Q3, "frame_id": seen.frame_id, **again}
    with pytest.raises(Refused, match="Say who saw the seed made"):
        request_draw(seed="5 5", witnesses=" ", **asked)
    job = request_draw(generate=True, **asked)
    assert job.arguments["seed"].startswith("made by the system: ")


@pytest.mark.parametrize(
    "wrong", [{"seed_made": "typed"}, {"seed_witnesses": "x"}, {"seed": "MADE BY THE SYSTEM: 1"}]
)
def test_the_database_holds_how_a_seed_was_made(cast: Cast, wrong: dict[str, str]) -> None:
    draw = drawn(cast, 5)
    with (
        pgtrigger.ignore("cases.Draw:drawn_is_drawn"),
        pytest.raises(IntegrityError, match="seed"),
        transaction.atomic(),
    ):
        Draw.objects.filter(pk=draw.pk).update(**wrong)


def test_the_rate_can_be_raised_at_the_draw_and_not_lowered(cast: Cast) -> None:
    with pytest.raises(Refused, match="The rate can be higher, not lower"):
        drawn(cast, 100, rate=Fraction(499, 10_000))
    raised = draw_sample(quarter=Q3, seed=SEED, rate=Fraction(1, 10), by=cast.analyst, now=NOW)
    assert raised.cases.filter(role="selected").count() == 10


def test_a_draw_is_made_from_the_frame_that_was_seen(cast: Cast) -> None:
    open_cases(40, team=cast.riverside)
    seen = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    later: dict[str, Any] = {"by": cast.analyst, "now": NOW + timedelta(hours=1)}
    freeze_frame(quarter=Q3, reason="A list was missing", **later)
    with pytest.raises(MovedOn, match="Frame 2 of Q3 2026/27 was frozen after this seed"):
        draw_sample(quarter=Q3, frame_id=seen.pk, seed=SEED, **later)
    assert not Draw.objects.exists()


# Replacements


@pytest.fixture
def tools(db: None) -> None:
    """Allocating makes an audit with the published tool of the case's line."""
    install_shipped_tools(by=User.objects.system(), now=NOW)


def asked_for(case: SampledCase, cast: Cast, reason: str = "in_court") -> Replacement:
    return request_replacement(
        sampled_case=case, reason=reason, explanation="", by=cast.analyst, now=NOW
    )


def approve(asked: Replacement, cast: Cast, **changes: Any) -> Replacement:
    given = {"approve": True, "note": "", "by": cast.lead, "now": NOW, **changes}
    return decide_replacement(replacement=asked, **given)


def test_the_next_reserve_takes_the_place_and_its_sibling_is_passed_over(cast: Cast) -> None:
    """The reserves of an earlier draw with the same seed are made siblings of one another."""
    earlier = drawn(cast, 50, quarter=Q3.previous()).cases.filter(status="in_reserve")
    family = [reserve.entry.case_id for reserve in earlier.order_by("rank")[:2]]
    Case.objects.filter(pk__in=family).update(family_id="F1")
    draw = drawn(cast)
    one, two = draw.cases.filter(status="drawn").order_by("rank")[:2]
    first, sibling = draw.cases.filter(entry__case__in=family).order_by("rank")
    assert {first.status, sibling.status} == {"in_reserve"}

    approve(asked_for(one, cast), cast)
    one.refresh_from_db()
    assert (one.status, one.replaced_by) == ("replaced", first)

    approve(asked_for(two, cast), cast)
    for changed in (two, sibling, first):
        changed.refresh_from_db()
    assert (first.status, sibling.status) == ("drawn", "passed_over")
    assert sibling.note
    assert two.replaced_by != sibling


@pytest.mark.parametrize(
    ("registered", "said"),
    [
        ({"audit_reference": "2026-Q3-0099"}, "Another audit of the child has begun"),
        ({"audited_before_on": TODAY}, "audited before this product was in use"),
    ],
)
def test_a_reserve_audited_in_the_meantime_is_passed_over(
    cast: Cast, registered: dict[str, Any], said: str
) -> None:
    draw = drawn(cast, 80)
    case = draw.cases.filter(status="drawn")[0]
    audited, free = draw.cases.filter(status="in_reserve").order_by("rank")[:2]
    Child.objects.filter(pk=audited.entry.child_id).update(**registered)

    approve(asked_for(case, cast), cast)
    for changed in (case, audited, free):
        changed.refresh_from_db()
    assert (case.replaced_by, free.status) == (free, "drawn")
    assert audited.status == "passed_over"
    assert said in audited.note


def test_where_no_reserve_is_left_the_case_could_not_be_audited(cast: Cast) -> None:
    draw = drawn(cast, 20)
    draw.cases.filter(status="in_reserve").update(status="passed_over")
    case = draw.cases.get(status="drawn")
    approve(asked_for(case, cast), cast)
    case.refresh_from_db()
    assert (case.status, case.replaced_by) == ("not_auditable", None)


def test_who_asked_cannot_approve_and_nor_can_the_line(cast: Cast) -> None:
    case = drawn(cast, 40).cases.filter(status="drawn")[0]
    asked = asked_for(case, cast)
    with pytest.raises(PermissionDenied):
        approve(asked, cast, by=cast.analyst)
    cast.analyst.groups.set(cast.analyst.groups.all() | cast.lead.groups.all())
    with pytest.raises(Refused, match="somebody else must decide"):
        approve(asked, cast, by=User.objects.get(pk=cast.analyst.pk))
    cast.manager.groups.set(cast.lead.groups.all())
    with pytest.raises(Refused, match="in the line of this case"):
        approve(asked, cast, by=User.objects.get(pk=cast.manager.pk))
    with pytest.raises(Refused, match="Say why"):
        approve(asked, cast, approve=False)
    approve(asked, cast, approve=False, note="The court has finished.")
    with pytest.raises(MovedOn, match="already decided by"):
        approve(asked, cast)
    case.refresh_from_db()
    assert case.status == "drawn"


def test_one_request_at_a_time_and_other_reasons_are_explained(cast: Cast) -> None:
    case = drawn(cast, 40).cases.filter(status="drawn")[0]
    with pytest.raises(Refused, match="Explain"):
        asked_for(case, cast, "other")
    asked_for(case, cast)
    with pytest.raises(MovedOn, match="already asked"):
        asked_for(case, cast)


# Allocation


def test_nobody_is_given_a_case_of_their_team_line_or_conflict(cast: Cast, tools: None) -> None:
    Grader.objects.filter(user=cast.auditor).update(team=cast.riverside)
    draw = drawn(cast, 100)
    conflicted = draw.cases.filter(status="drawn")[0]
    DeclaredConflict.objects.create(
        user=cast.other_auditor, child=conflicted.entry.child, reason="A relative", declared_at=NOW
    )
    result = allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    assert {found.auditor for found in result.assignments} == {str(cast.other_auditor.pk)}
    assert len(result.assignments) == 4
    (left,) = result.unallocated
    assert left.case == str(conflicted.pk)
    assert "declared conflict" in left.because
    assert "of its team" in left.because
    assert draw.cases.filter(status="allocated").count() == 4


def test_accreditation_is_heeded_once_it_is_switched_on(
    cast: Cast, tools: None, client: Client
) -> None:
    Grader.objects.filter(user=cast.auditor).update(accredited_on=TODAY)
    Grader.objects.filter(user=cast.other_auditor).update(accredited_on=TODAY + timedelta(days=1))
    draw = drawn(cast, 100)
    call_command("set_policy", QUARTER, "cases.accreditation_needed=true", stdout=StringIO())
    result = allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    assert {found.auditor for found in result.assignments} == {str(cast.auditor.pk)}
    case = draw.cases.filter(status="allocated")[0]
    by_hand: dict[str, Any] = {"sampled_case": case, "reason": "Knows the tool", "by": cast.analyst}
    with pytest.raises(Refused, match="They are not accredited as an auditor"):
        allocate_by_hand(auditor=cast.other_auditor, now=NOW, **by_hand)
    allocate_by_hand(auditor=cast.other_auditor, now=NOW + timedelta(days=1), **by_hand)
    Grader.objects.filter(user=cast.other_auditor).update(accredited_on=None)
    client.force_login(cast.analyst)
    assert "Not accredited" in client.get(f"/quarters/{QUARTER}/allocation/").content.decode()


def test_without_the_switch_nobody_asks_for_accreditation(cast: Cast, tools: None) -> None:
    Grader.objects.update(accredited_on=None)
    result = allocate_quarter(draw=drawn(cast, 100), by=cast.analyst, now=NOW)
    assert (len(result.assignments), result.unallocated) == (5, ())


def test_by_hand_the_same_independence_holds(cast: Cast, tools: None) -> None:
    case = drawn(cast, 20).cases.get(status="drawn")

    def give(**changes: Any) -> Any:
        given = {"auditor": cast.auditor, "reason": "Knows the tool", "by": cast.analyst}
        return allocate_by_hand(sampled_case=case, now=NOW, **{**given, **changes})

    with pytest.raises(Refused, match="does not have the auditor’s role"):
        give(auditor=cast.moderator)
    with pytest.raises(Refused, match="Say why"):
        give(reason=" ")
    with pytest.raises(PermissionDenied):
        give(by=cast.manager)
    Grader.objects.filter(user=cast.auditor).update(team=cast.riverside)
    with pytest.raises(Refused, match="of their own team"):
        give()
    Grader.objects.filter(user=cast.auditor).update(team=cast.audit_team)
    cast.riverside.manager = cast.auditor
    cast.riverside.save()
    with pytest.raises(Refused, match="in the line"):
        give()
    given = give(auditor=cast.other_auditor)
    assert (given.by_hand, given.reason) == (True, "Knows the tool")
    with pytest.raises(Refused, match="already has this case"):
        give(auditor=cast.other_auditor)


def refused(case: SampledCase, auditor: User, by: User) -> str:
    with pytest.raises(Refused) as told, transaction.atomic():
        allocate_by_hand(sampled_case=case, auditor=auditor, reason="Tries", by=by, now=NOW)
    return str(told.value)


def test_the_team_that_the_case_came_to_after_the_freeze_counts_too(
    cast: Cast, tools: None
) -> None:
    case = drawn(cast, 20).cases.get(status="drawn")
    Grader.objects.filter(user=cast.auditor).update(team=cast.hilltop)
    Grader.objects.filter(user=cast.other_auditor).update(team=cast.riverside)
    Case.objects.filter(pk=case.entry.case_id).update(
        team=cast.hilltop, service=cast.hilltop.service
    )
    for auditor in (cast.auditor, cast.other_auditor):
        assert "of their own team" in refused(case, auditor, cast.analyst)
    (to_grade,) = cases_to_grade([case])
    near = {str(person.pk) for person in (cast.head, cast.other_head)}
    assert near <= to_grade.line


def test_a_team_that_an_auditor_works_in_counts_whatever_their_capacity_says(
    cast: Cast, tools: None
) -> None:
    case = drawn(cast, 20).cases.get(status="drawn")
    Practitioner.objects.create(name="Audrey Tor", team=cast.riverside, user=cast.auditor)
    assert "of their own team" in refused(case, cast.auditor, cast.analyst)
    result = allocate_quarter(draw=case.draw, by=cast.analyst, now=NOW)
    assert [found.auditor for found in result.assignments] == [str(cast.other_auditor.pk)]


def test_who_managed_the_team_while_it_had_the_case_stays_in_its_line(
    cast: Cast, tools: None
) -> None:
    case = drawn(cast, 20).cases.get(status="drawn")
    for manager in (cast.auditor, cast.manager):
        cast.riverside.manager = manager
        cast.riverside.save()
    assert "in the line" in refused(case, cast.auditor, cast.analyst)


def test_a_line_without_a_tool_holds_up_no_other(cast: Cast, tools: None) -> None:
    open_cases(20, team=cast.hilltop, practitioner=cast.other_practitioner, service="early_help")
    draw = drawn(cast, 20)
    ToolVersion.objects.filter(tool__line__code="early_help").update(
        status="retired", retired_at=NOW
    )
    result = allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    assert len(result.assignments) == 1
    (left,) = result.unallocated
    assert "There is no published audit tool for Early Help" in left.because


def test_who_held_the_case_for_most_of_the_period_rests_in_the_next_quarter(cast: Cast) -> None:
    first = drawn(cast, 60, quarter=Q3.previous())
    audited = list(first.cases.filter(status="drawn"))
    judged = (cast.other_practitioner, None)
    for case, practitioner in zip(audited, judged, strict=False):
        mark_audited(sampled_case=case, practitioner_judged=practitioner, by=cast.auditor, now=NOW)
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    assert frame.rested_practitioners == [opaque("practitioner", str(cast.other_practitioner.pk))]


def test_where_it_was_not_recorded_who_held_it_at_the_freeze_rests(cast: Cast) -> None:
    first = drawn(cast, 60, quarter=Q3.previous())
    first.cases.filter(status="drawn").update(status="audited")
    frame = freeze_frame(quarter=Q3, by=cast.analyst, now=NOW)
    assert frame.rested_practitioners == [opaque("practitioner", str(cast.practitioner.pk))]


def test_drawing_again_ends_what_waits_and_takes_audits_without_an_auditor_out(
    cast: Cast, tools: None
) -> None:
    draw = drawn(cast, 60)
    allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
    first, second, _ = draw.cases.filter(status="allocated")
    return_to_allocation(sampled_case=first, reason="A conflict", by=cast.analyst, now=NOW)
    asked = request_replacement(
        sampled_case=second, reason="in_court", explanation="", by=cast.analyst, now=NOW
    )
    draw_sample(quarter=Q3, seed="4 4 4", reason="The dice were lost", by=cast.analyst, now=NOW)
    asked.refresh_from_db()
    assert (asked.status, asked.decision_note) == ("lapsed", "Drawn again: The dice were lost")
    with pytest.raises(MovedOn, match="This request has lapsed"):
        approve(asked, cast)
    assert set(Audit.objects.values_list("status", flat=True)) == {"withdrawn"}
