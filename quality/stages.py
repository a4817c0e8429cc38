"""What a quarter's page shows of its moderations."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit
from audits.queries.audit_list import STANDS
from audits.queries.visibility import SUBMITTED
from audits.stages import sample_audits
from cases.models import AuditQuarter
from cases.stages import Stage, register_stages
from quality.models import Moderation

Status = Moderation.Status


@register_stages
def stages(quarter: AuditQuarter, user: User) -> list[Stage]:
    """How many of the moderations that submitted audits of the sample need are decided."""
    found = sample_audits(quarter).aggregate(
        needed=Count("moderation", filter=Q(status__in=SUBMITTED)),
        decided=Count(
            "moderation", filter=Q(status__in=SUBMITTED, moderation__status=Status.DECIDED)
        ),
    )
    url = ""
    lists = may(user, Permission.MODERATE, Permission.ASSIGN_MODERATOR)
    if lists and may(user, Permission.SEE_ALL_AUDITS):
        # Where the quarter was drawn again, audits of an earlier draw were moderated too.
        filters = {
            "quarter": quarter.label,
            "kind": Audit.Kind.SAMPLE,
            "status": Status.DECIDED,
            "draw": STANDS,
        }
        url = f"{reverse('quality:moderation_list')}?{urlencode(filters)}"
    return [Stage("Moderated", 20, found["decided"], url, of=found["needed"])]
