"""Owning an audit tool: draft, change, try, publish, export, import."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import User
from accounts.operations import MovedOn, Refused
from audits.models import Audit, AuditTool, PracticeStandard, Section, ToolVersion
from audits.operations import tool_editing
from audits.queries.tool_editing import definition_of, version_with_parts
from audits.rules.grades import FOUR_GRADES, ZERO_TO_TEN
from audits.tools import shipped_tools
from cases.models import ServiceLine
from tests.browser_form import form_with
from tests.cast import NOW, Cast
from tests.integration.audits.auditing import Make, begin, fill, submitted

AsUser = Callable[[User], Client]
BOTH = "disability = yes\r\ndisability = no\r\ndisability = no"
HOSTILE = "<script>alert(1)</script> \u202etxet & {{ 7|add:7 }}"


def text_of(response: Any) -> str:
    return response.content.decode()


def everything() -> dict[str, Any]:
    """A tool that uses all of the schema, in ways that the editor has no box for."""
    grades = ("outstanding", "good", "requires_improvement", "inadequate")
    plain: dict[str, Any] = {
        "definition": "What good is:\n\n- first\n- then ‘that’",
        "look_back_months": 7,
        "read_back_months": 13,
        "critical": False,
        "weight": 3,
        "may_be_not_applicable": True,
        "descriptors": {grade: f"What {grade} is,\nin two lines" for grade in grades},
        "prompts": ["The chronology, its gaps, and why", "Supervision = minutes"],
    }
    condition = {
        "services": ["looked_after", "a_service_of_elsewhere"],
        "lines": ["statutory", "family_help"],
        "attributes": {
            "disability": ["yes", "not known, or not asked"],
            "shoe_size": ["9 = small"],
        },
        "recorded": ["transferred_in_on", "shoe_size"],
    }
    checks = [
        {"code": "q_9", "question": "Is there a plan, and is it dated?"},
        {"code": "aa", "question": "Is it = to the last one?"},
    ]
    return {
        "code": "everything",
        "title": "Everything that a file can say",
        "line": "statutory",
        "scale": ZERO_TO_TEN.as_dict(),
        "limits": [
            {"code": "many", "when": "number_of_standards", "grade": "requires_improvement",
             "at_least": 3, "cap": "good"},
            {"code": "first", "when": "critical_standard", "grade": "inadequate",
             "cap": "requires_improvement"},
            {"code": "now", "when": "immediate_concern", "cap": "inadequate"},
        ],
        "sections": [
            {"code": "one", "title": "One", "standards": [
                {"code": "some", "title": "Some", **plain, "applies_when": condition,
                 "checks": checks},
                {"code": "impact", "title": "Impact", **plain, "critical": True,
                 "may_be_not_applicable": False, "applies_when": {}},
            ]},
            {"code": "two", "title": "Two", "standards": [
                {"code": "here", "title": "Here", **plain,
                 "applies_when": {"recorded": ["agency"]}},
            ]},
        ],
    }  # fmt: skip


@pytest.fixture
def tool(tools: None) -> AuditTool:
    return AuditTool.objects.get(code="statutory")


@pytest.fixture
def draft(cast: Cast, tool: AuditTool) -> ToolVersion:
    return tool_editing.start_draft(tool=tool, by=cast.lead, now=NOW)


def at(version: ToolVersion, rest: str = "") -> str:
    return f"/tools/{version.tool.code}/{version.number}/{rest}"


def first_standard(version: ToolVersion) -> PracticeStandard:
    return PracticeStandard.objects.filter(section__version=version)[0]


def typed(client: Client, path: str) -> dict[str, Any]:
    """What the form on a page would send if nothing were changed."""
    page = client.get(path)
    form = page.context["form"]
    fields: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if value is True:
            fields[name] = "on"
        elif value not in (None, False):
            fields[name] = value.replace("\n", "\r\n") if isinstance(value, str) else value
    fields["seen"] = page.context.get("seen", "")
    return fields


class TestDraft:
    def test_it_starts_as_an_exact_copy(self, tool: AuditTool, draft: ToolVersion) -> None:
        old, new = version_with_parts().filter(tool=tool).order_by("number")
        assert definition_of(old) == definition_of(new)
        assert (new.number, new.status) == (old.number + 1, "draft")

    def test_there_is_one_at_a_time(self, cast: Cast, draft: ToolVersion, as_user: AsUser) -> None:
        with pytest.raises(Refused, match="has a draft already"):
            tool_editing.start_draft(tool=draft.tool, by=cast.lead, now=NOW)
        shown = text_of(as_user(cast.lead).get("/tools/"))
        assert shown.count("Start a new version") == 1  # of the other tool

    def test_nobody_but_its_owner_sees_it(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        client = as_user(cast.auditor)
        assert client.get(at(draft)).status_code == 404
        assert "Draft" not in text_of(client.get("/tools/"))

    def test_changing_it_changes_nothing_for_those_who_grade(
        self, cast: Cast, make_audit: Make, tool: AuditTool
    ) -> None:
        audit = make_audit()
        grading = begin(audit)
        draft = tool_editing.start_draft(tool=tool, by=cast.lead, now=NOW)
        code = first_standard(draft).code
        tool_editing.remove_standard(version=draft, code=code, by=cast.lead, now=NOW)
        tool_editing.publish(version=draft, note="Shorter", by=cast.lead, now=NOW)
        fill(grading)
        later = make_audit()
        assert grading.standard_grades.count() > begin(later).standard_grades.count()
        audit.refresh_from_db()
        assert audit.tool_version.status == ToolVersion.Status.RETIRED

    def test_deleted_it_is_gone_and_a_late_change_is_told(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        assert client.post(at(draft, "delete/")).status_code == 302
        with pytest.raises(MovedOn, match="deleted"):
            tool_editing.save_section(version=draft, code="", title="Late", by=cast.lead, now=NOW)
        assert client.get(at(draft)).status_code == 404


class TestChanging:
    def test_a_standard_is_changed_in_the_browser(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        standard = first_standard(draft)
        client, path = as_user(cast.lead), at(draft, f"standards/{standard.code}/")
        said = typed(client, path) | {"title": HOSTILE[:60], "attributes": BOTH}
        assert client.post(path, said).status_code == 302
        standard.refresh_from_db()
        assert standard.applies_when["attributes"] == {"disability": ["yes", "no"]}
        shown = text_of(client.get(at(draft)))
        assert "<script>alert" not in shown
        assert "disability" in text_of(client.get(at(draft, "changes/")))

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({"title": ""}, "Enter the name of the practice standard"),
            ({"descriptor_good": " "}, "Write what good looks like in a file"),
            ({"prompts": "\n \n"}, "Write where to look"),
            ({"look_back_months": "12", "read_back_months": "6"}, "must not be fewer"),
            ({"attributes": "shoe size = 9"}, "is not a fact that an import knows"),
            ({"attributes": "disability"}, "is not of the form"),
            ({"weight": "11"}, "less than or equal to 10"),
        ],
    )
    def test_each_wrong_field_says_so(
        self,
        cast: Cast,
        draft: ToolVersion,
        as_user: AsUser,
        said: dict[str, str],
        error: str,
    ) -> None:
        path = at(draft, f"standards/{first_standard(draft).code}/")
        client = as_user(cast.lead)
        answer = client.post(path, typed(client, path) | said)
        assert error in text_of(answer)

    def test_two_editors_of_one_standard(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        path = at(draft, f"standards/{first_standard(draft).code}/")
        client = as_user(cast.lead)
        first = typed(client, path) | {"definition": "The first text."}
        second = typed(client, path) | {"definition": "The second text."}
        assert client.post(path, first).status_code == 302
        told = text_of(client.post(path, second))
        assert "Somebody else changed this practice standard" in told
        theirs, yours = told.split("Saved before")[1].split("Yours, not saved yet")
        assert "The first text." in theirs
        assert "The second text." in yours
        assert first_standard(draft).definition == "The first text."
        again = second | {"seen": client.get(path).context["seen"]}
        assert client.post(path, again).status_code == 302
        assert first_standard(draft).definition == "The second text."

    def test_two_editors_of_a_section_and_of_the_limits(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        client, section = as_user(cast.lead), draft.sections.all()[0]
        for part, one, other in (
            (f"sections/{section.code}/", {"title": "The first"}, {"title": "The second"}),
            ("limits/", {"concern_cap": "good"}, {"concern_cap": ""}),
        ):
            path = at(draft, part)
            first, second = typed(client, path) | one, typed(client, path) | other
            assert client.post(path, first).status_code == 302
            told = client.post(path, second)
            assert "after you opened the page" in text_of(told), part
            assert "Yours, not saved yet" in text_of(told), part
            again = second | {"seen": told.context["seen"]}
            assert client.post(path, again).status_code == 302, part
        section.refresh_from_db()
        assert section.title == "The second"
        draft.refresh_from_db()
        assert not any(limit["when"] == "immediate_concern" for limit in draft.limits)

    def test_somebody_elses_move_to_another_section_is_not_undone(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        standard = first_standard(draft)
        other = draft.sections.exclude(pk=standard.section_id)[0]
        client, path = as_user(cast.lead), at(draft, f"standards/{standard.code}/")
        opened = form_with(text_of(client.get(path)), "definition").data
        client.post(path, opened | {"section": [other.code]})
        told = text_of(client.post(path, opened | {"title": ["Mine"]}))
        assert f'dir="auto">{other.title}</div>' in told
        standard.refresh_from_db()
        assert standard.section == other

    def test_a_form_that_is_sent_twice_is_no_conflict(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        standard = first_standard(draft)
        client = as_user(cast.lead)
        for page, field, said in (
            (f"standards/{standard.code}/", "definition", "Other words"),
            (f"standards/{standard.code}/", "checks", "Is it so?"),
            (f"sections/{standard.section.code}/", "title", "Other words"),
            ("limits/", "scale", "zero_to_ten"),
        ):
            sent = form_with(text_of(client.get(at(draft, page))), field).data | {field: [said]}
            for _ in range(2):
                assert client.post(at(draft, page), sent).status_code == 302, page

    def test_a_fault_in_between_does_not_hide_what_somebody_else_wrote(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        path = at(draft, f"sections/{first_standard(draft).section.code}/")
        client = as_user(cast.lead)
        opened = form_with(text_of(client.get(path)), "title").data
        client.post(path, opened | {"title": ["Theirs"]})
        faulty = text_of(client.post(path, opened | {"title": [""]}))
        assert "Enter the title of the section" in faulty
        again = form_with(faulty, "title").data | {"title": ["Mine"]}
        told = text_of(client.post(path, again))
        assert "Somebody else changed this section" in told
        assert "Theirs" in told.split("Yours, not saved yet")[0]
        # Now both were shown: sent once more, mine takes the place of theirs.
        assert client.post(path, form_with(told, "title").data).status_code == 302

    def test_added_moved_and_taken_away(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        client.post(at(draft, "sections/"), {"title": "Culture & identity"})
        section = Section.objects.get(version=draft, title="Culture & identity")
        assert section.code == "culture_identity"
        assert "must hold at least one standard" in text_of(client.get(at(draft)))
        path = at(draft, "standards/")
        said = typed(client, f"{path}?section={section.code}") | {
            "title": "Identity",
            "definition": "Who the child is.",
            "prompts": "Chronology\nDirect work",
            **{f"descriptor_{g}": f"It is {g}." for g in
               ("outstanding", "good", "requires_improvement", "inadequate")},
        }  # fmt: skip
        assert said["section"] == section.code
        assert client.post(path, said).status_code == 302
        added = PracticeStandard.objects.get(section=section)
        client.post(at(draft, f"move/{section.code}/"), {"kind": "section", "direction": "up"})
        orders = list(Section.objects.filter(version=draft).values_list("code", flat=True))
        assert orders.index(section.code) == len(orders) - 2
        away = at(draft, f"sections/{section.code}/remove/")
        assert "Culture &amp; identity” away?" in text_of(client.get(away))
        refused = client.post(away)
        assert "Move or take away its practice standards first" in text_of(refused)
        client.post(at(draft, f"standards/{added.code}/remove/"))
        client.post(away)
        assert not Section.objects.filter(pk=section.pk).exists()

    def test_moving_at_the_end_of_the_list_changes_nothing(
        self, cast: Cast, draft: ToolVersion
    ) -> None:
        codes = list(Section.objects.filter(version=draft).values_list("code", flat=True))
        tool_editing.move(
            version=draft, code=f"section:{codes[0]}", direction="up", by=cast.lead, now=NOW
        )
        assert list(Section.objects.filter(version=draft).values_list("code", flat=True)) == codes

    def test_scale_and_limits(self, cast: Cast, draft: ToolVersion, as_user: AsUser) -> None:
        client, path = as_user(cast.lead), at(draft, "limits/")
        said = typed(client, path) | {"scale": "zero_to_ten", "number_cap": "good", "number": ""}
        assert "Enter how many standards" in text_of(client.post(path, said))
        assert client.post(path, said | {"number": "3"}).status_code == 302
        draft.refresh_from_db()
        assert draft.scale == ZERO_TO_TEN.as_dict()
        shown = text_of(client.get(at(draft)))
        said_so = "3 or more standards graded inadequate: the overall grade is at best good"
        assert said_so in shown

    def test_a_published_version_cannot_be_changed(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        published = tool.versions.get()
        standard = first_standard(published)
        client = as_user(cast.lead)
        for path in ("limits/", "sections/", f"standards/{standard.code}/"):
            assert client.get(at(published, path)).status_code == 409
        taken = client.post(at(published, f"standards/{standard.code}/remove/"))
        assert taken.status_code == 409
        assert "it cannot be changed" in text_of(taken)


class TestPublishing:
    def test_with_a_note_the_old_one_retires(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        assert "Write what has changed" in text_of(client.post(at(draft, "publish/"), {"note": ""}))
        assert client.post(at(draft, "publish/"), {"note": "Clearer words"}).status_code == 302
        states = draft.tool.versions.order_by("number").values_list("status", flat=True)
        assert list(states) == ["retired", "published"]
        assert "Clearer words" in text_of(as_user(cast.auditor).get("/tools/"))

    def test_a_draft_with_faults_is_not_published(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        section = first_standard(draft).section
        for standard in section.standards.all():
            tool_editing.remove_standard(version=draft, code=standard.code, by=cast.lead, now=NOW)
        answer = as_user(cast.lead).post(at(draft, "publish/"), {"note": "x"})
        assert "cannot be published yet" in text_of(answer)

    def test_old_grades_keep_their_words(
        self, cast: Cast, make_audit: Make, tool: AuditTool, as_user: AsUser
    ) -> None:
        audit: Audit = make_audit()
        grading = submitted(audit)
        draft = tool_editing.start_draft(tool=tool, by=cast.lead, now=NOW)
        PracticeStandard.objects.filter(section__version=draft).update(title="New words")
        tool_editing.publish(version=draft, note="Renamed", by=cast.lead, now=NOW)
        shown = text_of(
            as_user(cast.auditor).get(f"/audits/{audit.reference}/gradings/{grading.pk}/")
        )
        assert "New words" not in shown


class TestFiles:
    def test_the_round_trip_is_exact(self, cast: Cast, tool: AuditTool, as_user: AsUser) -> None:
        client = as_user(cast.lead)
        exported = client.get(at(tool.versions.get(), "tool.json"))
        shipped = next(s for s in shipped_tools() if s.definition.code == "statutory")
        assert exported.content.decode() == shipped.definition.as_json()
        file = SimpleUploadedFile("tool.json", exported.content)
        answer = client.post("/tools/import/", {"file": file})
        assert answer.status_code == 302
        again = client.get(f"{answer.headers['Location']}tool.json")
        assert again.content == exported.content

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            (b"\xff\xfe\x00", "not text in UTF-8"),
            (b"{", "is not JSON"),
            (b"[]", "must be an object"),
            (b'{"code": "x"}', "sections: is missing"),
        ],
    )
    def test_a_file_that_is_no_tool_says_what_is_wrong(
        self, cast: Cast, tool: AuditTool, as_user: AsUser, content: bytes, error: str
    ) -> None:
        answer = as_user(cast.lead).post(
            "/tools/import/", {"file": SimpleUploadedFile("tool.json", content)}
        )
        assert error in text_of(answer)
        assert not ToolVersion.objects.filter(status="draft").exists()

    def test_a_known_code_keeps_its_title_and_its_line(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        for change in ({"title": "Another"}, {"line": "early_help"}):
            data = definition_of(version_with_parts().get(tool=tool)).as_dict() | change
            file = SimpleUploadedFile("tool.json", json.dumps(data).encode())
            answer = as_user(cast.lead).post("/tools/import/", {"file": file})
            assert "or a code of its own" in text_of(answer)
        assert not ToolVersion.objects.filter(status="draft").exists()

    def test_a_tool_with_everything_that_a_file_can_say_survives_being_saved_unchanged(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        client, document = as_user(cast.lead), everything()
        file = SimpleUploadedFile("tool.json", json.dumps(document).encode())
        assert client.post("/tools/import/", {"file": file}).status_code == 302
        version = ToolVersion.objects.get(tool__code="everything")

        def exported() -> Any:
            return json.loads(client.get(at(version, "tool.json")).content)

        assert exported() == document
        parts = ["limits/"]
        for section in document["sections"]:
            parts.append(f"sections/{section['code']}/")
            parts += [f"standards/{each['code']}/" for each in section["standards"]]
        for part in parts:
            said = typed(client, at(version, part))
            assert client.post(at(version, part), said).status_code == 302, part
            assert exported() == document, part
        # One word changed leaves the rest as it is.
        first = document["sections"][0]["standards"][0]
        path = at(version, f"standards/{first['code']}/")
        assert client.post(path, typed(client, path) | {"title": "Else"}).status_code == 302
        first["title"] = "Else"
        assert exported() == document

    def test_an_unknown_line_is_refused(self, cast: Cast, tool: AuditTool, as_user: AsUser) -> None:
        data = shipped_tools()[0].definition.as_dict() | {"code": "other", "line": "adults"}
        file = SimpleUploadedFile("tool.json", json.dumps(data).encode())
        answer = as_user(cast.lead).post("/tools/import/", {"file": file})
        assert "not set up: adults" in text_of(answer)


def test_the_standard_on_impact_is_in_every_tool(
    cast: Cast, draft: ToolVersion, as_user: AsUser
) -> None:
    client = as_user(cast.lead)
    told = client.post(at(draft, "standards/impact/remove/"))
    assert "Every tool asks what has changed for the child" in text_of(told)
    PracticeStandard.objects.filter(section__version=draft, code="impact").delete()
    assert "one standard must be that on impact" in text_of(client.get(at(draft)))
    with pytest.raises(Refused, match="cannot be published yet"):
        tool_editing.publish(version=draft, note="Shorter", by=cast.lead, now=NOW)


class TestPreview:
    def test_grades_are_tried_out_and_nothing_is_kept(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        client, version = as_user(cast.auditor), tool.versions.get()
        critical = PracticeStandard.objects.filter(section__version=version, critical=True)[0]
        typed = {
            f"{critical.code}-grade": "inadequate",
            f"{critical.code}-evidence": HOSTILE,
            "plan_review-grade": "not_applicable",
            "plan_review-not_applicable_reason": "A new case.",
        }
        shown = text_of(client.post(at(version, "preview/"), typed))
        assert "Suggested grade" in shown
        assert f"A critical standard is graded inadequate ({critical.title})" in shown.replace(
            "&#x27;", "'"
        )
        assert "10 standards have no grade yet" in shown  # of 12, and one is not applicable
        assert "A new case." in shown
        assert "<script>alert" not in shown

    def test_it_is_the_form_that_an_auditor_fills_in(
        self, cast: Cast, make_audit: Make, as_user: AsUser
    ) -> None:
        audit = make_audit()
        grading, client = begin(audit), as_user(cast.auditor)
        shown = text_of(client.get(at(audit.tool_version, "preview/")))
        for answer in grading.standard_grades.select_related("standard"):
            code = answer.standard.code
            address = f"/audits/{audit.reference}/gradings/{grading.pk}/standards/{code}/"
            form = client.get(address).context["form"]
            for name in form.fields:
                if name != "version":
                    assert f'name="{code}-{name}"' in shown, (code, name)
            for grade, hint in form.fields["grade"].widget.hints.items():
                assert f'value="{grade}"' in shown
                assert escape(hint) in shown

    def test_an_example_is_asked_what_such_a_case_is_asked(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        client, version = as_user(cast.auditor), tool.versions.get()
        said = {"service": "child_in_need", "permanence-evidence": "Typed before"}
        shown = text_of(client.post(at(version, "preview/"), said))
        assert '<input type="hidden" name="permanence-evidence" value="Typed before"' in shown
        assert "Does not apply: the service is child in need" in shown
        shown = text_of(client.post(at(version, "preview/"), said | {"service": "looked_after"}))
        assert "Typed before</textarea>" in shown

    def test_it_ends_with_the_overall_grade_as_the_auditor_chooses_it(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        client, version = as_user(cast.auditor), tool.versions.get()
        path = at(version, "preview/")
        graded = {"impact-grade": "inadequate", "concern": "on"}
        above = graded | {"overall-overall_grade": "good"}
        refused = text_of(client.post(path, above))
        assert "Write the reason, or choose a lower grade." in refused
        assert "There is a problem" in refused
        assert "<title>Error: Preview" in refused
        given = text_of(client.post(path, above | {"overall-override_reason": "Old news."}))
        assert "Choosing good needs a reason, and the audit will be moderated." in given
        assert "There is a problem" not in given
        same = text_of(client.post(path, graded | {"overall-overall_grade": "inadequate"}))
        assert "You chose inadequate, as the standards suggest." in same
        assert "An immediate safeguarding concern is recorded" in same

    @pytest.mark.parametrize("scale", ["ofsted_four", "zero_to_ten"])
    def test_it_grades_on_the_scale_of_the_tool(
        self, cast: Cast, as_user: AsUser, draft: ToolVersion, scale: str
    ) -> None:
        client = as_user(cast.lead)
        limits = form_with(text_of(client.get(at(draft, "limits/"))), "scale").data
        client.post(at(draft, "limits/"), limits | {"scale": [scale]})
        points = {"ofsted_four": FOUR_GRADES, "zero_to_ten": ZERO_TO_TEN}[scale].points
        shown = text_of(client.get(at(draft, "preview/")))
        for point in points:
            assert point.label in shown
        worst = client.post(at(draft, "preview/"), {"impact-grade": points[-1].code})
        assert worst.context["suggested"].grade == "inadequate"
        unknown = client.post(at(draft, "preview/"), {"impact-grade": "excellent"})
        assert "Choose a grade from the list" in text_of(unknown)

    def test_an_example_of_another_line_and_with_facts(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        version = tool_editing.import_draft(text=json.dumps(everything()), by=cast.lead, now=NOW)
        condition = {
            "lines": ["early_help"],
            "attributes": {"disability": ["yes"]},
            "recorded": ["plan"],
        }
        standards = PracticeStandard.objects.filter(section__version=version)
        standards.filter(code="some").update(applies_when=condition)
        facts = {"fact_disability": "Yes ", "fact_plan": "A plan"}

        def asked(said: dict[str, str]) -> dict[str, bool]:
            rows = client.post(at(version, "preview/"), said).context["rows"]
            return {row.standard.code: row.asked for row in rows}

        assert asked({}) == {"some": True, "impact": True, "here": True}
        assert asked({"service": "early_help", **facts})["some"]
        assert not asked({"service": "early_help"})["some"]
        assert not asked({"service": "looked_after", **facts})["some"]
        assert asked({"service": "looked_after"}) == {"some": False, "impact": True, "here": False}
        assert asked({"service": "looked_after", "fact_agency": "yes"})["here"]
        told = text_of(client.post(at(version, "preview/"), facts))
        assert "Choose the service of the example that has these facts" in told

    def test_a_standard_that_is_always_asked_cannot_be_not_applicable(
        self, cast: Cast, tool: AuditTool, as_user: AsUser
    ) -> None:
        client, version = as_user(cast.auditor), tool.versions.get()
        shown = client.post(at(version, "preview/"), {"impact-grade": "not_applicable"})
        assert "Choose a grade from the list" in text_of(shown)
        assert "Suggested grade" not in text_of(shown)

    def test_pages_take_the_same_queries_for_more_standards(
        self, cast: Cast, draft: ToolVersion, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        for page in ("", "preview/", "changes/"):
            counts = []
            for number in range(2):
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(at(draft, page)).status_code == 200
                counts.append(len(queries))
                standard = first_standard(draft)
                standard.pk, standard.code = None, f"{page.strip('/') or 'version'}_{number}"
                standard.order = 500 + standard.section.standards.count()
                standard.save()
            assert counts[0] == counts[1]


class TestPublishedNeverChanges:
    """In the database, whatever asks it."""

    CHANGES = (
        "UPDATE audits_toolversion SET note = 'x' WHERE id = {version}",
        "UPDATE audits_toolversion SET scale = '{{}}' WHERE id = {version}",
        "UPDATE audits_toolversion SET limits = '[]' WHERE id = {version}",
        "UPDATE audits_toolversion SET number = 77 WHERE id = {version}",
        "UPDATE audits_toolversion SET published_at = now() WHERE id = {version}",
        "UPDATE audits_toolversion SET published_by_id = {other} WHERE id = {version}",
        (
            "UPDATE audits_toolversion SET status = 'draft', published_at = NULL,"
            " published_by_id = NULL WHERE id = {version}"
        ),
        "DELETE FROM audits_toolversion WHERE id = {version}",
        "UPDATE audits_section SET title = 'x' WHERE version_id = {version}",
        (
            'INSERT INTO audits_section (version_id, code, title, "order")'
            " VALUES ({version}, 'late', 'Late', 99)"
        ),
        "DELETE FROM audits_practicestandard WHERE id = {standard}",
        *(
            f"UPDATE audits_practicestandard SET {change} WHERE id = {{standard}}"  # noqa: S608
            for change in (
                "title = 'x'",
                "definition = 'x'",
                "weight = 9",
                "critical = NOT critical",
                "descriptors = '{{}}'",
                "checks = '[]'",
                "prompts = '[]'",
                'applies_when = \'{{"recorded": ["agency"]}}\'',
                "look_back_months = 1",
                "code = 'x'",
            )
        ),
        "UPDATE audits_audittool SET title = 'x' WHERE id = {tool}",
        "UPDATE audits_practicestandard SET section_id = {section} WHERE id = {standard}",
        "UPDATE audits_audittool SET code = 'x' WHERE id = {tool}",
        "UPDATE audits_audittool SET line_id = {line} WHERE id = {tool}",
    )

    @pytest.mark.parametrize("change", CHANGES)
    @pytest.mark.parametrize("status", ["published", "retired"])
    def test_it_is_refused(self, cast: Cast, tool: AuditTool, change: str, status: str) -> None:
        version = tool.versions.get()
        if status == "retired":
            draft = tool_editing.start_draft(tool=tool, by=cast.lead, now=NOW)
            tool_editing.publish(version=draft, note="Next", by=cast.lead, now=NOW)
        names = {
            "version": version.pk,
            "standard": first_standard(version).pk,
            "tool": tool.pk,
            "other": cast.auditor.pk,
            "section": Section.objects.filter(version=version).order_by("-order")[0].pk,
            "line": ServiceLine.objects.exclude(pk=tool.line_id)[0].pk,
        }
        with (
            pytest.raises(DatabaseError, match=r"cannot be changed|Cannot (update|delete)"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change.format(**names))

    def test_a_draft_of_a_tool_that_was_never_published_is_free(
        self, cast: Cast, tool: AuditTool
    ) -> None:
        version = tool_editing.import_draft(text=json.dumps(everything()), by=cast.lead, now=NOW)
        AuditTool.objects.filter(pk=version.tool_id).update(title="Another")
        assert Section.objects.filter(version=version).update(title="Another")


def test_grades_under_an_old_version_are_read_with_the_old_words(
    cast: Cast, make_audit: Make, tool: AuditTool, as_user: AsUser
) -> None:
    audit = make_audit()
    grading = submitted(audit)
    draft = tool_editing.start_draft(tool=tool, by=cast.lead, now=NOW)
    old = first_standard(draft)
    title, question = old.title, old.checks[0]["question"]
    client = as_user(cast.lead)
    path = at(draft, f"standards/{old.code}/")
    said = typed(client, path) | {"title": "New words", "checks": "Is it new?"}
    assert client.post(path, said).status_code == 302
    tool_editing.publish(version=draft, note="Next", by=cast.lead, now=NOW)
    read = text_of(client.get(f"/audits/{audit.reference}/gradings/{grading.pk}/"))
    assert escape(title) in read
    assert escape(question) in read
    assert "New words" not in read
    assert "Is it new?" not in read
    feedback = text_of(as_user(cast.auditor).get(f"/audits/{audit.reference}/feedback/release/"))
    assert "New words" not in feedback
