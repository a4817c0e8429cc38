"""Closing an audit: not a button, but what follows when nothing is missing any more."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.operations import operation
from accounts.policy import may
from audits.models import Audit
from audits.operations.locking import lock_audit
from audits.operations.submitting import MAY_CLOSE, close_audit
from quality.queries.closing import snapshot
from quality.rules.actions import missing_to_close


@operation
def close_when_complete(*, audit: Audit, by: User, now: datetime) -> bool:
    """Close the audit if its grade is decided and nothing is missing; whether it was closed.

    It is closed by whoever did the last thing, or by the system where their role does not close
    audits (an auditor who releases feedback).
    """
    audit = lock_audit(audit)
    if audit.status != Audit.Status.FINALISED or missing_to_close(snapshot(audit)):
        return False
    closer = by if may(by, *MAY_CLOSE) else User.objects.system()
    close_audit(audit=audit, by=closer, now=now)
    return True
