"""Conflicts declared ahead of any file: whom they keep from it, what they tell, how they end."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord, User
from accounts.operations import MovedOn, Refused
from accounts.roles import Role
from audits.models import Audit, Grading
from audits.operations.grading import begin_audit, declare_conflict
from audits.operations.submitting import reopen_audit
from cases.models import Child, ChildAlias, DeclaredConflict, Draw, SampledCase
from cases.operations.allocation import allocate_by_hand, allocate_quarter
from cases.operations.conflicts import declare_ahead, end_conflict, register_conflict
from cases.operations.import_other_ids import register_other_ids
from cases.queries.conflicts import child_of_id, conflicts_in_force
from cases.queries.other_ids import plan_for_other_ids
from cases.queries.quarters import no_longer_graders
from quality.models import Moderation
from quality.queries.moderation import moderation_list
from quality.queries.people import possible_moderators
from tests.cast import NOW, QUARTER, Cast, open_case, open_cases, person
from tests.integration.audits.auditing import Make, begin, sampled, submitted
from tests.integration.cases.importing import confirmed, csv_bytes
from tests.integration.quality.following import assigned

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
YOURS, DECLARE = "/conflicts/yours/", "/conflicts/yours/declare/"
ALL, REGISTER = "/conflicts/", "/conflicts/register/"
WHY = "Her aunt is a neighbour of mine."
LATER = NOW + timedelta(hours=1)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def declared(by: User, child_id: str, reason: str = WHY) -> DeclaredConflict:
    return declare_ahead(child_id=child_id, reason=reason, by=by, now=NOW).conflict


def ended(conflict: DeclaredConflict, by: User) -> DeclaredConflict:
    return end_conflict(conflict=conflict, reason="Another child’s id.", by=by, now=LATER)


def moderation_of(audit: Audit) -> Moderation:
    return Moderation.objects.get(audit=audit)


class TestDeclaring:
    def test_an_auditor_says_that_they_know_a_family(self, cast: Cast, as_user: AsUser) -> None:
        open_case(child_id="0042_7")
        client = as_user(cast.auditor)
        assert "You have declared no conflict" in text_of(client.get(YOURS))
        said = {"child_id": " 0042_7 ", "reason": WHY}
        page = text_of(client.post(DECLARE, said, follow=True))
        assert "Your conflict is declared." in page
        assert "1 conflict" in page
        assert WHY in page
        conflict = DeclaredConflict.objects.get()
        assert (conflict.user, conflict.child.local_id) == (cast.auditor, "0042_7")
        assert (conflict.declared_as, conflict.registered_by) == ("0042_7", None)
        assert "You have declared no conflict" in text_of(as_user(cast.moderator).get(YOURS))

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({"child_id": "", "reason": WHY}, "Type the child’s id"),
            ({"child_id": "n/a", "reason": WHY}, "There is no child id."),
            ({"child_id": "1" * 61, "reason": WHY}, "at most 60 characters"),
            ({"child_id": "7", "reason": " "}, "Write why you cannot grade this file"),
        ],
    )
    def test_what_is_missing_is_said_at_its_field(
        self, cast: Cast, as_user: AsUser, said: dict[str, str], error: str
    ) -> None:
        response = as_user(cast.auditor).post(DECLARE, said)
        assert response.status_code == 200
        assert error in text_of(response)
        (field,) = response.context["form"].errors
        assert f'id="id_{field}-error"' in text_of(response)
        assert not DeclaredConflict.objects.exists()

    def test_the_page_does_not_tell_whether_a_child_is_known(
        self, cast: Cast, as_user: AsUser
    ) -> None:
        """Known or not, audited or not, by another id or not: the same answer."""
        known = open_case(child_id="AA-1").child
        ChildAlias.objects.create(other_id="AA-2", child=open_case(child_id="BB-2").child)
        Child.objects.filter(pk=known.pk).update(audit_reference="2026-Q3-0001")
        pages = set()
        for child_id in ("AA-1", "AA-2", "AA-3"):
            user = person(f"Grader {child_id}", Role.AUDITOR)
            said = {"child_id": child_id, "reason": WHY}
            page = text_of(as_user(user).post(DECLARE, said, follow=True))
            assert child_id in page
            page = page.replace(child_id, "ID").replace(child_id.lower(), "id")
            pages.add(page.partition("<main")[2].partition("</main>")[0])
        assert len(pages) == 1

    def test_an_id_that_is_not_known_counts_once_a_list_names_it(self, cast: Cast) -> None:
        declared(cast.auditor, "NEW-1")
        confirmed(csv_bytes("NEW-1,Child in need,Riverside,P,2026-01-02"), cast.analyst)
        child = Child.objects.get(local_id="NEW-1")
        assert child.cases.count() == 1
        assert conflicts_in_force().filter(child=child, user=cast.auditor).exists()

    def test_the_same_child_is_declared_once(self, cast: Cast, as_user: AsUser) -> None:
        ChildAlias.objects.create(other_id="EH-9", child=open_case(child_id="SC-9").child)
        declared(cast.auditor, "SC-9")
        for same in ("SC-9", "sc-9", "EH-9", "eh-9"):
            page = as_user(cast.auditor).post(DECLARE, {"child_id": same, "reason": WHY})
            assert "A conflict with this child is declared already." in text_of(page)
            assert set(page.context["form"].errors) == {"child_id"}
        assert declared(cast.other_auditor, "EH-9").child.local_id == "SC-9"

    def test_who_grades_no_files_declares_none(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied):
            declared(cast.manager, "1")

    def test_the_reason_is_in_no_email_and_no_log(
        self, cast: Cast, audit: Audit, caplog: pytest.LogCaptureFixture, as_user: AsUser,
        django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        sent: list[Any] = []
        monkeypatch.setattr(
            "accounts.notices.current_app.send_task", lambda *args, **named: sent.append(named)
        )
        caplog.set_level(logging.DEBUG, logger="")
        said = {"child_id": audit.child.local_id, "reason": WHY}
        with django_capture_on_commit_callbacks(execute=True):
            as_user(cast.auditor).post(DECLARE, said)
            as_user(cast.analyst).post(REGISTER, {**said, "user": cast.other_auditor.pk})
        assert len(sent) >= 3  # the analyst and the lead of the audit, Otto Tor of his conflict
        told = f"{sent} {[message.body for message in mail.outbox]}"
        for hidden in (WHY, "neighbour", audit.child.local_id):
            assert hidden not in told
        lines = [line for line in caplog.messages if not line.startswith("(")]  # SQL of DEBUG
        assert not any("neighbour" in line for line in lines)


class TestWhichChild:
    def test_an_id_as_it_is_typed(self, cast: Cast) -> None:
        child = open_case(child_id="Ab-1").child
        ChildAlias.objects.create(other_id="Eh-1", child=child)
        for typed in ("Ab-1", "AB-1", "Eh-1", "EH-1"):
            assert child_of_id(typed) == child
        assert child_of_id("Ab-2") is None
        assert child_of_id("b-1") is None

    def test_capitals_count_where_they_tell_children_apart(self, cast: Cast) -> None:
        one, other = (open_case(child_id=each).child for each in ("ab", "AB"))
        assert (child_of_id("ab"), child_of_id("AB")) == (one, other)
        assert child_of_id("Ab") is None

    def test_a_child_who_became_another_is_not_meant(self, cast: Cast) -> None:
        open_case(child_id="EH-1")
        child = open_case(child_id="SC-1").child
        text = "child_id,other_id\nSC-1,EH-1\n"
        digest = plan_for_other_ids(text).plan.digest
        register_other_ids(text=text, digest=digest, by=cast.analyst, now=NOW)
        assert child_of_id("EH-1") == child
        assert child_of_id("eh-1") == child

    def test_conflicts_go_along_where_two_children_become_one(self, cast: Cast) -> None:
        open_case(child_id="EH-1")
        child = open_case(child_id="SC-1").child
        moved, twice, kept = (
            declared(cast.auditor, "EH-1"),
            declared(cast.other_auditor, "EH-1"),
            declared(cast.other_auditor, "SC-1"),
        )
        text = "child_id,other_id\nSC-1,EH-1\n"
        digest = plan_for_other_ids(text).plan.digest
        register_other_ids(text=text, digest=digest, by=cast.analyst, now=LATER)
        assert set(conflicts_in_force()) == {moved, kept}
        assert set(conflicts_in_force().values_list("child", flat=True)) == {child.pk}
        twice.refresh_from_db()
        assert (twice.ended_by, twice.end_reason[:8]) == (cast.analyst, "Declared")


class TestHeeded:
    def test_allocation_avoids_the_person(self, cast: Cast, tools: None, draw: Draw) -> None:
        cases = [
            sampled(draw, case)
            for case in open_cases(6, team=cast.riverside, practitioner=cast.practitioner)
        ]
        for case in cases[:3]:
            declared(cast.auditor, case.entry.child.local_id)
        allocate_quarter(draw=draw, by=cast.analyst, now=NOW)
        given = Audit.objects.in_bulk(field_name="reference").values()
        assert len(given) == 6
        for audit in given:
            if audit.sampled_case in cases[:3]:
                assert audit.auditor == cast.other_auditor
        with pytest.raises(Refused, match="declared a conflict"):
            allocate_by_hand(
                sampled_case=cases[0], auditor=cast.auditor, reason="Asked", by=cast.analyst,
                now=NOW,
            )  # fmt: skip

    def test_one_that_was_ended_keeps_nobody_from_anything(
        self, cast: Cast, audit: Audit, make_audit: Make, draw: Draw, as_user: AsUser
    ) -> None:
        """Every reader: allocation, beginning, moderation and its list."""
        case = sampled(draw, open_case(cast.riverside, cast.practitioner, child_id="E-1"))
        ended(declared(cast.auditor, "E-1"), cast.analyst)
        allocate_by_hand(
            sampled_case=case, auditor=cast.auditor, reason="Asked", by=cast.analyst, now=NOW
        )
        assert no_longer_graders(draw) == []
        submitted(audit, "inadequate")
        for moderator in (cast.moderator, cast.other_moderator):
            conflict = declared(moderator, audit.child.local_id)
            assert moderator not in possible_moderators(audit, blind=True)
            assert not moderation_list(moderator).exists()
            ended(conflict, cast.analyst)
            assert moderator in possible_moderators(audit, blind=True)
            assert moderation_list(moderator).get().audit == audit

    def test_it_can_be_declared_again_after_it_was_ended(self, cast: Cast, audit: Audit) -> None:
        ended(declared(cast.other_auditor, "0042_7"), cast.analyst)
        again = declared(cast.other_auditor, "0042_7")
        assert conflicts_in_force().get() == again
        with pytest.raises(IntegrityError), transaction.atomic():
            DeclaredConflict.objects.create(
                user=cast.other_auditor, child=audit.child, reason="Twice", declared_at=NOW
            )

    def test_declaring_at_the_file_counts_after_an_earlier_one_was_ended(
        self, cast: Cast, audit: Audit
    ) -> None:
        first = DeclaredConflict.objects.create(
            user=cast.auditor, child=audit.child, reason="Mistaken", declared_at=NOW
        )
        ended(first, cast.analyst)
        declare_conflict(audit=audit, reason=WHY, by=cast.auditor, now=LATER)
        assert conflicts_in_force().get().reason == WHY


class TestFilesAtHand:
    def test_an_audit_at_hand_is_passed_on_as_at_the_file(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        draft = begin(audit)
        said = {"child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.auditor).post(DECLARE, said, follow=True))
        assert f"Audit {audit.reference} has been passed on" in page
        audit.refresh_from_db()
        draft.refresh_from_db()
        assert audit.status == Audit.Status.RETURNED
        assert draft.status == Grading.Status.SET_ASIDE
        assert audit.sampled_case.status == SampledCase.Status.DRAWN  # type: ignore[union-attr]
        assert WHY not in audit.sampled_case.allocations.get().end_reason  # type: ignore[union-attr]

    def test_so_it_is_where_the_performance_team_registers_it(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        said = {"user": cast.auditor.pk, "child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.analyst).post(REGISTER, said, follow=True))
        assert "The conflict of Audrey Tor is registered." in page
        assert f"Audit {audit.reference} has been passed on" in page
        audit.refresh_from_db()
        assert audit.status == Audit.Status.RETURNED

    def test_a_moderation_at_hand_waits_for_another(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        draft = assigned(audit, cast.moderator).grading
        assert draft
        said = {"child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.moderator).post(DECLARE, said, follow=True))
        assert f"The moderation of audit {audit.reference} waits for another moderator" in page
        draft.refresh_from_db()
        assert draft.status == Grading.Status.SET_ASIDE
        assert WHY not in draft.set_aside_reason
        assert moderation_of(audit).status == Moderation.Status.REQUIRED
        assert audit.reference not in text_of(as_user(cast.moderator).get("/moderation/"))

    def test_the_analyst_does_not_learn_who_moderates(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        """Which audit is moderated says something of its grade."""
        submitted(audit, "inadequate")
        assigned(audit, cast.moderator)
        said = {"user": cast.moderator.pk, "child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.analyst).post(REGISTER, said, follow=True))
        assert "is registered" in page
        assert audit.reference not in page
        assert moderation_of(audit).moderator is None

    def test_what_was_submitted_stays_and_the_lead_is_told(
        self, cast: Cast, audit: Audit, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Any] = []
        monkeypatch.setattr(
            "audits.operations.grading.send_notice", lambda **named: told.append(named)
        )
        submitted(audit, "inadequate")
        told.clear()
        said = {"child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.auditor).post(DECLARE, said, follow=True))
        assert f"Audit {audit.reference} was submitted before, so it stays" in page
        audit.refresh_from_db()
        assert (audit.status, audit.auditor) == (Audit.Status.SUBMITTED, cast.auditor)
        (notice,) = told
        assert list(notice["to"]) == [cast.lead]
        assert "has a conflict" in notice["subject"]

    def test_a_second_grading_that_was_submitted_stays_and_the_lead_is_told(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        submitted(audit, "inadequate")
        second = assigned(audit, cast.moderator).grading
        Grading.objects.filter(pk=second.pk).update(  # type: ignore[union-attr]
            status=Grading.Status.SUBMITTED, submitted_at=NOW, overall_grade="good"
        )
        said = {"child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.moderator).post(DECLARE, said, follow=True))
        assert f"The second grading of audit {audit.reference} was submitted before" in page
        assert moderation_of(audit).moderator == cast.moderator

    def test_nothing_follows_for_others_files(
        self, cast: Cast, audit: Audit, as_user: AsUser
    ) -> None:
        said = {"child_id": "0042_7", "reason": WHY}
        page = text_of(as_user(cast.other_auditor).post(DECLARE, said, follow=True))
        assert audit.reference not in page
        audit.refresh_from_db()
        assert audit.status == Audit.Status.ALLOCATED


class TestTwoChildrenWhoAreOne:
    """The conflict was declared with another id, known since to be the child's."""

    def joined(self, audit: Audit, by: User) -> None:
        text = f"child_id,other_id\n{audit.child.local_id},OTHER-9\n"
        digest = plan_for_other_ids(text).plan.digest
        register_other_ids(text=text, digest=digest, by=by, now=LATER)

    def test_an_audit_at_hand_is_passed_on(self, cast: Cast, audit: Audit) -> None:
        declared(cast.auditor, "OTHER-9")
        draft = begin(audit)
        self.joined(audit, cast.analyst)
        audit.refresh_from_db()
        draft.refresh_from_db()
        assert audit.status == Audit.Status.RETURNED
        assert draft.status == Grading.Status.SET_ASIDE
        ended = audit.sampled_case.allocations.get()  # type: ignore[union-attr]
        assert (ended.ended_by, ended.end_reason) == (cast.analyst, "The auditor has a conflict")

    def test_a_moderation_at_hand_waits_for_another(self, cast: Cast, audit: Audit) -> None:
        submitted(audit, "inadequate")
        declared(cast.moderator, "OTHER-9")
        draft = assigned(audit, cast.moderator).grading
        assert draft
        self.joined(audit, cast.analyst)
        draft.refresh_from_db()
        assert draft.status == Grading.Status.SET_ASIDE
        assert moderation_of(audit).status == Moderation.Status.REQUIRED
        assert cast.moderator not in possible_moderators(audit, blind=True)

    def test_nothing_is_passed_on_for_a_conflict_that_ended_or_with_another_child(
        self, cast: Cast, audit: Audit
    ) -> None:
        ended(declared(cast.auditor, "OTHER-9"), cast.lead)
        declared(cast.auditor, "OTHER-8")
        declared(cast.other_auditor, "OTHER-9")
        self.joined(audit, cast.analyst)
        audit.refresh_from_db()
        assert (audit.status, audit.auditor) == (Audit.Status.ALLOCATED, cast.auditor)


