"""Drawing the quarter's sample from its frozen frame."""

from __future__ import annotations

import secrets
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from operator import itemgetter
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from cases.models import (
    Allocation,
    AuditQuarter,
    Child,
    Draw,
    FrameEntry,
    Job,
    SampledCase,
    SamplingFrame,
    SeedEntered,
    Theme,
)
from cases.operations.allocation import lapse_requests
from cases.operations.bulk import copy_lines, escaped, uncollected
from cases.operations.chances import request_chances
from cases.operations.frame import lock_quarter, next_number, theme_of
from cases.operations.jobs import Progress, handles, live_job, queue_job
from cases.queries.calendar import local_date
from cases.queries.frame import entry_ids, frame_of_rules, live_draw, live_frame
from cases.queries.quarters import children_in_samples, still_running
from cases.rules.frame import Frame
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter
from cases.rules.rates import checked_rate, show_rate
from cases.rules.sampling import (
    MADE_HERE,
    RESERVE,
    SELECTED,
    DrawResult,
    clean_seed,
    clean_typed_seed,
    draw,
)
from cases.signals import case_left_sample, case_passed_on

WITH_AUDIT = (SampledCase.Status.ALLOCATED, SampledCase.Status.AUDITED)

_STORED = (
    "draw_id", "entry_id", "stratum", "role", "rank", "ticket", "pass_number", "status", "note",
)  # fmt: skip
_STATUS = {SELECTED: SampledCase.Status.DRAWN, RESERVE: SampledCase.Status.IN_RESERVE}


@operation
def note_seed(*, seed: str, by: User, now: datetime) -> None:
    """Remember a seed that was entered and not drawn with, so that no later frame is drawn by it.

    Nothing is remembered of what can be no seed.
    """
    require(by, Permission.DRAW_SAMPLE)
    with suppress(ValueError):
        SeedEntered.objects.create(seed=clean_typed_seed(seed), entered_at=now, entered_by=by)


@operation
def request_draw(
    *,
    quarter: Quarter,
    theme: Theme | None = None,
    frame_id: int,
    stands: int | None = None,
    seed: str = "",
    generate: bool = False,
    witnesses: str = "",
    reason: str = "",
    rate: Fraction | None = None,
    page: str = "",
    by: User,
    now: datetime,
) -> Job:
    """Ask a worker to draw from the frame that was seen before the seed was made.

    A ``seed`` that somebody types was seen made by ``witnesses``; one can be made here instead
    (``generate``). ``stands``: the draw that whoever asks has seen, and gives the reason for;
    MovedOn where another one has taken its place. Refuses at once what would be refused later.
    """
    require(by, Permission.DRAW_SAMPLE)
    audit_quarter = lock_quarter(quarter)
    subject = theme.subject if theme else quarter.label
    if live_job(subject, Job.Kind.FREEZE_FRAME):
        raise MovedOn(f"The frame of {theme or quarter} is being frozen again. Draw from that one.")
    frame = _frame_to_draw_from(audit_quarter, theme, frame_id)
    earlier = _check_again(audit_quarter, theme, reason)
    if earlier is not None and stands not in (None, earlier.pk):
        raise MovedOn(
            f"Draw {earlier.reference} was made by {earlier.drawn_by} after you opened the page. To"
            " draw again, look at it first."
        )
    _check_still_free(frame, now)
    _policy(frame, rate)
    if not generate and not is_written(witnesses):
        raise Refused("Say who saw the seed made, or have one made here.")
    made = Draw.SeedMade.GENERATED if generate else Draw.SeedMade.TYPED
    chosen = f"{MADE_HERE}{secrets.token_hex(16)}" if generate else _seed(seed, made)
    _check_made_after(frame, chosen)
    arguments = {
        "quarter": quarter.label,
        "theme": theme.pk if theme else None,
        "frame": frame.pk,
        "seed": chosen,
        "seed_made": made.value,
        "witnesses": witnesses,
        "reason": reason,
        "rate": str(rate) if rate is not None else "",
    }
    return queue_job(
        kind=Job.Kind.DRAW_SAMPLE,
        subject=subject,
        arguments=arguments,
        page=page,
        by=by,
        now=now,
    )


