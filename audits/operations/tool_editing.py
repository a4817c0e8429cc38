"""Owning an audit tool: a draft is copied, changed, published; what was published never changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from accounts.models import User
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.rules.words import is_written
from audits.models import AuditTool, PracticeStandard, Section, ToolVersion
from audits.operations.tools import tool_of, write_sections
from audits.queries.tool_editing import (
    definition_of,
    digest,
    faults_of,
    standard_as_seen,
    version_with_parts,
)
from audits.rules.checks import checks_of, recoded
from audits.rules.limits import parse_limits
from audits.rules.reading import InvalidDefinition
from audits.rules.tool_schema import IMPACT, ToolDefinition, parse_tool_text

P = Permission
Status = ToolVersion.Status
UP, DOWN = "up", "down"


@operation
def start_draft(*, tool: AuditTool, by: User, now: datetime) -> ToolVersion:
    """Begin a new version as a copy of the newest one.

    Raises Refused where there is a draft already: it is finished or deleted first.
    """
    require(by, P.MANAGE_TOOLS)
    tool = _lock(tool)
    newest = version_with_parts().filter(tool=tool).order_by("-number")[0]
    return _new_draft(tool, definition_of(newest))


@operation
def import_draft(*, text: str, by: User, now: datetime) -> ToolVersion:
    """A draft from the text of a tool's JSON file: a new version of its tool, or a new tool.

    Raises InvalidDefinition with every fault; Refused where the tool has a draft already, its
    service line is unknown, or a tool of that code has another title or line.
    """
    require(by, P.MANAGE_TOOLS)
    definition = parse_tool_text(text)
    tool = _lock(tool_of(definition))
    for what, here, there in (
        ("title", tool.title, definition.title),
        ("service line", tool.line.code, definition.line),
    ):
        if here != there:
            raise Refused(
                f"The tool “{tool.code}” has the {what} “{here}” here and “{there}” in the file."
                f" Versions of one tool share it: give the file the same {what}, or a code of its"
                " own."
            )
    return _new_draft(tool, definition)


def _lock(tool: AuditTool) -> AuditTool:
    return AuditTool.objects.select_for_update(of=("self",)).select_related("line").get(pk=tool.pk)


def _new_draft(tool: AuditTool, definition: ToolDefinition) -> ToolVersion:
    if tool.versions.filter(status=Status.DRAFT).exists():
        raise Refused(f"“{tool}” has a draft already. Publish it, or delete it, first.")
    last = tool.versions.aggregate(last=Max("number"))["last"] or 0
    version = ToolVersion.objects.create(
        tool=tool,
        number=last + 1,
        scale=definition.scale.as_dict(),
        limits=[limit.as_dict() for limit in definition.limits],
    )
    write_sections(version, definition.sections)
    return version


def _draft(version: ToolVersion) -> ToolVersion:
    """The version locked, its tool first. Raises MovedOn once it is not a draft any more."""
    _lock(version.tool)
    found = version_with_parts().select_for_update(of=("self",)).filter(pk=version.pk).first()
    if found is None:
        raise MovedOn("This draft has been deleted.")
    if found.status != Status.DRAFT:
        raise MovedOn(f"{found} is published: it cannot be changed. Start a new version.")
    return found


@operation
def delete_draft(*, version: ToolVersion, by: User, now: datetime) -> None:
    """Throw a draft away, and its tool where it has no other version.

    The history keeps what was in it.
    """
    require(by, P.MANAGE_TOOLS)
    draft = _draft(version)
    PracticeStandard.objects.filter(section__version=draft).delete()
    draft.sections.all().delete()
    draft.delete()
    if not draft.tool.versions.exists():
        draft.tool.delete()


@operation
def publish(*, version: ToolVersion, note: str, by: User, now: datetime) -> ToolVersion:
    """Put a draft into force: audits allocated from now on are graded with it.

    Those allocated before keep the version that they were given. Raises Refused without a note of
    what changed, or while the draft has faults.
    """
    require(by, P.MANAGE_TOOLS)
    draft = _draft(version)
    if not is_written(note):
        raise Refused("Write what changed, for those who grade with it.")
    faults = faults_of(draft)
    if faults:
        raise Refused(f"The draft cannot be published yet. {faults[0]}")
    draft.tool.versions.filter(status=Status.PUBLISHED).update(
        status=Status.RETIRED, retired_at=now
    )
    draft.status, draft.note = Status.PUBLISHED, note.strip()[:500]
    draft.published_at, draft.published_by = now, by
    draft.save(update_fields=["status", "note", "published_at", "published_by"])
    return draft


@operation
def save_section(
    *, version: ToolVersion, code: str, title: str, seen: str = "", by: User, now: datetime
) -> Section:
    """Add a section (``code`` empty) or change its title; ``seen`` is the digest of the old one."""
    require(by, P.MANAGE_TOOLS)
    draft = _draft(version)
    if not code:
        taken = {section.code for section in draft.sections.all()}
        return Section.objects.create(
            version=draft,
            code=_new_code(title, taken),
            title=title,
            order=_last(draft.sections.all()) + 1,
        )
    section = _section(draft, code)
    _check_seen(seen, section.title, title, "section")
    section.title = title
    section.save(update_fields=["title"])
    return section


def _section(draft: ToolVersion, code: str) -> Section:
    for section in draft.sections.all():
        if section.code == code:
            return section
    raise MovedOn("This section has been taken away from the draft.")


def _standard(draft: ToolVersion, code: str) -> PracticeStandard:
    for section in draft.sections.all():
        for standard in section.standards.all():
            if standard.code == code:
                return standard
    raise MovedOn("This practice standard has been taken away from the draft.")


def _check_seen(seen: str, now: object, wanted: object, what: str) -> None:
    """Refuse what was typed over something else than what is stored now.

    What is stored already is no conflict: a form may be sent twice.
    """
    if seen and seen != digest(now) and now != wanted:
        raise Refused(
            f"Somebody else changed this {what} after you opened the page. Nothing is lost: what"
            " you typed is below. Save again to put it in the place of theirs."
        )


def _last(things: Any) -> int:
    return max((each.order for each in things), default=0)


def _new_code(title: str, taken: set[str]) -> str:
    """A code from a title: small letters, digits and underscores, a letter first, not taken."""
    base = slugify(title).replace("-", "_").lstrip("0123456789_")[:34] or "item"
    code, number = base, 1
    while code in taken:
        number += 1
        code = f"{base}_{number}"
    return code


@operation
def remove_section(*, version: ToolVersion, code: str, by: User, now: datetime) -> None:
    """Take an empty section out of a draft. Refused while it holds standards."""
    require(by, P.MANAGE_TOOLS)
    section = _section(_draft(version), code)
    if section.standards.all():
        raise Refused("Move or take away its practice standards first.")
    section.delete()


@operation
def save_standard_definition(
    *,
    version: ToolVersion,
    code: str,
    section: str,
    data: Mapping[str, Any],
    seen: str = "",
    by: User,
    now: datetime,
) -> PracticeStandard:
    """Add a practice standard (``code`` empty) or change it; ``section`` is its section's code.

    ``data`` holds fields of rules.tool_schema without the code, of a new standard all of them; its
    "checks" are questions, which keep their codes. ``seen`` is the digest of ``standard_as_seen``
    that the form was opened on: Refused where somebody else changed it since.
    """
    require(by, P.MANAGE_TOOLS)
    draft = _draft(version)
    place = _section(draft, section)
    data = dict(data)
    questions = data.pop("checks", None)
    if not code:
        taken = {each.code for s in draft.sections.all() for each in s.standards.all()}
        return PracticeStandard.objects.create(
            section=place,
            code=_new_code(str(data["title"]), taken),
            order=_last(place.standards.all()) + 1,
            checks=recoded(questions or (), (), _new_code),
            **data,
        )
    standard = _standard(draft, code)
    if questions is not None:
        data["checks"] = recoded(questions, checks_of(standard.checks), _new_code)
    stored = standard_as_seen(standard)
    _check_seen(seen, stored, stored | data | {"section": section}, "practice standard")
    if standard.section_id != place.pk:
        standard.section, standard.order = place, _last(place.standards.all()) + 1
    for name, value in data.items():
        setattr(standard, name, value)
    standard.save()
    return standard


@operation
def remove_standard(*, version: ToolVersion, code: str, by: User, now: datetime) -> None:
    """Take a practice standard out of a draft. Refused for that on impact: every tool asks it."""
    require(by, P.MANAGE_TOOLS)
    if code == IMPACT:
        raise Refused(
            "Every tool asks what has changed for the child: this standard can be reworded, and not"
            " taken away."
        )
    _standard(_draft(version), code).delete()


@operation
def move(*, version: ToolVersion, code: str, direction: str, by: User, now: datetime) -> None:
    """Move a section, or a standard within its section, one place up or down.

    Sections and standards are found by their code, "section:CODE" for a section. At the end of the
    list nothing happens.
    """
    require(by, P.MANAGE_TOOLS)
    draft = _draft(version)
    if code.startswith("section:"):
        thing: Any = _section(draft, code.removeprefix("section:"))
        row = list(draft.sections.all())
    else:
        thing = _standard(draft, code)
        row = list(thing.section.standards.order_by("order"))
    here = next(place for place, each in enumerate(row) if each.pk == thing.pk)
    there = here - 1 if direction == UP else here + 1
    if 0 <= there < len(row):
        _swap(row[here], row[there])


def _swap(one: Any, other: Any) -> None:
    """Exchange two places; by way of a third, because each place is taken once."""
    first, second = one.order, other.order
    with transaction.atomic():
        other.order = 30_000
        other.save(update_fields=["order"])
        one.order = second
        one.save(update_fields=["order"])
        other.order = first
        other.save(update_fields=["order"])


@operation
def save_limits(
    *,
    version: ToolVersion,
    scale: Mapping[str, Any],
    limits: list[dict[str, Any]],
    seen: str = "",
    by: User,
    now: datetime,
) -> ToolVersion:
    """Change a draft's scale and grade limits; ``seen`` is the digest of scale and limits before.

    Raises Refused with the first fault, or where somebody else changed them since.
    """
    require(by, P.MANAGE_TOOLS)
    draft = _draft(version)
    _check_seen(seen, [draft.scale, draft.limits], [dict(scale), limits], "page")
    try:
        parse_limits(limits)
    except InvalidDefinition as error:
        raise Refused(str(error.problems[0])) from error
    draft.scale, draft.limits = dict(scale), limits
    draft.save(update_fields=["scale", "limits"])
    return draft