class TestAllocationPage:
    def test_an_auditor_who_is_not_independent_any_more_is_shown(
        self, cast: Cast, audit: Audit, make_audit: Make, draw: Draw, as_user: AsUser
    ) -> None:
        """Whatever the reason: a conflict that came past the product, or another team."""
        path = f"/quarters/{QUARTER}/allocation/"
        client = as_user(cast.analyst)
        assert "not independent any more" not in text_of(client.get(path))
        DeclaredConflict.objects.create(
            user=cast.auditor, child=audit.child, reason=WHY, declared_at=NOW
        )
        page = text_of(client.get(path))
        assert "1 case to give to somebody else" in page
        assert "They declared a conflict with this case." in page
        assert WHY not in page
        assert f'href="/sampled/{audit.sampled_case_id}/auditor/"' in page
        own = text_of(as_user(cast.auditor).get(f"/audits/{audit.reference}/"))
        assert "You are not independent of this case now" in own
        assert "Begin this audit" not in own
        with pytest.raises(Refused, match="You declared a conflict with it"):
            begin_audit(
                audit=audit, child_id="0042_7", held_by_listed_practitioner=True,
                by=cast.auditor, now=NOW,
            )  # fmt: skip
        other = make_audit(auditor=cast.other_auditor)
        cast.riverside.deputy = cast.other_auditor
        cast.riverside.save()
        overview = text_of(client.get(f"/quarters/{QUARTER}/"))
        assert "2 cases are with an auditor who cannot grade them any more" in overview
        found = {one.case: one.because for one in no_longer_graders(draw)}
        assert set(found) == {audit.sampled_case, other.sampled_case}
        assert "own team" in found[other.sampled_case]  # type: ignore[index]

    def test_a_submitted_audit_is_not_asked_again_but_a_reopened_one_is(
        self, cast: Cast, audit: Audit, draw: Draw
    ) -> None:
        submitted(audit, "inadequate")
        declared(cast.auditor, "0042_7")
        assert no_longer_graders(draw) == []
        reopen_audit(audit=audit, reason="Look again", by=cast.lead, now=LATER)
        assert [one.auditor for one in no_longer_graders(draw)] == [cast.auditor]

    def test_it_takes_as_many_queries_for_ten_as_for_one(
        self, cast: Cast, audit: Audit, make_audit: Make, draw: Draw, as_user: AsUser
    ) -> None:
        client, counted = as_user(cast.analyst), []
        cast.riverside.deputy = cast.auditor
        cast.riverside.save()
        for number in (1, 10):
            while len(no_longer_graders(draw)) < number:
                make_audit()
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/quarters/{QUARTER}/allocation/")
            counted.append(len(queries))
        assert counted[0] == counted[1]


