"""Reading: quarters, sampled cases and replacements, as the performance team's pages show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.policy import Permission, may
from cases.models import Allocation, AuditQuarter, Case, Draw, Replacement, SampledCase
from cases.models import SamplingFrame as Frame
from cases.queries.allocation import auditors_for, cases_to_grade, people_as_graders
from cases.queries.frame import sampled_cases
from cases.rules.allocation import AllocationResult, Auditor, allocate
from cases.rules.independence import NotIndependent, independence
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter

IN_SAMPLE = (
    SampledCase.Status.DRAWN,
    SampledCase.Status.ALLOCATED,
    SampledCase.Status.AUDITED,
)
# Audit.Status, of an app above this one. A case stays audited where its audit is reopened.
AUDIT_SUBMITTED = ("submitted", "finalised", "closed")
AUDITED_EARLIER = (
    "The child has been registered as audited earlier since, and no child is audited twice. Ask for"
    " a replacement."
)
AUDIT_WITH_AUDITOR = ("allocated", "in_progress")
# Those who look after the whole sample; a Head of Service sees the cases of their own services.
SEE_ALL_CASES = (
    Permission.ALLOCATE_AUDITS,
    Permission.APPROVE_REPLACEMENT,
    Permission.SEE_AUDIT_PROGRESS,
)


def offered_quarters(today: date) -> list[Quarter]:
    """Every quarter begun here, the current one and the next; newest first."""
    current = Quarter.containing(today)
    following = Quarter.containing(current.ends + timedelta(days=1))
    begun = map(Quarter.parse, AuditQuarter.objects.values_list("label", flat=True))
    return sorted({current, following, *begun}, reverse=True)


def still_running(besides: str, on: date) -> list[AuditQuarter]:
    """The quarters with a sample that have not ended ``on`` a day, ``besides`` that of a label.

    One that has not begun runs too: its sample can be drawn before.
    """
    drawn = _not_ended(besides, on).filter(draws__status=Draw.Status.DRAWN, draws__theme=None)
    return list(drawn.order_by("starts_on").distinct())


def _not_ended(besides: str, on: date) -> QuerySet[AuditQuarter]:
    return AuditQuarter.objects.exclude(label=besides).filter(ends_on__gte=on)


def not_audited_by_stratum(draw: Draw) -> dict[str, int]:
    """How many cases left the sample of a live draw, and no reserve took the place, by stratum.

    They could not be audited when no reserve was left, or made room for the same child's case in
    another draw.
    """
    if draw.status != Draw.Status.DRAWN:
        return {}
    joined = Q(role=SampledCase.Role.SELECTED) | Q(replaces__isnull=False)
    made_room = Q(status=SampledCase.Status.CANCELLED) & joined
    lost = draw.cases.filter(Q(status=SampledCase.Status.NOT_AUDITABLE) | made_room).order_by()
    return dict(lost.values_list("stratum").annotate(number=Count("pk")))


def withdrawn_audit(case: SampledCase) -> str:
    """What became of an audit of a case that was begun and then withdrawn; "" without one."""
    begun = case.audits.filter(status="withdrawn", started_at__isnull=False)
    found = begun.order_by("-withdrawn_at").values_list("reference", flat=True).first()
    return f"{found}: begun, and withdrawn since" if found else ""


def children_in_samples(besides: str, on: date) -> QuerySet[SampledCase, Any]:
    """The children (by id) in the samples of other quarters that still run, reserves included.

    No frame of the quarter of that label lets them be drawn; that it says so itself in SQL, with
    what a theme adds, is `cases.operations.frame_rows`.
    """
    return SampledCase.objects.filter(
        draw__status=Draw.Status.DRAWN,
        draw__theme=None,
        draw__quarter__in=_not_ended(besides, on),
        status__in=SampledCase.STILL_OPEN,
    ).values("entry__child")


def listed_quarters() -> dict[str, AuditQuarter]:
    """The quarters by label, each with ``is_frozen``, ``draw_number`` (of the live sample, None
    without one), ``sample`` and ``submitted`` (cases): one query."""
    live = Q(draws__status=Draw.Status.DRAWN, draws__theme__isnull=True)
    found = AuditQuarter.objects.annotate(
        is_frozen=Exists(
            Frame.objects.filter(
                quarter=OuterRef("pk"), status=Frame.Status.FROZEN, theme=None
            ).order_by()
        ),
        draw_number=Max("draws__number", filter=live),
        sample=Count(
            "draws__cases",
            filter=live & Q(draws__cases__status__in=IN_SAMPLE),
            distinct=True,
        ),
        submitted=Count(
            "draws__cases",
            filter=live & Q(draws__cases__audits__status__in=AUDIT_SUBMITTED),
            distinct=True,
        ),
    )
    return {quarter.label: quarter for quarter in found}


def open_case_count() -> int:
    """How many cases are open now."""
    return Case.objects.filter(closed_on__isnull=True).count()


def draws_of(quarter: AuditQuarter) -> QuerySet[Draw]:
    """All samples drawn of a quarter, the superseded ones too; newest first."""
    return (
        quarter.draws.filter(theme=None)
        .select_related("drawn_by", "frame", "quarter")
        .order_by("-number")
    )


def sees_all_cases(user: User) -> bool:
    """Whether the lists behind a quarter's numbers hold for ``user`` what the numbers say."""
    return may(user, *SEE_ALL_CASES)


