"""Facts to check beside the judgement: answered, saved by themselves, missing, shown, copied."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from accounts.operations import Refused
from audits.models import Audit, AuditTool, Grading, PracticeStandard, StandardGrade
from audits.operations.saving import Conflict, save_standard
from audits.operations.submitting import submit_grading
from audits.operations.tool_editing import import_draft, save_standard_definition, start_draft
from audits.queries.grading_state import grading_state
from audits.queries.tool_editing import changes_since_before, definition_of, version_with_parts
from audits.rules.completeness import Status
from tests.cast import NOW, Cast
from tests.integration.audits.auditing import Make, begin, fill

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]


@pytest.fixture
def audit(make_audit: Make) -> Audit:
    return make_audit()


def page(grading: Grading, part: str = "") -> str:
    return f"/audits/{grading.audit.reference}/gradings/{grading.pk}/{part}"


def answer_of(grading: Grading, code: str = "risk") -> StandardGrade:
    rows = StandardGrade.objects.select_related("standard__section__version", "grading")
    return rows.get(grading=grading, standard__code=code)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_fact_saves_by_itself_and_is_there_again(
    audit: Audit, cast: Cast, as_user: AsUser
) -> None:
    grading, client = begin(audit), as_user(cast.auditor)
    typed = {"version": 1, "check_history_used": "no", "check_history_used_evidence": "Two moves."}
    saved = client.post(page(grading, "standards/risk/"), typed, headers={"HX-Request": "true"})
    assert text_of(saved).startswith("Saved ")
    assert answer_of(grading).checked == {
        "history_used": {"answer": "no", "evidence": "Two moves."}
    }
    shown = client.get(page(grading, "standards/risk/"))
    assert shown.context["form"].initial["check_history_used"] == "no"
    assert "Two moves." in text_of(shown)
    assert "In progress" in text_of(client.get(page(grading)))


def test_two_tabs_are_shown_both_answers(audit: Audit, cast: Cast, as_user: AsUser) -> None:
    grading, client = begin(audit), as_user(cast.auditor)
    address = page(grading, "standards/risk/")
    client.post(address, {"version": 1, "check_history_used": "yes", "check_all_adults": "no"})
    second = {"version": 1, "check_history_used": "no", "check_in_timescale": "yes"}
    clash = client.post(address, second)
    assert clash.status_code == 409
    adults = (
        "Does the assessment cover every adult in the household and both parents, wherever they "
        "live?"
    )
    told = {(each.label, each.stored, each.typed) for each in clash.context["conflict"].differences}
    assert told == {
        ("Does it draw on earlier referrals and interventions?", "Yes", "No"),
        (adults, "No", "Nothing"),
        ("Was the latest assessment finished in the time that was set for it?", "Nothing", "Yes"),
    }
    assert answer_of(grading).checked["history_used"]["answer"] == "yes"


def test_submission_waits_for_every_fact_and_the_reason_of_a_no(audit: Audit, cast: Cast) -> None:
    grading = fill(begin(audit))
    answer = answer_of(grading)
    checked = dict(answer.checked)
    del checked["in_timescale"]
    checked["history_used"] = {"answer": "no", "evidence": " . "}
    said: dict[str, Any] = {"grade": "good", "evidence": "Note of 3 September."}
    save_standard(
        standard_grade=answer, version=2, checked=checked, by=cast.auditor, now=NOW, **said
    )
    missing = grading_state(Grading.objects.get(pk=grading.pk)).completeness.missing
    assert [(each.standard, each.field) for each in missing] == [
        ("risk", "check_in_timescale"),
        ("risk", "check_history_used_evidence"),
    ]
    with pytest.raises(Refused):
        submit_grading(grading=grading, by=cast.auditor, now=NOW)
    checked["in_timescale"] = {"answer": "yes", "evidence": ""}
    checked["history_used"] = {"answer": "not_applicable", "evidence": "First referral."}
    save_standard(
        standard_grade=answer, version=3, checked=checked, by=cast.auditor, now=NOW, **said
    )
    submit_grading(grading=grading, by=cast.auditor, now=NOW)
    with pytest.raises(DatabaseError, match="submitted"), transaction.atomic():
        StandardGrade.objects.filter(pk=answer.pk).update(checked={})


def test_what_is_missing_leads_to_its_field(audit: Audit, cast: Cast, as_user: AsUser) -> None:
    grading, client = begin(audit), as_user(cast.auditor)
    tasks = text_of(client.get(page(grading)))
    assert f"{page(grading, 'standards/risk/')}#id_check_assessment_current-group" in tasks
    assert "Assessment and analysis of risk: answer its 4 facts to check" in tasks
    client.post(page(grading, "standards/risk/"), {"version": 1, "check_all_adults": "yes"})
    tasks = text_of(client.get(page(grading)))
    assert f"{page(grading, 'standards/risk/')}#id_check_history_used-group" in tasks
    assert "answer “Does it draw on earlier referrals and interventions?”" in tasks
    form = text_of(client.get(page(grading, "standards/risk/")))
    assert 'id="id_check_history_used-group"' in form
    assert 'id="id_check_history_used_evidence-group"' in form


def test_no_fact_is_missing_where_the_standard_is_not_applicable(audit: Audit, cast: Cast) -> None:
    grading = begin(audit)
    answer = answer_of(grading, "transition")
    save_standard(
        standard_grade=answer,
        version=1,
        grade="",
        evidence="",
        not_applicable=True,
        not_applicable_reason="No change of worker.",
        by=cast.auditor,
        now=NOW,
    )
    state = grading_state(Grading.objects.get(pk=grading.pk))
    assert state.completeness.status_of_standard("transition") == Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    "checked",
    [
        {"nothing_of_the_kind": {"answer": "yes", "evidence": ""}},
        {"history_used": {"answer": "perhaps", "evidence": ""}},
    ],
)
def test_what_is_not_asked_is_refused(audit: Audit, cast: Cast, checked: dict[str, Any]) -> None:
    answer = answer_of(begin(audit))
    with pytest.raises(Refused):
        save_standard(
            standard_grade=answer, version=1, grade="", evidence="", checked=checked,
            by=cast.auditor, now=NOW,
        )  # fmt: skip
    assert answer_of(answer.grading).checked == {}


def test_the_same_answers_again_are_no_conflict(audit: Audit, cast: Cast) -> None:
    answer = answer_of(begin(audit))
    said: dict[str, Any] = {
        "grade": "", "evidence": "", "by": cast.auditor, "now": NOW,
        "checked": {"history_used": {"answer": "yes", "evidence": ""}},
    }  # fmt: skip
    first = save_standard(standard_grade=answer, version=1, **said)
    assert save_standard(standard_grade=answer, version=1, **said) == first
    said["checked"] = {"history_used": {"answer": "no", "evidence": ""}}
    with pytest.raises(Conflict):
        save_standard(standard_grade=answer, version=1, **said)


def test_hostile_words_are_shown_as_words(audit: Audit, cast: Cast, as_user: AsUser) -> None:
    grading, client = begin(audit), as_user(cast.auditor)
    hostile = "<script>alert(1)</script>\u202e" + "x" * 5_000
    address = page(grading, "standards/risk/")
    client.post(
        address,
        {"version": 1, "check_history_used": "no", "check_history_used_evidence": hostile},
    )
    for part in ("standards/risk/", "check/"):
        shown = text_of(client.get(page(grading, part)))
        assert "<script>alert(1)" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    too_long = client.post(
        address,
        {"version": 2, "check_history_used": "no", "check_history_used_evidence": "y" * 100_001},
    )
    assert "must be 100,000 characters or fewer" in text_of(too_long)
    nothing = client.post(
        address,
        {"version": 2, "check_history_used": "no", "check_history_used_evidence": "a\x00b"},
    )
    assert nothing.status_code == 200
    assert "Null characters are not allowed" in text_of(nothing)


def test_a_reader_sees_the_facts(audit: Audit, cast: Cast, as_user: AsUser) -> None:
    grading = submit_grading(grading=fill(begin(audit)), by=cast.auditor, now=NOW)
    shown = text_of(as_user(cast.lead).get(page(grading)))
    assert "Does it draw on earlier referrals and interventions?" in shown


# The tool


def test_facts_of_a_published_version_stand_and_a_draft_keeps_their_codes(
    audit: Audit, cast: Cast
) -> None:
    published = PracticeStandard.objects.get(section__version=audit.tool_version, code="risk")
    with pytest.raises(DatabaseError, match="published"), transaction.atomic():
        PracticeStandard.objects.filter(pk=published.pk).update(checks=[])
    draft = start_draft(tool=audit.tool_version.tool, by=cast.lead, now=NOW)
    risk = PracticeStandard.objects.get(section__version=draft, code="risk")
    assert risk.checks == published.checks
    first, second, third, fourth = (check["question"] for check in risk.checks)
    data = {
        name: getattr(risk, name)
        for name in (
            "title", "definition", "prompts", "look_back_months", "read_back_months", "weight",
            "critical", "may_be_not_applicable", "applies_when", "descriptors",
        )
    }  # fmt: skip
    questions = [second, first, f"{third} Really?", fourth]
    save_standard_definition(
        version=draft, code="risk", section=risk.section.code,
        data={**data, "checks": questions}, by=cast.lead, now=NOW,
    )  # fmt: skip
    risk.refresh_from_db()
    codes = [check["code"] for check in published.checks]
    assert risk.checks == [
        {"code": codes[1], "question": second},
        {"code": codes[0], "question": first},
        {"code": codes[2], "question": f"{third} Really?"},
        {"code": codes[3], "question": fourth},
    ]
    (change,) = changes_since_before(version_with_parts().get(pk=draft.pk))
    assert (change.about, change.field) == (risk.title, "Facts to check")
    assert "Really?" in change.after


def test_export_and_import_keep_the_facts_and_files_without_any_are_read(
    audit: Audit, cast: Cast
) -> None:
    version = version_with_parts().get(pk=audit.tool_version_id)
    whole = definition_of(version)
    assert sum(len(each.checks) for each in whole.standards()) == 40
    again = import_draft(text=whole.as_json(), by=cast.lead, now=NOW)
    assert definition_of(version_with_parts().get(pk=again.pk)).as_json() == whole.as_json()
    data = whole.as_dict() | {"code": "plain", "title": "Plain"}
    for section in data["sections"]:
        for standard in section["standards"]:
            del standard["checks"]
    plain = import_draft(text=json.dumps(data), by=cast.lead, now=NOW)
    assert definition_of(version_with_parts().get(pk=plain.pk)).as_dict() == data
    assert AuditTool.objects.filter(code="plain").exists()


def test_the_editor_takes_facts_one_on_a_line(audit: Audit, cast: Cast, as_user: AsUser) -> None:
    draft = start_draft(tool=audit.tool_version.tool, by=cast.lead, now=NOW)
    lead = as_user(cast.lead)
    address = f"/tools/statutory/{draft.number}/standards/risk/"
    form = lead.get(address).context["form"]
    sent = {name: value for name, value in form.initial.items() if value not in (None, False)}
    twice = lead.post(address, {**sent, "checks": "Is it dated?\nIs it dated?"})
    assert "stands there twice" in text_of(twice)
    saved = lead.post(address, {**sent, "checks": "Is it dated?\n\n Is it signed? "})
    assert saved.status_code == 302
    risk = PracticeStandard.objects.get(section__version=draft, code="risk")
    assert [check["question"] for check in risk.checks] == ["Is it dated?", "Is it signed?"]
    assert "Is it signed?" in text_of(lead.get(f"/tools/statutory/{draft.number}/preview/"))