class TestRegister:
    @pytest.fixture
    def many(self, cast: Cast) -> list[DeclaredConflict]:
        """Thirty of two people, one of them ended, one registered by the analyst."""
        for number in range(15):
            open_case(child_id=f"K-{number:02}")
            declared(cast.auditor, f"K-{number:02}")
        found = [declared(cast.moderator, f"N-{number:02}") for number in range(14)]
        ended(found[0], cast.lead)
        register_conflict(
            user=cast.moderator, child_id="k-00", reason=WHY, by=cast.analyst, now=LATER
        )
        return list(DeclaredConflict.objects.all())

    @pytest.mark.parametrize("who", ["analyst", "lead"])
    def test_all_are_listed_by_person(
        self, cast: Cast, as_user: AsUser, many: list[DeclaredConflict], who: str
    ) -> None:
        client = as_user(getattr(cast, who))
        first, second = (client.get(ALL, {"page": page}) for page in (1, 2))
        shown = [*first.context["page"], *second.context["page"]]
        assert {one.pk for one in shown} == {one.pk for one in many}
        assert len(shown) == 30
        names = [one.user.name for one in shown]
        assert names == sorted(names)
        page = text_of(first) + text_of(second)
        assert page.count("In no list yet: check the id") == 13  # not the ended one
        assert "In no list yet" in text_of(client.get(ALL, {"text": "derator"}))
        assert "In no list yet" not in text_of(client.get(ALL, {"text": "audrey"}))
        assert "Registered by Ana Lyst" in text_of(client.get(ALL, {"sort": "-declared"}))
        assert "Given as k-00" in text_of(client.get(ALL, {"sort": "-declared"}))

    @pytest.mark.parametrize(
        ("sort", "key"),
        [
            ("person", lambda one: one.user.name),
            ("child", lambda one: one.child.local_id),
            ("declared", lambda one: one.declared_at),
        ],
    )
    def test_it_is_sorted_by_its_headings(
        self, cast: Cast, as_user: AsUser, many: list[DeclaredConflict], sort: str, key: Any
    ) -> None:
        client = as_user(cast.analyst)
        up = [key(one) for one in client.get(ALL, {"sort": sort}).context["page"]]
        down = [key(one) for one in client.get(ALL, {"sort": f"-{sort}"}).context["page"]]
        assert up == sorted(up)
        assert down == sorted(down, reverse=True)
        assert up[0] != down[0]

    def test_it_is_filtered_and_downloaded_without_reasons(
        self, cast: Cast, as_user: AsUser, many: list[DeclaredConflict]
    ) -> None:
        client = as_user(cast.analyst)
        page = client.get(ALL, {"state": "ended"})
        assert [one.ended_by for one in page.context["page"]] == [cast.lead]
        assert "Another child’s id." in text_of(page)
        answer = client.get(page.context["download_url"])
        (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert row["name"] == "Mo Derator"
        assert (row["child id"], row["ended by"]) == ("N-00", "Quentin Lead")
        assert len(client.get("/conflicts/conflicts.csv").content.splitlines()) == 31
        assert WHY not in client.get("/conflicts/conflicts.csv").content.decode()
        assert AccessRecord.objects.filter(what="conflicts", kind="downloaded").count() == 3
        assert AccessRecord.objects.filter(what="conflicts", kind="read").count() == 1

    @pytest.mark.parametrize(("path", "who"), [(ALL, "analyst"), (YOURS, "auditor")])
    def test_lists_take_as_many_queries_for_thirty_as_for_one(
        self, cast: Cast, as_user: AsUser, path: str, who: str
    ) -> None:
        client, counted = as_user(getattr(cast, who)), []
        for number in (1, 30):
            for each in range(number):
                conflict = declared(cast.auditor, f"Q-{number}-{each}")
                conflict.registered_by = person(f"P {number} {each}", Role.PERFORMANCE_ANALYST)
                conflict.save()
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counted.append(len(queries))
        assert counted[0] == counted[1]

    def test_an_id_that_is_not_known_is_refused_at_its_field(
        self, cast: Cast, as_user: AsUser
    ) -> None:
        said = {"user": cast.auditor.pk, "child_id": "42-7", "reason": WHY}
        page = as_user(cast.analyst).post(REGISTER, said)
        assert page.context["form"].errors == {
            "child_id": ["No child with this id is known here. Check the id."]
        }
        assert WHY in text_of(page)
        assert not Child.objects.filter(local_id="42-7").exists()

    def test_only_those_who_grade_are_offered(self, cast: Cast, as_user: AsUser) -> None:
        open_case(child_id="7")
        client = as_user(cast.lead)
        page = text_of(client.get(REGISTER))
        for name in ("Audrey Tor", "Mo Derator", "Val Dator"):
            assert name in page
        assert "Mandy Ager" not in page
        refused = client.post(REGISTER, {"user": cast.manager.pk, "child_id": "7", "reason": WHY})
        assert set(refused.context["form"].errors) == {"user"}
        with pytest.raises(Refused, match="grades no files"):
            register_conflict(user=cast.manager, child_id="7", reason=WHY, by=cast.lead, now=NOW)

    def test_graders_register_for_nobody_else_and_end_nothing(self, cast: Cast) -> None:
        open_case(child_id="7")
        conflict = declared(cast.auditor, "7")
        for somebody in (cast.auditor, cast.moderator, cast.director, cast.administrator):
            with pytest.raises(PermissionDenied):
                register_conflict(
                    user=cast.other_auditor, child_id="7", reason=WHY, by=somebody, now=NOW
                )
            with pytest.raises(PermissionDenied):
                ended(conflict, somebody)


class TestEnding:
    def test_a_mistake_is_ended_with_a_reason_and_stays_on_record(
        self, cast: Cast, as_user: AsUser
    ) -> None:
        conflict = declared(cast.auditor, "7")
        client = as_user(cast.analyst)
        path = f"/conflicts/{conflict.pk}/end/"
        assert WHY in text_of(client.get(path))
        empty = client.post(path, {"reason": " "})
        assert empty.context["form"].errors == {"reason": ["Write why it is ended"]}
        said = {"reason": "Mistyped: 8 was meant."}
        assert "is ended" in text_of(client.post(path, said, follow=True))
        conflict.refresh_from_db()
        assert (conflict.ended_by, conflict.end_reason) == (cast.analyst, "Mistyped: 8 was meant.")
        own = text_of(as_user(cast.auditor).get(YOURS))
        assert 'by Ana Lyst: <span dir="auto">Mistyped: 8 was meant.</span>' in own
        events = apps.get_model("cases", "DeclaredConflictEvent").objects.order_by("pgh_id")
        assert [one.ended_by_id for one in events.filter(pgh_obj=conflict)] == [
            None,
            cast.analyst.pk,
        ]
        for again in (client.get(path), client.post(path, said)):
            assert again.status_code == 409
        with pytest.raises(MovedOn):
            ended(conflict, cast.lead)

    def test_nobody_ends_their_own(self, cast: Cast, as_user: AsUser) -> None:
        both = person("Bo Th", Role.PERFORMANCE_ANALYST, Role.AUDITOR)
        conflict = declared(both, "7")
        page = as_user(both).post(f"/conflicts/{conflict.pk}/end/", {"reason": "Not so close."})
        assert "Somebody else must end a conflict of yours." in text_of(page)
        assert conflicts_in_force().exists()
        ended(conflict, cast.lead)
        open_case(child_id="8")
        own = register_conflict(user=both, child_id="8", reason=WHY, by=both, now=NOW).conflict
        assert own.registered_by is None

    def test_the_database_wants_who_when_and_why_together(self, cast: Cast) -> None:
        conflict = declared(cast.auditor, "7")
        for facts in ({"ended_at": NOW}, {"ended_by": cast.lead}, {"end_reason": "x"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                DeclaredConflict.objects.filter(pk=conflict.pk).update(**facts)


def test_the_menu_leads_to_the_lists(cast: Cast, as_user: AsUser) -> None:
    for user, there, missing in (
        (cast.auditor, YOURS, f'"{ALL}"'),
        (cast.validator, YOURS, f'"{ALL}"'),
        (cast.analyst, ALL, YOURS),
        (cast.lead, ALL, YOURS),
        (cast.manager, "/audits/", "/conflicts/"),
    ):
        page = text_of(as_user(user).get("/help/"))
        assert f'href="{there}"' in page
        assert missing not in page
