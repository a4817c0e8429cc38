"""Figures from the database: the numbers of a small council, counted by hand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audits.models import Audit
from cases.models import ChancesOfDraw, Draw, InclusionProbability, Theme
from cases.operations.draw import draw_sample
from cases.operations.frame import freeze_frame
from config.templatetags.cfa import gds_datetime
from quality.models import Action, Escalation
from reports.models import CommitteeReport
from reports.queries import records_of
from reports.rules.frozen import EXEMPT, PUBLIC, digest, freeze
from reports.rules.policy import ReportPolicy
from tests.cast import NOW, TODAY, Cast, open_case
from tests.integration.audits import auditing
from tests.integration.reports import world
from tests.integration.reports.world import World


@pytest.fixture
def council(cast: Cast) -> World:
    return world.build(cast)


def frozen(council: World) -> dict[str, Any]:
    records = records_of(council.now_quarter, NOW)
    figures = freeze(records, now=NOW, today=TODAY, policy=ReportPolicy())
    return dict(json.loads(json.dumps(figures)))  # as the database gives it back


def blocks(figures: dict[str, Any], edition: str, kind: str) -> list[dict[str, Any]]:
    sections = figures["editions"][edition]["sections"]
    return [block for s in sections for block in s["blocks"] if block["type"] == kind]


def table(figures: dict[str, Any], edition: str, caption: str) -> dict[str, Any]:
    (found,) = [b for b in blocks(figures, edition, "table") if b["caption"] == caption]
    return found


def test_the_draw_is_dated_in_local_time_as_on_its_certificate(council: World) -> None:
    """In summer time: frozen and drawn at 9:30 UTC."""
    draw = Draw.objects.get(quarter=council.now_quarter)
    figures = frozen(council)
    for edition in (PUBLIC, EXEMPT):
        (checked,) = [
            block
            for block in blocks(figures, edition, "facts")
            if block["caption"] == "How the draw can be checked"
        ]
        said = dict(checked["rows"])
        assert said["Frame frozen"] == "6 October 2026 at 10:30am"
        assert said["Drawn"] == "6 October 2026 at 10:30am"
        # The certificate's template has these words from this filter.
        assert said["Frame frozen"] == gds_datetime(draw.frame.frozen_at)
        assert said["Drawn"] == gds_datetime(draw.drawn_at)
        assert "UTC" not in json.dumps(figures["editions"][edition])
        assert "frozen on 6 October 2026 at 10:30am" in json.dumps(figures["editions"][edition])


def test_grades_of_each_line_are_those_counted_by_hand(council: World) -> None:
    lines = frozen(council)["numbers"]["lines"]
    # Statutory: child protection 5, 6, 7, 2 and child in need 6, 14, 14, 6.
    statutory = lines["Statutory"]["grades"]
    assert list(statutory["counts"].values()) == [11, 20, 21, 8]
    assert statutory["good_or_better"]["count"] == 31
    assert statutory["good_or_better"]["percent"] == 52  # 31 of 60 is 51.67
    assert statutory["good_or_better"]["population"] == 380 + 760
    assert statutory["described_percent"] == 95  # 1,140 of 1,200
    assert lines["Early Help"]["grades"]["good_or_better"]["percent"] == 53  # 16 of 30


def test_trend_compares_with_the_quarter_before(council: World) -> None:
    lines = frozen(council)["numbers"]["lines"]
    before, now = lines["Statutory"]["trend"]
    assert (before["quarter"], before["good_or_better"]["percent"]) == ("Q2 2026/27", 42)
    assert now["change"]["points"] == 10  # from 25 of 60 to 31 of 60
    assert now["change"]["verdict"] == "within_chance"
    assert lines["Early Help"]["trend"][1]["change"]["points"] == -13  # 20 of 30 to 16 of 30


def test_moderation_escalations_and_actions(council: World) -> None:
    numbers = frozen(council)["numbers"]
    everyone = numbers["moderation"]["everyone"]
    counted = [everyone[key] for key in ("n", "exact", "within_one", "lower", "higher")]
    assert counted == [7, 5, 7, 1, 1]
    assert numbers["moderation"]["at_random"]["n"] == 1
    assert everyone["table"][3] == [0, 0, 1, 5]
    escalations = numbers["escalations"]
    assert (escalations["open"], escalations["overdue"]) == (6, 1)
    assert escalations["answered_in_time"]["count"] == 5
    actions = numbers["actions"]
    assert (actions["open"], actions["overdue"], actions["finished"]["verified"]) == (5, 1, 1)


def test_a_concern_counts_where_its_audit_was_withdrawn(council: World) -> None:
    before = records_of(council.now_quarter, NOW)
    good = council.audits["child_protection"][0]
    for track in ("immediate_concern", "inadequate"):
        raised = Escalation.objects.create(
            audit=good, track=track, level="head_of_service", raised_at=NOW,
            raised_by=council.cast.auditor, acknowledge_by=NOW, plan_by=TODAY,
        )  # fmt: skip
        Action.objects.create(
            audit=good, escalation=raised, side="manager", owner=council.cast.manager,
            description="Visit.", due_on=TODAY, created_at=NOW, created_by=council.cast.head,
        )  # fmt: skip
    Audit.objects.filter(pk=good.pk).update(
        status="withdrawn", withdrawn_at=NOW, withdrawn_by=council.cast.lead, withdraw_reason="x"
    )
    after = records_of(council.now_quarter, NOW)
    added = Counter(e.track for e in after.escalations) - Counter(
        e.track for e in before.escalations
    )
    assert added == {"immediate_concern": 1}
    assert len(after.actions) == len(before.actions) + 1


def test_public_escalations_are_the_audits_below_good_and_no_concern(council: World) -> None:
    cast = council.cast
    audits = [audit for service in council.audits.values() for audit in service]
    escalated = set(Escalation.objects.values_list("audit", flat=True))
    for place, audit in enumerate(audits):
        grade = audit.grading_of_record.overall_grade if audit.grading_of_record else ""
        tracks = ["immediate_concern"] if place % 30 == 0 else []
        if audit.pk not in escalated and grade in ("requires_improvement", "inadequate"):
            tracks.append(grade)
        for track in tracks:
            Escalation.objects.create(
                audit=audit, track=track, level="head_of_service", raised_at=NOW,
                raised_by=cast.auditor, acknowledge_by=NOW, plan_by=TODAY, status="closed",
                acknowledged_at=NOW, acknowledged_by=cast.head, plan_agreed_at=NOW,
                plan_agreed_by=cast.head, closed_at=NOW, closed_by=cast.head,
            )  # fmt: skip
    figures = frozen(council)
    caption = "Statutory: audits below good, by their escalation"
    rows = table(figures, PUBLIC, caption)["rows"]
    assert rows == [["Open", "6"], ["Closed", "23"], ["All", "29"]]
    tracks_shown = table(figures, EXEMPT, "Escalations by what they are about")["rows"]
    assert tracks_shown[0] == ["Immediate safeguarding concern", "0", "3", "0", "3"]
    assert "concern" not in str(figures["editions"][PUBLIC]["summary"])


def test_workers_are_counted_by_contract(council: World) -> None:
    council.cast.other_practitioner.agency = True
    council.cast.other_practitioner.save()
    agency = frozen(council)["numbers"]["lines"]["Early Help"]["agency"]
    # Every fourth of the 30 files, from the first: 8 of them.
    assert [(row["name"], row["n"]) for row in agency] == [("permanent", 22), ("agency", 8)]


def test_frame_exclusions_and_replacements_are_tables_of_the_exempt_edition(
    council: World,
) -> None:
    figures = frozen(council)
    sizes = table(figures, EXEMPT, "Open cases, quota and cases drawn")["rows"]
    assert ["Child Protection", "400", "380", "20", "20", "10", "0"] in sizes
    out = table(figures, EXEMPT, "Cases that could not be drawn, by reason")
    assert out["head"] == ["Service", "Already audited", "Restricted record"]
    assert ["Child in Need", "30", "10"] in out["rows"]
    replaced = table(figures, EXEMPT, "Cases replaced, by team and reason")
    assert replaced["rows"] == [["Riverside", "1", "1"]]
    assert "short breaks only" in out["note"]


def test_a_sample_that_became_short_says_so_in_the_exempt_edition(council: World) -> None:
    council.draw.cases.filter(status="replaced").update(status="not_auditable", replaced_by=None)
    lost = council.draw.cases.get(status="not_auditable")
    figures = frozen(council)
    sizes = {
        row[0]: row[-1]
        for row in table(figures, EXEMPT, "Open cases, quota and cases drawn")["rows"]
    }
    assert {name for name, short in sizes.items() if short == "1"} == {lost.stratum}
    sentence = "One case left the sample, and no reserve took the place."
    assert sentence in json.dumps(figures["editions"][EXEMPT])
    assert sentence not in json.dumps(figures["editions"][PUBLIC])


def test_draw_can_be_checked_from_either_edition(council: World) -> None:
    figures = frozen(council)
    for edition in (PUBLIC, EXEMPT):
        facts = blocks(figures, edition, "facts")[0]
        values = dict(facts["rows"])
        assert values["Seed"] == world.SEED
        assert values["How the seed was made"] == "Typed before witnesses"
        assert values["SHA-256 of the frame"] == world.FRAME_SHA
        assert values["Draw"] == "2026-Q3-D1, from frame 1"
        assert values["Frame fixed before the seed"].startswith("Yes")


def test_seed_known_before_the_frame_is_said(council: World) -> None:
    records = records_of(council.now_quarter, NOW)
    draws = tuple(replace(draw, seed_committed=False) for draw in records.draws)
    figures = freeze(replace(records, draws=draws), now=NOW, today=TODAY, policy=ReportPolicy())
    values = dict(blocks(figures, PUBLIC, "facts")[0]["rows"])
    assert values["Frame fixed before the seed"].startswith("No")


def test_public_edition_holds_small_numbers_back(council: World) -> None:
    figures = frozen(council)
    rows = {row[0]: row for row in table(figures, PUBLIC, "Statutory by service")["rows"]}
    # Two child protection files are inadequate: no row shows its four grades beside that.
    assert "c" in rows["Child Protection"]
    exempt = {row[0]: row for row in table(figures, EXEMPT, "Statutory by service")["rows"]}
    assert exempt["Child Protection"][2:6] == ["5", "6", "7", "2"]
    public = json.dumps(figures["editions"][PUBLIC])
    assert "In court" not in public
    assert "overdue" not in public  # one escalation and one action are
    assert "kappa" not in public
    (moderation,) = [
        s for s in figures["editions"][PUBLIC]["sections"]
        if s["heading"] == "Quality Improvement Framework"
    ]  # fmt: skip
    assert [block["type"] for block in moderation["blocks"]] == ["paragraphs"]


def test_no_edition_names_an_audit_or_a_child(council: World) -> None:
    text = json.dumps(frozen(council))
    for audit in Audit.objects.select_related("child"):
        assert audit.reference not in text
        assert audit.child.local_id not in text


def test_every_chart_is_followed_by_its_table_and_says_its_numbers(council: World) -> None:
    figures = frozen(council)
    for edition in (PUBLIC, EXEMPT):
        for section in figures["editions"][edition]["sections"]:
            for block, following in zip(section["blocks"], section["blocks"][1:], strict=False):
                if block["type"] == "chart":
                    assert following["type"] == "table"
                    assert all(point["name"] in block["alt"] for point in block["data"])


def test_headings_are_those_of_the_committees_report(council: World) -> None:
    headings = [s["heading"] for s in frozen(council)["editions"][EXEMPT]["sections"]]
    assert headings == [
        "Audit Programme", "Audit Tool & Practice Standards", "Quality Improvement Framework",
        "Quality Improvement Activity", "Outcomes – Early Help", "Outcomes – Statutory",
        "By Service", "Additional Factors", "How these figures were made",
    ]  # fmt: skip


def test_records_take_the_same_queries_for_more_audits(council: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            records_of(council.now_quarter, NOW)
        return len(captured)

    few = queries()
    world.add_audits(council, "child_in_need", ["good"] * 20)
    assert queries() == few <= 16


def test_the_exempt_edition_weighs_by_the_chances_of_the_draw(council: World) -> None:
    words = "Weighted by how likely each case was to be selected"
    assert words not in str(frozen(council)["editions"])
    chances = ChancesOfDraw.objects.create(
        draw=council.draw, simulated_draws=1000, strata={}, estimated_at=NOW
    )
    for place, audit in enumerate(council.audits["early_help"]):
        assert audit.sampled_case
        InclusionProbability.objects.create(
            chances=chances, entry=audit.sampled_case.entry, probability=0.1 if place < 16 else 0.05
        )
    figures = frozen(council)
    exempt, public = (str(figures["editions"][each]) for each in (EXEMPT, "public"))
    # 16 of 30 are good or better, and these had twice the chance: 160 / (160 + 280).
    assert f"{words} (from 5% to 10%), the share is 36%" in exempt
    assert words not in public
    lines = figures["numbers"]["lines"]
    assert lines["Early Help"]["weighted"]["n"] == 30
    assert lines["Statutory"]["weighted"] is None


def test_published_quarter_is_compared_with_as_it_was_published(council: World) -> None:
    CommitteeReport.objects.create(
        quarter=council.before, number=1, status="published", created_at=NOW,
        created_by=council.cast.lead, frozen_at=NOW, figures_sha256="0" * 64, rendered_at=NOW,
        approved_at=NOW, approved_by=council.cast.director, published_at=NOW,
        published_by=council.cast.governance,
        figures={"trend": {"Statutory": {
            "count": 30, "n": 60, "population": 1140, "level": "four_grades",
        }}},
    )  # fmt: skip
    before, _ = frozen(council)["numbers"]["lines"]["Statutory"]["trend"]
    assert before["good_or_better"]["percent"] == 50  # not the 42 that would be counted now


def test_digest_is_of_the_content_not_of_the_order_of_keys(council: World) -> None:
    figures = frozen(council)
    assert digest(figures) == digest(dict(reversed(figures.items())))
    figures["numbers"]["actions"]["overdue"] = 2
    assert digest(figures) != digest(frozen(council))


def test_quarter_without_a_draw_has_no_figures(council: World) -> None:
    records = records_of(council.before, NOW)
    empty = replace(records, frame=())
    with pytest.raises(ValueError, match="Nothing was drawn"):
        freeze(empty, now=NOW, today=TODAY, policy=ReportPolicy())


def test_themes_stand_apart_and_their_grades_in_the_exempt_edition_alone(
    council: World, cast: Cast
) -> None:
    before = frozen(council)
    for place in range(3):
        open_case(cast.riverside, cast.practitioner, transferred_in_on=TODAY, child_id=f"T{place}")
    theme = Theme.objects.create(
        quarter=council.now_quarter,
        name="Moved in",
        question="Was the case handed over well?",
        tool="statutory",
        cohort={"transferred_in_within": 6},
        findings="Plans stopped at the border.",
        created_at=NOW,
        created_by=cast.lead,
    )
    quarter = council.now_quarter.quarter
    freeze_frame(quarter=quarter, theme=theme, by=cast.analyst, now=NOW)
    draw = draw_sample(
        quarter=quarter, theme=theme, seed="1 2 3", rate=Fraction(1), by=cast.analyst, now=NOW
    )
    audit = auditing.allocate(draw.cases.all()[0], cast.auditor, cast.analyst)
    grading = auditing.submitted(audit, "inadequate")
    Audit.objects.filter(pk=audit.pk).update(
        status="finalised", grading_of_record=grading, finalised_at=NOW, finalised_by=cast.lead
    )

    after = frozen(council)
    assert after["numbers"]["lines"] == before["numbers"]["lines"]
    shown = {
        edition: next(
            s for s in after["editions"][edition]["sections"] if "Thematic" in s["heading"]
        )
        for edition in (PUBLIC, EXEMPT)
    }
    for found in shown.values():
        assert "Plans stopped at the border." in str(found)
        assert "Transferred in within the last 6 months" in str(found)
    (table,) = [block for block in shown[EXEMPT]["blocks"] if block["type"] == "table"]
    assert table["rows"] == [["Moved in", "3", "3", "0", "0", "0", "1"]]
    assert not [block for block in shown[PUBLIC]["blocks"] if block["type"] == "table"]
