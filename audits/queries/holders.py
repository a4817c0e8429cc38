"""Who holds a case now, which may be somebody else than when its audit was given out."""

from __future__ import annotations

from audits.models import Audit
from cases.models import Case, Practitioner


def present_holder(audit: Audit) -> Practitioner | None:
    """The practitioner of the child's open case; of the audit where there is none. One query."""
    is_open = Case.objects.filter(child=audit.child_id, closed_on=None, practitioner__isnull=False)
    case = is_open.select_related("practitioner__user").first()
    return case.practitioner if case is not None else audit.practitioner
