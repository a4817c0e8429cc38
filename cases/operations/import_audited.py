"""Registering children who were audited before this product was in use."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.operations import Refused, operation
from accounts.policy import Permission, require
from accounts.rules.table_file import Plan
from cases.models import Child
from cases.operations import import_sql
from cases.queries.audited_earlier import plan_for_audited_earlier
from cases.queries.calendar import local_date

PROBLEMS = "The file has problems. Nothing was changed."
OTHER_PLAN = "Something has changed since you looked. Check the changes again."
AT_ONCE = 1000


@operation
def register_audited_earlier(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Register the children of a CSV file (`child_id,audited_on`), all of them or none.

    ``digest`` is that of the plan that was shown. Raises Refused where the file has problems, or
    would now do something else than was shown. Ids that no list of open cases has named yet are
    registered too, so that the child counts as audited once one does.
    """
    require(by, Permission.IMPORT_CASES)
    import_sql.lock_confirming()  # lists of open cases make children as well
    planned = plan_for_audited_earlier(text, local_date(now))
    if planned.plan.problems:
        raise Refused(PROBLEMS)
    if planned.plan.digest != digest:
        raise Refused(OTHER_PLAN)
    wanted = planned.wanted
    here = list(Child.objects.select_for_update().filter(local_id__in=wanted))
    for child in here:
        child.audited_before_on = wanted[child.local_id]
    Child.objects.bulk_update(here, ["audited_before_on"], batch_size=AT_ONCE)
    new = wanted.keys() - {child.local_id for child in here}
    Child.objects.bulk_create(
        [Child(local_id=one, audited_before_on=wanted[one]) for one in sorted(new)],
        batch_size=AT_ONCE,
    )
    return planned.plan
