"""The numbers of a quarter on the command line: shown, changed, checked."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from cases.models import AuditQuarter
from cases.operations.policy import change_policies
from cases.queries.policy import case_policy
from cases.rules.quarters import Quarter
from tests.cast import QUARTER, Cast

pytestmark = pytest.mark.django_db


def run(*changes: str, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("set_policy", QUARTER, *changes, json=True, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_without_a_change_it_shows_what_is_in_force_and_stores_nothing() -> None:
    shown = run()
    assert shown["cases"]["rate"] == "1/20"
    assert shown["quality"]["moderation_random_share"] == "1/5"
    assert not AuditQuarter.objects.exists()


def test_several_are_changed_and_the_rest_stays(cast: Cast) -> None:
    run("cases.strata_by=team", "cases.rate=3/50", "quality.moderation_working_days=7")
    shown = run("cases.rotation=false", by=cast.lead.email)
    assert shown["quality"]["moderation_working_days"] == 7
    policy = case_policy(AuditQuarter.objects.get())
    assert (policy.strata_by, policy.rotation, str(policy.rate)) == ("team", False, "3/50")
    last = apps.get_model("cases", "AuditQuarterEvent").objects.order_by("pgh_id").last()
    assert last.pgh_context.metadata["user"] == cast.lead.pk


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("cases.rate", "is not NAME=VALUE"),
        ("rate=1/20", "is not NAME=VALUE"),
        ("cases.rat=1/20", "Not in the sampling policy: rat"),
        ("cases.accreditation_needed=perhaps", "must be on or off"),
        ("quality.moderation_random_share=2", "must lie between 0 and 1"),
        ("audits.reply_working_days=0", "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused_whole(change: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("cases.strata_by=team", change)
    assert not AuditQuarter.objects.exists()


def test_an_analyst_may_not_change_them(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        change_policies(
            quarter=Quarter.parse(QUARTER),
            changes={"cases": {"rotation": False}},
            by=cast.analyst,
            now=timezone.now(),
        )