def sampled_cases_visible_to(user: User) -> QuerySet[SampledCase]:
    """The sampled cases that somebody may look at, in draw order."""
    cases = SampledCase.objects.select_related(
        "draw__quarter",
        "entry__child",
        "entry__team",
        "entry__practitioner",
        "entry__service",
        "replaced_by",
        "replaces",
    )
    if may(user, *SEE_ALL_CASES):
        return cases
    if not may(user, Permission.SEE_QUARTER):
        return cases.none()
    return cases.filter(Q(entry__service__head=user) | Q(entry__service__deputy=user))


def replacements_visible_to(user: User) -> QuerySet[Replacement]:
    """Replacements that somebody may read: those who ask for them and those who decide."""
    found = Replacement.objects.select_related(
        "sampled_case__draw__quarter",
        "sampled_case__entry__team",
        "sampled_case__entry__service",
        "sampled_case__replaced_by",
        "requested_by",
        "decided_by",
    )
    allowed = may(user, Permission.REQUEST_REPLACEMENT, Permission.APPROVE_REPLACEMENT)
    return found if allowed else found.none()


def replacement_counts(quarter: AuditQuarter) -> list[dict[str, Any]]:
    """Rows {reason, team, status, number} of the quarter's replacements: one query."""
    counted = (
        Replacement.objects.filter(
            sampled_case__draw__quarter=quarter, sampled_case__draw__theme=None
        )
        .values("reason", "sampled_case__entry__team", "sampled_case__entry__team__name")
        .annotate(
            number=Count("pk"),
            approved=Count("pk", filter=Q(status=Replacement.Status.APPROVED)),
            waiting=Count("pk", filter=Q(status=Replacement.Status.REQUESTED)),
        )
        .order_by("reason", "sampled_case__entry__team__name")
    )
    return [dict(row) for row in counted]


def waiting_cases(draw: Draw) -> QuerySet[SampledCase]:
    """The cases of a draw that have no auditor, in draw order; those that can have none too."""
    return sampled_cases(draw).filter(status=SampledCase.Status.DRAWN)


def waiting_of_earlier_draws(draw: Draw) -> QuerySet[SampledCase]:
    """The cases that draws before this one left audited, and that wait for another auditor now.

    Such an audit was submitted once, so it stays although its draw was superseded (decision 22).
    Each with its draw.
    """
    return (
        SampledCase.objects.filter(
            draw__quarter=draw.quarter_id,
            draw__theme=draw.theme_id,
            draw__status=Draw.Status.SUPERSEDED,
            status=SampledCase.Status.DRAWN,
        )
        .select_related("draw__quarter", "entry__team", "entry__practitioner")
        .order_by("draw__number", "stratum", "rank")
    )


def allocation_foreseen(
    draw: Draw, waiting: list[SampledCase], auditors: list[Auditor]
) -> AllocationResult:
    """What allocating now would give."""
    policy = CasePolicy.from_dict(draw.policy)
    return allocate(
        cases_to_grade(waiting),
        auditors,
        draw.seed,
        other_teams_independent=policy.other_teams_independent,
    )


