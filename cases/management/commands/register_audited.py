"""Register children audited before this product: ``manage.py register_audited --help``."""

from __future__ import annotations

from django.utils import timezone

from accounts.rules.table_file import Plan
from cases.management.commands._table import TableCommand
from cases.operations.import_audited import register_audited_earlier
from cases.queries.audited_earlier import plan_for_audited_earlier
from cases.queries.calendar import local_date


def _plan(text: str) -> Plan:
    return plan_for_audited_earlier(text, local_date(timezone.now())).plan


class Command(TableCommand):
    help = (
        "Register children whose files were audited before this product was in use, from a CSV "
        "file with the columns child_id and audited_on. Frames count them as already audited. A "
        "line without a date takes a child off the register. Where a line is wrong, every wrong "
        "line is printed on standard error, the exit code is not 0 and nothing is changed."
    )
    plan = staticmethod(_plan)
    apply = staticmethod(register_audited_earlier)
