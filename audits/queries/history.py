"""The history of one audit: who changed what, when, from what to what.

Change history is written by database triggers into an event table for each model (pghistory). What
belongs to an audit is found by its foreign keys: every tracked model, of this app or of one above,
that points at the audit directly or through another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.utils import timezone
from django.utils.dateformat import format as format_date

from accounts.models import User
from accounts.policy import Permission, may
from audits.models import Audit, Grading, LaterConcern, StandardGrade
from audits.queries.visibility import DECIDED, gradings_visible_to, is_blind
from audits.rules.grades import Scale
from cases.models import Practitioner, Service, Team

_CODE = re.compile(r"[a-z0-9_]+")
LONGEST = 160  # characters of a text that a history shows
FARTHEST = 3  # foreign keys between a model and its audit
_Row = tuple[Any, Any]  # an event, and the one before it of the same thing
_NAMED: tuple[Any, ...] = (User, Practitioner, Team, Service)
_NOT_SHOWN = {"id", "version", "details_version", "overall_version", "saved_at", "facts"}


@dataclass(frozen=True)
class Change:
    """One field's change, in words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One change of one thing."""

    what: str
    who: str
    when: datetime
    changes: list[Change] = field(default_factory=list)
    text: str = ""


def history_of(audit: Audit, user: User) -> list[Entry]:
    """What happened to ``audit``, newest first, as far as ``user`` may know it.

    Gradings that they may not read are left out. Before the grade is decided, and while they must
    not know what others judged (``is_blind``), so is what apps above keep about the audit: that an
    escalation was raised already says how it was graded.
    """
    everything = _sees_all(audit, user)
    readable = set(gradings_visible_to(user).filter(audit=audit).values_list("pk", flat=True))
    rows: list[_Row] = []
    for event_model, path in _event_models():
        tracked = event_model.pgh_tracked_model
        if everything or tracked in (Audit, Grading, LaterConcern, StandardGrade):
            events = event_model.objects.filter(**{path: audit.pk})
            rows += _with_previous(_readable(events, tracked, readable))
    names = _Names(rows, Scale.from_dict(audit.tool_version.scale))
    entries = (_entry(event, before, names) for event, before in rows)
    return sorted(
        (entry for entry in entries if entry is not None),
        key=lambda entry: entry.when,
        reverse=True,
    )


def tells_judgements(audit: Audit, user: User) -> bool:
    """Whether the history shows ``user`` anything of what somebody else judged."""
    others = gradings_visible_to(user).filter(audit=audit).exclude(grader=user)
    return _sees_all(audit, user) or others.exists()


def _sees_all(audit: Audit, user: User) -> bool:
    return not is_blind(user, audit) and (
        audit.status in DECIDED or may(user, Permission.SEE_ALL_AUDITS)
    )


@lru_cache(maxsize=1)
def _event_models() -> list[tuple[Any, str]]:
    """Each event model of something that belongs to an audit, and the filter that finds it."""
    found = []
    for event_model in apps.get_models():
        tracked = getattr(event_model, "pgh_tracked_model", None)
        if tracked is None:
            continue
        if tracked is Audit:
            found.append((event_model, "pgh_obj_id"))
            continue
        path = _path_to_audit(tracked, FARTHEST)
        if path:
            found.append((event_model, path))
    return found


def _path_to_audit(model: type[Model], steps: int) -> str:
    """The lookup from ``model`` to its audit ("grading__audit"); "" where there is none."""
    keys = [each for each in model._meta.concrete_fields if isinstance(each, ForeignKey)]
    for key in keys:
        if key.related_model is Audit:
            return key.name
    if steps > 1:
        for key in keys:
            related = key.related_model
            if isinstance(related, type) and related._meta.app_label not in ("accounts", "cases"):
                rest = _path_to_audit(related, steps - 1)
                if rest:
                    return f"{key.name}__{rest}"
    return ""


def _readable(events: QuerySet[Any], tracked: type[Model], readable: set[int]) -> QuerySet[Any]:
    if tracked is Grading:
        events = events.filter(pgh_obj_id__in=readable)
    elif tracked is StandardGrade:
        events = events.filter(grading_id__in=readable).select_related("standard")
    elif tracked is LaterConcern:
        events = events.filter(grading_id__in=readable)
    return events.select_related("pgh_context").order_by("pgh_id")


