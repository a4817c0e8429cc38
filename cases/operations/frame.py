"""Freezing the quarter's sampling frame."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from cases.models import (
    AuditQuarter,
    Case,
    Draw,
    FrameEntry,
    Job,
    SampledCase,
    SamplingFrame,
)
from cases.operations.jobs import Progress, handles, queue_job
from cases.queries.calendar import local_date
from cases.queries.imports import imports_behind_open_cases
from cases.queries.policy import case_policy
from cases.rules.eligibility import CaseFacts, decide
from cases.rules.frame import Frame, FrameCase
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter

AT_ONCE = 2000


def opaque(kind: str, identity: str) -> str:
    """What stands for a child, practitioner or family outside: an HMAC under the council's secret.

    64 hexadecimal digits; ``kind`` keeps a child's key from ever being that of a practitioner.
    """
    message = f"{kind}\n{identity}".encode()
    return hmac.new(settings.CFA_DRAW_SECRET.encode(), message, hashlib.sha256).hexdigest()


@operation
def request_freeze(
    *, quarter: Quarter, reason: str = "", page: str = "", by: User, now: datetime
) -> Job:
    """Ask a worker to freeze the frame. Refuses at once what would be refused later."""
    require(by, Permission.FREEZE_FRAME)
    _check_open_cases()
    _check_frame(lock_quarter(quarter), reason)
    return queue_job(
        kind=Job.Kind.FREEZE_FRAME,
        subject=quarter.label,
        arguments={"quarter": quarter.label, "reason": reason},
        page=page,
        by=by,
        now=now,
    )


@handles(Job.Kind.FREEZE_FRAME)
def freeze_by_job(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job that `request_freeze` asked for."""
    frame = freeze_frame(
        quarter=Quarter.parse(job.arguments["quarter"]),
        reason=job.arguments["reason"],
        by=job.requested_by,
        now=timezone.now(),
        progress=progress,
    )
    return {"quarter": frame.quarter.label, "sha256": frame.sha256}


@operation
def freeze_frame(
    *,
    quarter: Quarter,
    reason: str = "",
    by: User,
    now: datetime,
    progress: Progress | None = None,
) -> SamplingFrame:
    """Write down every open case as it is now, with its stratum and whether it can be drawn.

    One live frame for each quarter: a second needs ``reason`` and supersedes the first, which is
    refused once it has been drawn from. Raises Refused where there is no open case.
    """
    require(by, Permission.FREEZE_FRAME)
    progress = progress or Progress()
    audit_quarter = lock_quarter(quarter)
    policy = case_policy(audit_quarter)
    live = _check_frame(audit_quarter, reason)
    _check_open_cases()
    progress(5, "Reading the open cases")
    frozen_on = local_date(now)
    entries = list(_entries(frozen_on, policy))
    rested = _rested(quarter.previous())
    if live is not None:
        live.status = SamplingFrame.Status.SUPERSEDED
        live.superseded_at, live.superseded_by, live.supersede_reason = now, by, reason.strip()
        live.save()
    progress(50, "Computing the frame's hash")
    frame = SamplingFrame.objects.create(
        quarter=audit_quarter,
        number=(audit_quarter.frames.aggregate(last=Max("number"))["last"] or 0) + 1,
        frozen_at=now,
        frozen_by=by,
        frozen_on=frozen_on,
        policy=policy.as_dict(),
        sha256=_rules_frame(quarter, frozen_on, entries, rested).sha256,
        rested_practitioners=sorted(rested),
    )
    progress(60, "Storing the frame")
    for entry in entries:
        entry.frame = frame
    FrameEntry.objects.bulk_create(entries, batch_size=AT_ONCE)
    frame.imports.set(imports_behind_open_cases())
    return frame


def lock_quarter(quarter: Quarter) -> AuditQuarter:
    """The quarter's row, made where there is none: what everything of a quarter is locked by."""
    AuditQuarter.objects.get_or_create(
        label=quarter.label, defaults={"starts_on": quarter.starts, "ends_on": quarter.ends}
    )
    return AuditQuarter.objects.select_for_update().get(label=quarter.label)


def _check_open_cases() -> None:
    if not Case.objects.filter(closed_on__isnull=True).exists():
        raise Refused("There is no open case to freeze. Import a list of open cases first.")


def _check_frame(quarter: AuditQuarter, reason: str) -> SamplingFrame | None:
    """The quarter's live frame, which is about to be superseded; None where there is none."""
    live: SamplingFrame | None = quarter.frames.filter(status=SamplingFrame.Status.FROZEN).first()
    if live is None:
        return None
    if not reason.strip():
        raise MovedOn(
            f"The frame of {quarter} was already frozen on {live.frozen_on:%d/%m/%Y} by "
            f"{live.frozen_by}. To freeze it again, say why."
        )
    if Draw.objects.filter(frame__quarter=quarter, status=Draw.Status.DRAWN).exists():
        raise Refused("The sample has been drawn from this frame, so the frame stays as it is.")
    return live


def _entries(frozen_on: date, policy: CasePolicy) -> Iterator[FrameEntry]:
    cases = Case.objects.filter(closed_on__isnull=True).select_related(
        "child", "service", "team", "practitioner"
    )
    caseload = Counter(cases.values_list("practitioner_id", flat=True))
    for case in cases.iterator(chunk_size=AT_ONCE):
        verdict = decide(_case_facts(case), frozen_on, policy)
        practitioner = case.practitioner_id
        yield FrameEntry(
            key=opaque("child", case.child.local_id),
            child=case.child,
            case=case,
            stratum=case.service.name,
            service=case.service,
            team=case.team,
            practitioner=case.practitioner,
            practitioner_key=opaque("practitioner", str(practitioner)) if practitioner else "",
            family_key=opaque("family", case.family_id) if case.family_id else "",
            not_eligible=verdict.code,
            facts=_facts(case, caseload[practitioner] if practitioner else None),
        )


def _case_facts(case: Case) -> CaseFacts:
    return CaseFacts(
        already_audited=case.child.already_audited,
        restricted=case.restricted,
        opened_on=case.opened_on,
        service=case.service.code,
        team=case.team.name if case.team else "",
        legal_status=case.legal_status,
        plan=case.plan,
    )


def _facts(case: Case, caseload: int | None) -> dict[str, Any]:
    facts = {
        "opened_on": case.opened_on and case.opened_on.isoformat(),
        "age_years": case.age_years,
        "gender": case.gender,
        "ethnicity": case.ethnicity,
        "disability": case.disability,
        "agency": case.practitioner.agency if case.practitioner else None,
        "transferred_in_on": case.transferred_in_on and case.transferred_in_on.isoformat(),
        "transferred_in_from": case.transferred_in_from,
        "legal_status": case.legal_status,
        "plan": case.plan,
        "practitioner_caseload": caseload,
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _rules_frame(
    quarter: Quarter, frozen_on: date, entries: Iterable[FrameEntry], rested: frozenset[str]
) -> Frame:
    return Frame(
        quarter=quarter,
        frozen_on=frozen_on,
        cases=tuple(
            FrameCase(e.key, e.stratum, e.not_eligible, e.practitioner_key, e.family_key)
            for e in entries
        ),
        rested=rested,
    )


def _rested(previous: Quarter) -> frozenset[str]:
    """Keys of the practitioners whose work was audited in the quarter before."""
    audited = SampledCase.objects.filter(
        draw__quarter__label=previous.label,
        status=SampledCase.Status.AUDITED,
        entry__practitioner__isnull=False,
    )
    return frozenset(audited.values_list("entry__practitioner_key", flat=True))
