"""What a quarter's page shows of its audits: submitted, decided, closed, and what was left."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit
from audits.queries.audit_list import DECIDED_GROUP, HANDED_IN, STANDS
from audits.queries.visibility import DECIDED, SUBMITTED, audits_visible_to
from cases.models import AuditQuarter, Draw, Theme
from cases.queries.calendar import local_date
from cases.stages import Matter, Stage, register_matters, register_stages, register_theme_url

Status = Audit.Status


@register_stages
def stages(quarter: AuditQuarter, user: User) -> list[Stage]:
    """Submitted, decided and closed audits of the sample. A reopened one is not submitted."""
    found = sample_audits(quarter).aggregate(
        submitted=Count("pk", filter=Q(status__in=SUBMITTED)),
        decided=Count("pk", filter=Q(status__in=DECIDED)),
        closed=Count("pk", filter=Q(status=Status.CLOSED)),
    )

    def url(status: str) -> str:
        if not may(user, Permission.SEE_ALL_AUDITS, Permission.SEE_AUDIT_PROGRESS):
            return ""  # their list would hold fewer than this number
        # Where the quarter was drawn again, an earlier draw has audits too.
        return list_url(quarter=quarter.label, kind=Audit.Kind.SAMPLE, status=status, draw=STANDS)

    return [
        Stage("Submitted", 10, found["submitted"], url(HANDED_IN)),
        Stage("Finalised", 30, found["decided"], url(DECIDED_GROUP)),
        Stage("Closed", 40, found["closed"], url(Status.CLOSED)),
    ]


@register_matters
def matters(quarter: AuditQuarter, user: User) -> list[Matter]:
    """Audits that quarters which have ended left begun and not submitted."""
    today = local_date(timezone.now())
    up_to = AuditQuarter.objects.filter(ends_on__gte=today, starts_on__lt=quarter.starts_on)
    before = up_to.order_by("starts_on").first() or quarter
    left = audits_visible_to(user).filter(
        status=Status.IN_PROGRESS, quarter__starts_on__lt=before.starts_on
    )
    if not (number := left.count()):
        return []
    if number == 1:
        begun = "1 audit of earlier quarters was begun and not submitted. Its child is in no new"
        rest = "sample: have it submitted, or, unless it was submitted once, withdraw it."
    else:
        begun = f"{number:,} audits of earlier quarters were begun and not submitted. Their"
        rest = (
            "children are in no new sample: have each submitted, or, unless it was submitted once, "
            "withdraw it."
        )
    return [
        Matter(
            f"{begun} {rest}",
            list_url(status=Status.IN_PROGRESS, before=before.label),
            "List of audits left over",
        )
    ]


@register_theme_url
def theme_page(theme: Theme) -> str:
    """The page of a theme."""
    return reverse("audits:theme_detail", args=[theme.pk])


def sample_audits(quarter: AuditQuarter) -> QuerySet[Audit]:
    """The audits of a quarter's live sample, without those withdrawn."""
    return Audit.objects.filter(
        sampled_case__draw__quarter=quarter,
        sampled_case__draw__status=Draw.Status.DRAWN,
        sampled_case__draw__theme=None,
    ).exclude(status=Status.WITHDRAWN)


def list_url(**filters: str) -> str:
    """The list of audits, filtered."""
    return f"{reverse('audits:audit_list')}?{urlencode(filters)}"