def _with_previous(events: QuerySet[Any]) -> Iterator[_Row]:
    last: dict[Any, Any] = {}
    for event in events:
        yield event, last.get(event.pgh_obj_id)
        last[event.pgh_obj_id] = event


def _user_of(event: Any) -> int | None:
    context = event.pgh_context
    return context.metadata.get("user") if context else None


class _Names:
    """Names of the people, practitioners, teams and services that the events point at; ``grades``
    are the words of the tool's scale.

    One query for each of the four. Other rows that are pointed at (the child among them) are not
    named in a history.
    """

    def __init__(self, rows: list[_Row], scale: Scale) -> None:
        self.grades = {point.code: point.label for point in scale.points}
        wanted: dict[Any, set[Any]] = {model: set() for model in _NAMED}
        for event, _ in rows:
            wanted[User].add(_user_of(event))
            for each in _keys(event.pgh_tracked_model):
                wanted[each.related_model].add(getattr(event, each.attname))
        self._names = {
            model: {row.pk: str(row) for row in model.objects.filter(pk__in=keys - {None})}
            for model, keys in wanted.items()
        }

    def of(self, model: Any, key: Any) -> str:
        """The name of a row; "" where it is gone or was never there."""
        return self._names[model].get(key, "")


def _keys(model: type[Model]) -> list[Any]:
    return [
        each
        for each in model._meta.concrete_fields
        if isinstance(each, ForeignKey) and each.related_model in _NAMED
    ]


def _entry(event: Any, before: Any, names: _Names) -> Entry | None:
    changes = [
        change
        for each in event.pgh_tracked_model._meta.concrete_fields
        if (change := _change(each, event, before, names)) is not None
    ]
    if before is not None and event.pgh_label == "update" and not changes:
        return None  # only what is not shown has changed
    who = names.of(User, _user_of(event)) or "Not through the application"
    return Entry(_what(event), who, event.pgh_created_at, changes)


def _what(event: Any) -> str:
    tracked = event.pgh_tracked_model
    thing = event.standard.title if tracked is StandardGrade else str(tracked._meta.verbose_name)
    verbs = {"insert": "added", "update": "changed", "delete": "deleted"}
    text = f"{thing}: {verbs.get(event.pgh_label, event.pgh_label)}"
    return text[:1].upper() + text[1:]


def _change(each: Field[Any, Any], event: Any, before: Any, names: _Names) -> Change | None:
    if each.name in _NOT_SHOWN or (each.is_relation and each.related_model not in _NAMED):
        return None
    now = getattr(event, each.attname)
    then = getattr(before, each.attname) if before is not None else None
    if now == then or (before is None and now in (None, "", False)):
        return None
    if isinstance(now, dict) and isinstance(then, dict | None):
        then, now = _differing(then or {}, now)
    name = str(each.verbose_name)
    after = _words(each, now, names) or "nothing"
    return Change(name[:1].upper() + name[1:], _words(each, then, names), after)


def _differing(then: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two sets of answers what is not the same in both."""
    changed = {key for key in {**then, **now} if then.get(key) != now.get(key)}
    before, after = (
        {key: said for key, said in side.items() if key in changed} for side in (then, now)
    )
    return before, after


def _words(each: Field[Any, Any], value: Any, names: _Names) -> str:
    if value in (None, "", [], {}):
        return ""
    if each.is_relation:
        return names.of(each.related_model, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return format_date(timezone.localtime(value), "j F Y \\a\\t H:i")
    if isinstance(value, date):
        return format_date(value, "j F Y")
    if each.model is StandardGrade and each.name == "grade":
        return names.grades.get(value, str(value))
    if isinstance(value, list | dict):
        words = _listed(value)
    else:
        words = str(dict(each.flatchoices).get(value, value)) if each.choices else str(value)
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rstrip()}…"


def _listed(value: Any) -> str:
    """JSON data in words: codes without their underscores, answers to facts beside their code."""
    if isinstance(value, list):
        return ", ".join(_listed(one) for one in value)
    if isinstance(value, dict):
        parts = (f"{_listed(key)}: {_listed(one)}" for key, one in value.items() if one)
        if set(value) <= {"answer", "evidence"}:  # of one fact to check
            parts = (_listed(one) for one in value.values() if one)
        return "; ".join(parts)
    text = str(value)
    return text.replace("_", " ") if _CODE.fullmatch(text) else text