@handles(Job.Kind.DRAW_SAMPLE)
def draw_by_job(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job that `request_draw` asked for."""
    given = job.arguments
    made = draw_sample(
        quarter=Quarter.parse(given["quarter"]),
        theme=theme_of(given),
        frame_id=given.get("frame", 0),  # none is named by what was asked for in older versions
        seed=given["seed"],
        seed_made=Draw.SeedMade(given.get("seed_made", Draw.SeedMade.UNWITNESSED)),
        witnesses=given["witnesses"],
        reason=given["reason"],
        rate=Fraction(given["rate"]) if given["rate"] else None,
        by=job.requested_by,
        now=timezone.now(),
        progress=progress,
    )
    request_chances(draw=made, by=job.requested_by, now=timezone.now())
    return {"draw": made.reference, "sha256": made.result_sha256}


@operation
@uncollected()
def draw_sample(
    *,
    quarter: Quarter,
    theme: Theme | None = None,
    frame_id: int | None = None,
    seed: str,
    seed_made: Draw.SeedMade | None = None,
    witnesses: str = "",
    reason: str = "",
    rate: Fraction | None = None,
    seed_committed: bool = True,
    by: User,
    now: datetime,
    progress: Progress | None = None,
) -> Draw:
    """Draw ``quarter``'s sample, or a ``theme``'s cases, with ``seed`` from its frozen frame.

    One live draw for each quarter and theme: a second needs ``reason`` and supersedes the first.
    What was begun of a child that is selected again goes on; of others, submitted audits stay and
    the rest is withdrawn. ``rate`` overrides the policy's; of the quarter's sample it can only be
    higher.

    ``frame_id``: the frame that was seen before the seed was made; MovedOn where it is not the live
    one. ``seed_committed`` is False where the seed was known before the frame was frozen.
    ``seed_made``: before ``witnesses`` where it is not said, or seen by nobody where there are
    none. Raises Refused or MovedOn.
    """
    require(by, Permission.DRAW_SAMPLE)
    progress = progress or Progress()
    audit_quarter = lock_quarter(quarter)
    frame = _frame_to_draw_from(audit_quarter, theme, frame_id)
    earlier = _check_again(audit_quarter, theme, reason)
    _check_still_free(frame, now)
    policy = _policy(frame, rate)
    seen = Draw.SeedMade.TYPED if witnesses.strip() else Draw.SeedMade.UNWITNESSED
    made_how = seed_made or seen
    chosen = _seed(seed, made_how)
    if seed_committed:
        _check_made_after(frame, chosen)
    progress(10, "Reading the frame")
    ids = entry_ids(frame)
    rules_frame = _published(frame, ids)
    progress(40, "Drawing")
    result = draw(rules_frame, chosen, policy)
    left = _supersede(earlier, by, now) if earlier else []
    progress(70, "Storing the draw")
    made = Draw.objects.create(
        quarter=audit_quarter,
        frame=frame,
        theme=theme,
        number=next_number(audit_quarter.draws, theme),
        seed=result.seed,
        seed_made=made_how,
        seed_witnesses=witnesses.strip(),
        seed_committed=seed_committed,
        policy=policy.as_dict(),
        result_sha256=result.sha256,
        strata=result.strata_as_dict(),
        reason=reason.strip() if earlier else "",
        drawn_at=now,
        drawn_by=by,
    )
    _store(made, rules_frame, ids, result)
    _settle(left, made, by, now)
    return made


def _frame_to_draw_from(
    quarter: AuditQuarter, theme: Theme | None, frame_id: int | None
) -> SamplingFrame:
    frame = live_frame(quarter, theme)
    if frame is None:
        raise Refused(
            f"Freeze the sampling frame of {theme or quarter} first: there is nothing to draw from."
        )
    if frame_id not in (None, frame.pk):
        raise MovedOn(
            f"Frame {frame.number} of {theme or quarter} was frozen after this seed was entered. A "
            "seed that was known before the list was fixed proves nothing: make another."
        )
    return frame


def _check_still_free(frame: SamplingFrame, now: datetime) -> None:
    """Refuse a frame of a quarter's sample that would let children be drawn who came into the
    sample of another running quarter since it was frozen: the freeze leaves them out."""
    label, today = frame.quarter.label, local_date(now)
    if frame.theme_id is not None or not still_running(label, today):
        return
    elsewhere = children_in_samples(label, today)
    entries = FrameEntry.objects.of(frame).filter(not_eligible="", child__in=elsewhere)
    if number := entries.count():
        children = "1 child" if number == 1 else f"{number:,} children"
        came = "has" if number == 1 else "have"
        raise Refused(
            f"Since this frame was frozen, {children} of it {came} come into the sample of another "
            "quarter that is under way. Freeze the frame again, and draw from that one."
        )


def _check_made_after(frame: SamplingFrame, seed: str) -> None:
    """Refuse a seed that was known before this frame was frozen, be it of another quarter or theme:
    a list could have been made to suit it. And one whose result is known: nobody goes back to a
    sample that they have seen."""
    drawn = Draw.objects.filter(seed=seed).select_related("quarter").order_by("number")
    if earlier := drawn.filter(quarter=frame.quarter_id, theme=frame.theme_id).first():
        raise Refused(
            f"Draw {earlier.number} was made with this seed, so its result is known. Make another."
        )
    if known := drawn.filter(drawn_at__lt=frame.frozen_at).first():
        raise Refused(
            f"Draw {known.reference} was made with this seed before the frame was frozen, so it was"
            " known and proves nothing. Make another."
        )
    asked = Job.objects.filter(
        kind=Job.Kind.DRAW_SAMPLE, arguments__seed=seed, requested_at__lt=frame.frozen_at
    )
    entered = SeedEntered.objects.filter(seed=seed, entered_at__lt=frame.frozen_at)
    if asked.exists() or entered.exists():
        raise Refused(
            "This seed was entered before the frame was frozen, so it proves nothing. Make another."
        )


def _published(frame: SamplingFrame, ids: Sequence[int]) -> Frame:
    """The frame as it is stored, which must be the one whose hash was published.

    And nothing else may claim to be of it: an entry that was added by hand, outside of its range.
    """
    try:
        stored = frame_of_rules(frame, ids)
    except ValueError:  # no longer anything that could have been frozen
        stored = None
    added = frame.entries.exclude(pk__range=(ids[0], ids[-1]))
    if added.count() or stored is None or stored.sha256 != frame.sha256:
        raise Refused("The stored frame is not the one whose hash was published. Do not draw.")
    return stored


def _check_again(quarter: AuditQuarter, theme: Theme | None, reason: str) -> Draw | None:
    """The draw that a second one would supersede; None where there is none."""
    earlier = live_draw(quarter, theme)
    if earlier is None:
        return None
    if not is_written(reason):
        raise MovedOn(
            f"The sample of {theme or quarter} was already drawn by {earlier.drawn_by} with the "
            f"seed “{earlier.seed}”. To draw it again, say why."
        )
    waits = SampledCase.objects.filter(
        draw__quarter=quarter,
        draw__theme=theme,
        status=SampledCase.Status.DRAWN,
        allocations__isnull=False,
    )
    if waits.exclude(entry__child__audit_reference="").exists():
        raise Refused(
            "An audit of this sample was submitted once and waits for another auditor. Give it to "
            "one before you draw again."
        )
    return earlier


def _supersede(earlier: Draw, by: User, now: datetime) -> list[SampledCase]:
    """End a draw; its cases that were not settled otherwise, locked: no audit begins any more.

    With those that draws before it left audited: they too may be selected again.
    """
    earlier.status = Draw.Status.SUPERSEDED
    earlier.superseded_at, earlier.superseded_by = now, by
    earlier.save(update_fields=["status", "superseded_at", "superseded_by"])
    cases = SampledCase.objects.select_for_update(of=("self",)).select_related("entry")
    of_these = cases.filter(draw__quarter=earlier.quarter, draw__theme=earlier.theme_id)
    return list(of_these.filter(status__in=(*SampledCase.STILL_OPEN, SampledCase.Status.AUDITED)))


def _settle(left: list[SampledCase], made: Draw, by: User, now: datetime) -> None:
    """What becomes of the cases of a superseded draw, and of what was begun of them."""
    note = f"Drawn again: {made.reason}"[:500]
    passed = _passed_on(left, made, by, now)
    ended = [
        case for case in left if case.pk not in passed and case.status != SampledCase.Status.AUDITED
    ]
    for case in ended:
        if case.status != SampledCase.Status.IN_RESERVE:
            case_left_sample.send(
                sender=SampledCase, sampled_case=case, reason=note, by=by, now=now
            )
            case.allocations.filter(ended_at__isnull=True).update(
                ended_at=now, ended_by=by, end_reason=note
            )
    SampledCase.objects.filter(pk__in=[case.pk for case in ended]).update(
        status=SampledCase.Status.CANCELLED, note=note
    )
    lapse_requests(left, note, by, now)


def _passed_on(left: list[SampledCase], made: Draw, by: User, now: datetime) -> set[int]:
    """Let what was begun of a child go on where the child is selected again; the cases it left."""
    with_audit = {case.entry.child_id: case for case in left if case.status in WITH_AUDIT}
    begun = Child.objects.filter(pk__in=with_audit).exclude(audit_reference="")
    again = made.cases.select_related("entry").filter(role=SELECTED, entry__child__in=begun)
    passed = set()
    for to in again:
        case = with_audit[to.entry.child_id]
        _pass_on(case, to, made, by, now)
        passed.add(case.pk)
    return passed


def _pass_on(case: SampledCase, to: SampledCase, made: Draw, by: User, now: datetime) -> None:
    note = f"Selected again, and goes on in draw {made.reference}"
    live = case.allocations.filter(ended_at__isnull=True).first()
    if live is not None:
        Allocation.objects.filter(pk=live.pk).update(ended_at=now, ended_by=by, end_reason=note)
        live.pk, live.sampled_case = None, to
        live.save(force_insert=True)
    to.status = case.status
    to.judged_known, to.practitioner_judged = case.judged_known, case.practitioner_judged
    to.save(update_fields=["status", "judged_known", "practitioner_judged"])
    case_passed_on.send(sender=SampledCase, sampled_case=case, to=to, by=by, now=now)
    case.status, case.note = SampledCase.Status.CANCELLED, note
    case.save(update_fields=["status", "note"])


def _store(made: Draw, frame: Frame, ids: Sequence[int], result: DrawResult) -> None:
    """The cases drawn, as rows; ``ids`` are those of the entries of the frame's cases."""
    key = itemgetter(0)
    # By key, in which order the frame has its cases and the index of entries then grows at its end.
    in_order = sorted(result.drawn, key=key)
    copy_lines(
        SampledCase._meta.db_table,
        _STORED,
        (
            f"{made.pk}\t{ids[bisect_left(frame.cases, d.key, key=key)]}\t{escaped(d.stratum)}"
            f"\t{d.role}\t{d.rank}\t{d.ticket}\t{d.pass_number}\t{_STATUS[d.role].value}\t\n"
            for d in in_order
        ),
    )


def _seed(text: str, made: Draw.SeedMade) -> str:
    clean = clean_seed if made == Draw.SeedMade.GENERATED else clean_typed_seed
    try:
        return clean(text)
    except ValueError as error:
        raise Refused(str(error)) from error


def _policy(frame: SamplingFrame, rate: Fraction | None) -> CasePolicy:
    """What the frame was frozen with; at another rate, which no sample may have lowered.

    A theme's rate is what its cases are worth, and is in no headline figure.
    """
    policy = CasePolicy.from_dict(frame.policy)
    if rate is None:
        return policy
    try:
        checked_rate(rate)
    except ValueError as error:
        raise Refused(str(error)) from error
    if frame.theme_id is None and rate < policy.rate:
        raise Refused(
            f"The frame was frozen with a sampling rate of {show_rate(policy.rate)}. The rate can "
            "be higher, not lower."
        )
    return replace(policy, rate=rate)
