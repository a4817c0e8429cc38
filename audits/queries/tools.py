"""The audit tool in force for a service line, and a version of it as the rules know it."""

from __future__ import annotations

from django.db.models import Case, When

from accounts.operations import Refused
from audits.models import ToolVersion
from cases.models import ServiceLine


def published_version(line: ServiceLine) -> ToolVersion:
    """The published version of the line's tool. Raises Refused where there is none.

    The line's own tool has the line's code; others of the line are for themes.
    """
    own = Case(When(tool__code=line.code, then=0), default=1)
    version = (
        ToolVersion.objects.filter(tool__line=line, status=ToolVersion.Status.PUBLISHED)
        .order_by(own, "tool__code")
        .first()
    )
    if version is None:
        raise Refused(no_tool_of_line(line.name))
    return version


def no_tool_of_line(line: str) -> str:
    """What is said where a service line (by name) has no published tool."""
    return (
        f"There is no published audit tool for {line}, so its cases cannot be allocated."
        " Ask the administrator to run “install_tools”."
    )


def published_version_of(code: str) -> ToolVersion:
    """The published version of one tool. Raises Refused where there is none."""
    version = ToolVersion.objects.filter(
        tool__code=code, status=ToolVersion.Status.PUBLISHED
    ).first()
    if version is None:
        raise Refused(no_tool_of(code))
    return version


def no_tool_of(code: str) -> str:
    """What is said where the tool of a theme has no published version."""
    return (
        f"The audit tool “{code}” has no published version, so the theme’s cases cannot be"
        " allocated. Publish one under Audit tools."
    )


def published_tools() -> list[tuple[str, str]]:
    """Codes and titles of the tools that have a published version, for a form."""
    found = ToolVersion.objects.filter(status=ToolVersion.Status.PUBLISHED)
    return list(found.order_by("tool__title").values_list("tool__code", "tool__title"))
