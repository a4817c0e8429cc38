"""The audit tool in force for a service line, and a version of it as the rules know it."""

from __future__ import annotations

from accounts.operations import Refused
from audits.models import ToolVersion
from cases.models import ServiceLine


def published_version(line: ServiceLine) -> ToolVersion:
    """The published version of the line's tool. Raises Refused where there is none."""
    version = (
        ToolVersion.objects.filter(tool__line=line, status=ToolVersion.Status.PUBLISHED)
        .order_by("tool__code")
        .first()
    )
    if version is None:
        raise Refused(
            f"There is no published audit tool for {line}, so its cases cannot be allocated."
            " Ask the administrator to run “install_tools”."
        )
    return version
