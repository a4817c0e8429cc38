"""The audit tools that ship with the product, put into the database as published versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.operations import Refused, operation
from audits.models import AuditTool, PracticeStandard, Section, ToolVersion
from audits.rules.tool_schema import SectionDefinition, ToolDefinition
from audits.tools import ShippedTool, shipped_tools
from cases.models import ServiceLine


@operation
def install_shipped_tools(*, by: User, now: datetime) -> list[ToolVersion]:
    """Publish every shipped tool version that is not there yet; returns those that are new.

    Idempotent. A version older than the one in force is not put in its place; a newer one is
    published and the one in force retired. Raises Refused where a tool's service line is unknown.
    """
    installed = [_install(tool, by, now) for tool in shipped_tools()]
    return [version for version in installed if version is not None]


def _install(shipped: ShippedTool, by: User, now: datetime) -> ToolVersion | None:
    tool = tool_of(shipped.definition)
    # Two processes that start at once take turns here.
    tool = AuditTool.objects.select_for_update().get(pk=tool.pk)
    newest = tool.versions.order_by("-number").first()
    if newest is not None and newest.number >= shipped.number:
        return None
    version = ToolVersion.objects.create(
        tool=tool,
        number=shipped.number,
        scale=shipped.definition.scale.as_dict(),
        limits=[limit.as_dict() for limit in shipped.definition.limits],
        note="Shipped with the product",
    )
    write_sections(version, shipped.definition.sections)
    tool.versions.filter(status=ToolVersion.Status.PUBLISHED).update(
        status=ToolVersion.Status.RETIRED, retired_at=now
    )
    version.status = ToolVersion.Status.PUBLISHED
    version.published_at, version.published_by = now, by
    version.save(update_fields=["status", "published_at", "published_by"])
    return version


def tool_of(definition: ToolDefinition) -> AuditTool:
    """The tool with the definition's code, made where there is none.

    Raises Refused where its service line is unknown.
    """
    found = AuditTool.objects.filter(code=definition.code).first()
    if found is not None:
        return found
    line = ServiceLine.objects.filter(code=definition.line).first()
    if line is None:
        raise Refused(
            f"The audit tool “{definition.title}” is for a service line that is not set up:"
            f" {definition.line}."
        )
    try:
        with transaction.atomic():
            return AuditTool.objects.create(code=definition.code, title=definition.title, line=line)
    except IntegrityError:  # somebody else has just made it
        return AuditTool.objects.get(code=definition.code)


def write_sections(version: ToolVersion, sections: Iterable[SectionDefinition]) -> None:
    """Write the sections and standards of a definition into an empty draft."""
    for order, section in enumerate(sections, start=1):
        _write_section(version, section, order)


def _write_section(version: ToolVersion, definition: SectionDefinition, order: int) -> None:
    section = Section.objects.create(
        version=version, code=definition.code, title=definition.title, order=order
    )
    PracticeStandard.objects.bulk_create(
        PracticeStandard(section=section, order=place, **standard.as_dict())
        for place, standard in enumerate(definition.standards, start=1)
    )
