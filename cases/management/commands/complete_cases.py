"""Complete open cases without team or practitioner: ``manage.py complete_cases --help``."""

from __future__ import annotations

from accounts.rules.table_file import Plan
from cases.management.commands._table import TableCommand
from cases.operations.import_gaps import complete_gaps
from cases.queries.gaps import plan_for_gaps


def _plan(text: str) -> Plan:
    return plan_for_gaps(text).plan


class Command(TableCommand):
    help = (
        "Give open cases the team and the practitioner they lack, from a CSV file with the columns "
        "child_id, team and practitioner. What a case has already is not changed. A line that "
        "cannot be used, or whose child has no open case, is left out and printed on standard "
        "error. Where the columns are wrong the exit code is not 0 and nothing is changed."
    )
    plan = staticmethod(_plan)
    apply = staticmethod(complete_gaps)
