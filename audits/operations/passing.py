"""An audit that goes on although its sample was drawn again: the child was selected once more.

Called by this app's receivers, inside the transaction of the draw.
"""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.operations import operation
from audits.models import Audit
from audits.operations.locking import lock_audit
from cases.models import SampledCase


@operation
def pass_audit_on(
    *, sampled_case: SampledCase, to: SampledCase, by: User, now: datetime
) -> Audit | None:
    """Let the audit of a case belong to the same child's case of the new draw, as it is."""
    found = sampled_case.audits.exclude(status=Audit.Status.WITHDRAWN).first()
    if found is None:
        return None
    audit = lock_audit(found)
    audit.sampled_case = to
    audit.save(update_fields=["sampled_case"])
    return audit
