"""Saying that a child has another id, and making one child of two."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.table_file import Plan
from cases.importers.other_ids import later
from cases.models import (
    AuditQuarter,
    Case,
    Child,
    ChildAlias,
    DeclaredConflict,
    OpenElsewhere,
    SampledCase,
)
from cases.operations import import_sql
from cases.operations.import_audited import AT_ONCE, OTHER_PLAN, PROBLEMS
from cases.queries.calendar import local_date
from cases.queries.conflicts import conflicts_in_force
from cases.queries.other_ids import plan_for_other_ids
from cases.signals import conflict_declared

DECLARED_TWICE = "Declared with both ids of this child: the other one stays in force."


@operation
def register_other_ids(*, text: str, digest: str, by: User, now: datetime) -> Plan:
    """Register the other ids of a CSV file (`child_id,other_id`), all of them or none.

    Where both ids are children here, they become one: docs/decisions/0019. What somebody has at
    hand of a child with whom they so come to have a conflict is passed on. ``digest`` is that of
    the plan that was shown. Raises Refused where the file has problems, or would now do something
    else than was shown.
    """
    require(by, Permission.IMPORT_CASES)
    import_sql.lock_confirming()  # nobody takes over a list that was compared under the old ids
    _lock(plan_for_other_ids(text).pairs)
    planned = plan_for_other_ids(text)
    if planned.plan.problems:
        raise Refused(PROBLEMS)
    if planned.plan.digest != digest:
        raise Refused(OTHER_PLAN)
    children = _children(planned.pairs)
    _move_other_ids(planned.pairs, children)
    ChildAlias.objects.bulk_create(
        [ChildAlias(other_id=other, child=children[stays]) for stays, other in planned.pairs],
        batch_size=AT_ONCE,
    )
    _carry_audited(planned.pairs, children)
    moved = _carry_conflicts(planned.pairs, children, by, now)
    _join_cases(planned.pairs, children, local_date(now))
    for conflict in moved:
        conflict_declared.send(DeclaredConflict, conflict=conflict, by=by, now=now)
    return planned.plan


@operation
def remove_other_id(*, alias: ChildAlias, by: User, now: datetime) -> None:
    """Take another id back: lists that name it are about a child of their own again.

    What was joined stays as it is. Raises MovedOn where somebody has removed it already.
    """
    require(by, Permission.IMPORT_CASES)
    import_sql.lock_confirming()
    found = ChildAlias.objects.select_for_update().filter(pk=alias.pk).first()
    if found is None:
        raise MovedOn("This other id has been removed already.")
    found.delete()


def _lock(pairs: tuple[tuple[str, str], ...]) -> None:
    """An audit that begins meanwhile waits, or has been waited for: the plan is made after this.

    Quarter, sampled case, child, as everybody has them: audits of these children may be passed on.
    """
    named = {one for pair in pairs for one in pair}
    cases = SampledCase.objects.filter(entry__child__local_id__in=named)
    quarters = AuditQuarter.objects.filter(pk__in=cases.values("draw__quarter"))
    list(quarters.select_for_update().order_by("pk"))
    list(cases.select_for_update(of=("self",)).order_by("pk"))
    list(Child.objects.select_for_update().filter(local_id__in=named).order_by("pk"))


def _children(pairs: tuple[tuple[str, str], ...]) -> dict[str, Child]:
    """The children of all pairs by id; those whose id stays are made where they are not here."""
    named = {one for pair in pairs for one in pair}
    here = {child.local_id: child for child in Child.objects.filter(local_id__in=named)}
    new = sorted({stays for stays, _ in pairs} - here.keys())
    made = Child.objects.bulk_create([Child(local_id=one) for one in new], batch_size=AT_ONCE)
    return here | {child.local_id: child for child in made}


def _move_other_ids(pairs: tuple[tuple[str, str], ...], children: dict[str, Child]) -> None:
    """Ids of a child who turns out to be another go on to that one."""
    stays = {other: stays for stays, other in pairs}
    moved = list(ChildAlias.objects.filter(child__local_id__in=stays).select_related("child"))
    for alias in moved:
        alias.child = children[stays[alias.child.local_id]]
    ChildAlias.objects.bulk_update(moved, ["child"], batch_size=AT_ONCE)


def _carry_audited(pairs: tuple[tuple[str, str], ...], children: dict[str, Child]) -> None:
    """An audit before this product counts for the child, whichever id it was registered under."""
    marked = {}
    for stays, other in pairs:
        child, joined = children[stays], children.get(other)
        if joined is None or joined.audited_before_on is None:
            continue
        wanted = later(child.audited_before_on, joined.audited_before_on)
        if wanted != child.audited_before_on:
            child.audited_before_on = wanted
            marked[stays] = child
    Child.objects.bulk_update(marked.values(), ["audited_before_on"], batch_size=AT_ONCE)


def _carry_conflicts(
    pairs: tuple[tuple[str, str], ...], children: dict[str, Child], by: User, now: datetime
) -> list[DeclaredConflict]:
    """A conflict declared with either id is one with the child; one for each person stays.

    Returns those that were not with the child who stays, and are now.
    """
    stays = {children[two].pk: children[one].pk for one, two in pairs if two in children}
    named = {*stays, *stays.values()}
    here = conflicts_in_force().filter(child__in=named).select_for_update().order_by("pk")
    found = list(here)
    there = {(one.user_id, one.child_id) for one in found if one.child_id not in stays}
    moved, twice = [], []
    for conflict in found:
        if conflict.child_id not in stays:
            continue
        pair = (conflict.user_id, stays[conflict.child_id])
        if pair in there:
            conflict.ended_at, conflict.ended_by, conflict.end_reason = now, by, DECLARED_TWICE
            twice.append(conflict)
        else:
            there.add(pair)
            conflict.child_id = pair[1]
            moved.append(conflict)
    DeclaredConflict.objects.bulk_update(moved, ["child"], batch_size=AT_ONCE)
    DeclaredConflict.objects.bulk_update(
        twice, ["ended_at", "ended_by", "end_reason"], batch_size=AT_ONCE
    )
    return moved


def _join_cases(
    pairs: tuple[tuple[str, str], ...], children: dict[str, Child], today: date
) -> None:
    """One open case for each child: that of the service that comes first.

    A case keeps its child for good, since frames name both. So the one under the other id ends
    today, and what it says goes on in a case of the child. That a list has the child open to the
    other of two services is remembered, as it is of a child whom lists name by one id.
    """
    found = Case.objects.select_for_update(of=("self",)).select_related(
        "service", "team", "practitioner", "last_import"
    )
    named = {one.pk for one in children.values()}
    opened = {case.child_id: case for case in found.filter(child__in=named, closed_on__isnull=True)}
    ended, changed, new = [], {}, {}
    elsewhere: list[OpenElsewhere] = []
    for stays, other in pairs:
        joined = opened.get(children[other].pk) if other in children else None
        if joined is None:
            continue
        joined.closed_on = today
        ended.append(joined)
        child = children[stays]
        present = opened.get(child.pk)
        if present is None:
            opened[child.pk] = new[child.pk] = _with_facts_of(joined, Case(child=child))
        else:
            restricted = joined.restricted or present.restricted
            family = present.family_id or joined.family_id
            if joined.service.precedence < present.service.precedence:
                elsewhere += _memory_of(present, child)
                _with_facts_of(joined, present)
            else:
                elsewhere += _memory_of(joined, child)
            # Neither case lifts what keeps the other from being drawn.
            present.restricted, present.family_id = restricted, family
            if child.pk not in new:
                changed[child.pk] = present
    for pk in _carry_restricted(pairs, children, opened):
        opened[pk].restricted = True
        if pk not in new:
            changed[pk] = opened[pk]
    # Ending first: nothing else may ever see a child with two open cases.
    Case.objects.bulk_update(ended, ["closed_on"], batch_size=AT_ONCE)
    Case.objects.bulk_update(
        changed.values(), [*import_sql.VALUES, "last_import"], batch_size=AT_ONCE
    )
    Case.objects.bulk_create(new.values(), batch_size=AT_ONCE)
    _carry_elsewhere(pairs, children, elsewhere)


def _carry_restricted(
    pairs: tuple[tuple[str, str], ...], children: dict[str, Child], opened: dict[int, Case]
) -> set[int]:
    """Children whose open case is restricted, because the record was when either id had none.

    Where the child has no open case, the child keeps it.
    """
    restricted, changed = set(), {}
    for stays, other in pairs:
        child, joined = children[stays], children.get(other)
        was = child.restricted or (joined is not None and joined.restricted)
        if was and child.pk in opened:
            restricted.add(child.pk)
        wanted = was and child.pk not in opened
        for one, flag in ((child, wanted), (joined, False)):
            if one is not None and one.restricted != flag:
                one.restricted = flag
                changed[one.pk] = one
    Child.objects.bulk_update(changed.values(), ["restricted"], batch_size=AT_ONCE)
    return restricted


def _carry_elsewhere(
    pairs: tuple[tuple[str, str], ...], children: dict[str, Child], ended: list[OpenElsewhere]
) -> None:
    """To which other services lists have these children open, said of the child who stays.

    ``ended`` are those of the cases that gave way.
    """
    stays = {children[two].pk: children[one].pk for one, two in pairs if two in children}
    named = {*stays, *stays.values()}
    known = list(OpenElsewhere.objects.filter(child__in=named).order_by("pk"))
    there = {(one.child_id, one.service_id) for one in known if one.child_id not in stays}
    there |= set(
        Case.objects.filter(child__in=named, closed_on__isnull=True).values_list(
            "child_id", "service_id"
        )
    )
    moved, new = [], []
    for one in known:
        if one.child_id not in stays:
            continue
        pair = (stays[one.child_id], one.service_id)
        if pair not in there:
            there.add(pair)
            one.child_id = pair[0]
            moved.append(one)
    for one in ended:
        pair = (one.child_id, one.service_id)
        if pair not in there:
            there.add(pair)
            new.append(one)
    OpenElsewhere.objects.bulk_update(moved, ["child"], batch_size=AT_ONCE)
    OpenElsewhere.objects.bulk_create(new, batch_size=AT_ONCE)
    OpenElsewhere.objects.filter(child__in=stays).delete()


def _memory_of(case: Case, child: Child) -> list[OpenElsewhere]:
    """What a list said of a case that gives way, as `import_elsewhere` remembers it; none where
    the case came from no list."""
    if case.last_import is None:
        return []
    one = OpenElsewhere(
        child=child,
        service_id=case.service_id,
        case_import=case.last_import,
        opened_on=case.opened_on,
        team=case.team.name if case.team else "",
        practitioner=case.practitioner.name if case.practitioner else "",
        agency=case.practitioner.agency if case.practitioner else None,
        legal_status=case.legal_status,
        plan=case.plan,
    )
    return [one]


def _with_facts_of(joined: Case, case: Case) -> Case:
    for name in (*import_sql.VALUES, "last_import_id"):
        setattr(case, name, getattr(joined, name))
    return case