@dataclass(frozen=True)
class NotAnyMore:
    """A case whose auditor cannot grade it any more: they have left, have come near it since, or
    declared a conflict; and why."""

    case: SampledCase
    auditor: User
    because: str


def no_longer_graders(draw: Draw) -> list[NotAnyMore]:
    """The cases of a draw whose auditors can neither begin nor submit them, in draw order.

    With those that earlier draws left audited and whose audit was reopened. Asked as when an audit
    begins: exemption and accreditation count at allocation alone. A fixed number of queries.
    """
    in_hand = (
        _in_hand(draw)
        .select_related(
            "auditor",
            "sampled_case__entry__service",
            "sampled_case__entry__child",
            "sampled_case__draw__quarter",
        )
        .prefetch_related("auditor__groups")
        .order_by("-sampled_case__draw__number", "sampled_case__stratum", "sampled_case__rank")
    )
    given = list(in_hand)
    cases = cases_to_grade(one.sampled_case for one in given)
    people = people_as_graders([one.auditor for one in given])
    found = []
    for one, case, person in zip(given, cases, people, strict=True):
        others = CasePolicy.from_dict(one.sampled_case.draw.policy).other_teams_independent
        answer = independence(replace(person, exempt=""), case, other_teams_independent=others)
        near = answer.because if isinstance(answer, NotIndependent) else ()
        because = [*_gone(one.auditor), *(reason.sentence for reason in near)]
        if one.sampled_case.entry.child.audited_earlier:
            because.append(AUDITED_EARLIER)
        if because:
            found.append(NotAnyMore(one.sampled_case, one.auditor, " ".join(because)))
    return found


def _in_hand(draw: Draw) -> QuerySet[Allocation]:
    """The allocations of a draw, and of those before it, with an audit still to be submitted."""
    live = Allocation.objects.filter(
        sampled_case__draw__quarter=draw.quarter_id,
        sampled_case__draw__theme=draw.theme_id,
        ended_at__isnull=True,
    )
    return live.exclude(sampled_case__audits__status__in=AUDIT_SUBMITTED)


def _gone(auditor: User) -> list[str]:
    if not auditor.is_active:
        return ["They are no longer active here."]
    return [] if may(auditor, Permission.GRADE) else ["They have no role that grades any more."]


def auditor_may_change(case: SampledCase) -> bool:
    """Whether a case can be given to an auditor, or to another one than it has.

    An audited one where its audit was reopened: it is graded again, and not always by the same
    person. One query there.
    """
    if case.status != SampledCase.Status.AUDITED:
        return case.status in SampledCase.TO_BE_AUDITED
    return case.audits.filter(status__in=AUDIT_WITH_AUDITOR).exists()


@dataclass(frozen=True)
class AuditorsOfCase:
    """Who may grade a case, most free first; the others, each with the reason; and what keeps
    everybody from it, in a sentence."""

    free: list[Auditor]
    others: list[tuple[Auditor, str]]
    missing: str = ""


def auditors_of_case(case: SampledCase, today: date) -> AuditorsOfCase:
    """Who may be given a case, and why not the others; nobody while something is missing."""
    (to_grade,) = cases_to_grade([case])
    if to_grade.missing:
        return AuditorsOfCase([], [], to_grade.missing)
    policy = CasePolicy.from_dict(case.draw.policy)
    free: list[Auditor] = []
    others: list[tuple[Auditor, str]] = []
    for auditor in auditors_for(case.draw, today):
        found = independence(
            auditor.person, to_grade, other_teams_independent=policy.other_teams_independent
        )
        if isinstance(found, NotIndependent):
            others.append((auditor, " ".join(reason.sentence for reason in found.because)))
        else:
            free.append(auditor)
    return AuditorsOfCase(sorted(free, key=lambda auditor: -auditor.free), others)


def names_of(auditors: list[Auditor]) -> dict[str, str]:
    """The auditors' names by id: one query."""
    ids = [int(auditor.person.id) for auditor in auditors]
    return {str(pk): user.name for pk, user in User.objects.in_bulk(ids).items()}
