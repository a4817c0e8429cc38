"""What councils' files mean, as somebody decided in a preview."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from cases.importers.codes import plain, word_key
from cases.importers.columns import ColumnChoice
from cases.importers.rows import NO_CASE
from cases.models import CaseImport, ImportMeaning, Service

Kind = ImportMeaning.Kind


def services_by_name() -> dict[str, str]:
    """Names of services as `plain` makes them → code, or NO_CASE: the council's own names and
    codes, then what was decided. A decision for a service that is gone is left out."""
    services = dict(Service.objects.values_list("code", "name"))
    known = {plain(word): code for code, name in services.items() for word in (name, code)}
    decided = ImportMeaning.objects.filter(kind=Kind.SERVICE).values_list("key", "meaning")
    for key, meaning in decided:
        if meaning["service"] in services or meaning["service"] == NO_CASE:
            known.setdefault(key, meaning["service"])
    return known


def answers_that_hold(names: Iterable[str]) -> dict[str, str]:
    """Of these names of services, those that have a meaning by now: which, and whose, in words."""
    known = services_by_name()
    held = {said: key for said in names if (key := word_key(said)) in known}
    services = dict(service_choices())
    decided = meanings().filter(kind=Kind.SERVICE, key__in=held.values())
    who = {one.key: f" by {one.decided_by}" for one in decided}
    return {
        said: f"“{said}” was answered meanwhile{who.get(key, '')}: "
        f"{services.get(known[key], 'opens no case')}."
        for said, key in held.items()
    }


def columns_by_signature() -> dict[str, ColumnChoice]:
    """What was said of headings, the template's or others, by their signature. A decision for a
    service that is gone is left out."""
    services = set(Service.objects.values_list("code", flat=True))
    decided = ImportMeaning.objects.filter(kind=Kind.COLUMNS).values_list("key", "meaning")
    return {
        key: ColumnChoice(one["columns"], one["service"])
        for key, one in decided
        if not one["service"] or one["service"] in services
    }


def headings_asked(case_import: CaseImport, signature: str = "") -> dict[str, Any] | None:
    """The headings of a list of which somebody may say what they mean; None where there are none.

    {"signature", "headings", "suggested", "service", "sheet"}, the first where ``signature`` is "".
    """
    summary, found = case_import.summary, []
    if case_import.status == CaseImport.Status.COLUMNS:
        found = [summary]
    elif case_import.status == CaseImport.Status.CHECKED:
        found = summary.get("to_name", [])
    return next((one for one in found if signature in ("", one["signature"])), None)


def meanings() -> QuerySet[ImportMeaning]:
    """Everything that was decided, with who decided it."""
    return ImportMeaning.objects.select_related("decided_by")


def service_choices() -> list[tuple[str, str]]:
    """(code, name) of every service, in the order of precedence."""
    return list(Service.objects.order_by("precedence").values_list("code", "name"))
