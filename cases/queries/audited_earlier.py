"""Children whose files were audited before this product was in use."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from accounts.rules.table_file import read_table
from cases.importers.audited_earlier import REQUIRED, AuditedEarlierPlan, plan_audited_earlier
from cases.importers.cells import clean_id
from cases.models import Child
from cases.queries.other_ids import own_ids


def already_audited(child: str = "") -> Q:
    """`Child.already_audited` in SQL; ``child`` is the path to the child, with its underscores."""
    here = ~Q(**{f"{child}audit_reference": ""})
    return here | Q(**{f"{child}audited_before_on__isnull": False})


def plan_for_audited_earlier(text: str, today: date) -> AuditedEarlierPlan:
    """What a list of children audited earlier would change today."""
    table = read_table(text, required=REQUIRED)
    named = {clean_id(line["child_id"]) for line in table.lines}
    own = own_ids(named)
    children = Child.objects.filter(local_id__in=named | set(own.values()))
    known = dict(children.values_list("local_id", "audited_before_on"))
    return plan_audited_earlier(table, known, today, own)


def audited_earlier_count() -> int:
    """How many children are registered as audited before this product."""
    return Child.objects.filter(audited_before_on__isnull=False).count()
