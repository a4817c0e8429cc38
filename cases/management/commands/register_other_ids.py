"""Say which other ids children have: ``manage.py register_other_ids --help``."""

from __future__ import annotations

from accounts.rules.table_file import Plan
from cases.management.commands._table import TableCommand
from cases.operations.import_other_ids import register_other_ids
from cases.queries.other_ids import plan_for_other_ids


def _plan(text: str) -> Plan:
    return plan_for_other_ids(text).plan


class Command(TableCommand):
    help = (
        "Register other ids of children, as other systems give them, from a CSV file with the "
        "columns child_id and other_id. What a list says under another id is about the child from "
        "then on; two children who turn out to be one become one. Where a line is wrong, every "
        "wrong line is printed on standard error, the exit code is not 0 and nothing is changed."
    )
    plan = staticmethod(_plan)
    apply = staticmethod(register_other_ids)
