"""What this app knows of sampled cases: what stands against an audit of one, and how far it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils import timezone

from audits.models import Audit, ToolVersion
from audits.queries.tools import no_tool_of, no_tool_of_line
from audits.queries.visibility import NOT_SUBMITTED
from cases.above import add_facts, add_holds, add_obstacles
from cases.models import AuditQuarter, Draw, SampledCase
from cases.queries.calendar import local_date

UNBEGUN = (Audit.Status.ALLOCATED, Audit.Status.RETURNED)
BEGUN = (
    "Audit {} of the same child has begun, and no child is audited twice. Ask for a replacement."
)
SUBMITTED_ONCE = (
    "Audit {} was submitted once and reopened, so its case stays in the sample. It is graded again,"
    " by its auditor or by another."
)
IN_SAMPLE = (
    "The child is in a sample that is under way ({}), and a theme takes none from the sample. Ask"
    " for a replacement."
)

IN_OTHER_SAMPLE = (
    "Audit {} of the same child is in the sample of another quarter that is under way, and no "
    "quarter takes a case from another before it has ended. Ask for a replacement."
)
IN_THEME = (
    "The child is in another theme that is under way ({}), and no theme takes any from another. Ask"
    " for a replacement."
)


@add_obstacles
def obstacles(cases: Sequence[SampledCase]) -> dict[int, str]:
    """Why no audit of some of the cases can be made, by primary key. Three queries, and one more
    for cases of themes.

    The child has an audit already that does not make room, or there is no audit tool.
    """
    rows = list(
        SampledCase.objects.filter(pk__in=[case.pk for case in cases])
        .order_by()
        .values_list(
            "pk", "draw__quarter", "draw__theme", "draw__theme__tool", "entry__child",
            "entry__child__audit_reference", "entry__service__line__name",
        )
    )  # fmt: skip
    audits = {
        audit.child_id: audit
        for audit in Audit.objects.exclude(status=Audit.Status.WITHDRAWN)
        .filter(child__in=[row[4] for row in rows])
        .select_related("quarter", "sampled_case__draw")
    }
    published = ToolVersion.objects.filter(status=ToolVersion.Status.PUBLISHED)
    tools = list(published.values_list("tool__code", "tool__line__name"))
    codes, lines = {code for code, _ in tools}, {line for _, line in tools}
    sampled = in_sample([row[4] for row in rows if row[2] is not None])
    found: dict[int, str] = {}
    for pk, quarter, theme, tool, child, reference, line_name in rows:
        audit = audits.get(child)
        if audit is not None and audit.sampled_case_id == pk:
            continue
        if tool is not None and (kept_by := sample_that_keeps(sampled[child], quarter)):
            why = IN_SAMPLE.format(kept_by.reference)
        elif audit is not None:
            why = why_no_room(audit, quarter, theme)
        else:
            why = BEGUN.format(reference) if reference else ""
        if why := why or _without_tool(tool, line_name, codes, lines):
            found[pk] = why
    return found


def in_sample(children: Sequence[int]) -> defaultdict[int, list[Draw]]:
    """The draws in whose samples ``children`` have still to be audited, by the child's primary key.

    One query, none without children.
    """
    draws: defaultdict[int, list[Draw]] = defaultdict(list)
    if not children:
        return draws
    waiting = SampledCase.objects.filter(
        entry__child__in=children,
        draw__theme=None,
        draw__status=Draw.Status.DRAWN,
        status__in=SampledCase.TO_BE_AUDITED,
    ).select_related("entry", "draw__quarter")
    for case in waiting.order_by("draw"):
        draws[case.entry.child_id].append(case.draw)
    return draws


def sample_that_keeps(draws: Sequence[Draw], quarter: int) -> Draw | None:
    """The first of a child's samples that keeps it from a theme of ``quarter`` (primary key)."""
    return next((draw for draw in draws if _keeps(draw.quarter, quarter)), None)


def _keeps(quarter: AuditQuarter, theme_of: int) -> bool:
    """Whether the sample of a quarter keeps its cases from the themes of another: till it ends."""
    return quarter.pk == theme_of or quarter.ends_on >= local_date(timezone.now())


def _without_tool(theme: str | None, line: str, tools: set[str], lines: set[str]) -> str:
    """Why a case cannot be given out for want of a published tool; "" where there is one."""
    if theme is None:
        return "" if line in lines else no_tool_of_line(line)
    return "" if theme in tools else no_tool_of(theme)


def why_no_room(earlier: Audit, quarter: int, theme: int | None) -> str:
    """Why another audit of the same child stays, in a sentence; "" where it makes room.

    A child selected but never submitted returns to the next frame (domain.md section 4), once its
    quarter has ended: the sample of another quarter takes none before. A theme
    (``theme``: its primary key) makes no room for itself in a sample or in another theme of its
    quarter (``quarter``: its primary key), nor of one that has not ended. Load ``earlier`` with its
    quarter, and the draw of its case.
    """
    if theme is None:
        runs = earlier.quarter_id != quarter and _keeps(earlier.quarter, quarter)
        if runs and earlier.kind == Audit.Kind.SAMPLE and earlier.status in UNBEGUN:
            return IN_OTHER_SAMPLE.format(earlier.reference)
    elif _keeps(earlier.quarter, quarter):
        if earlier.kind == Audit.Kind.SAMPLE:
            return IN_SAMPLE.format(earlier.reference)
        of = earlier.sampled_case
        if of is not None and of.draw.theme_id not in (None, theme):
            return IN_THEME.format(earlier.reference)
    if earlier.status not in UNBEGUN or earlier.submitted_at is not None:
        return BEGUN.format(earlier.reference)
    return ""


@add_facts
def facts(case: SampledCase) -> list[tuple[str, str]]:
    """How far the case's audit is, for who decides on a replacement. One query."""
    audit = case.audits.exclude(status=Audit.Status.WITHDRAWN).select_related("auditor").first()
    if audit is None:
        return [("Audit", "None: the case has no auditor")]
    words = f"{audit.reference}: {audit.get_status_display().lower()}"
    if audit.status != Audit.Status.RETURNED:
        words += f", with {audit.auditor}"
    if audit.started_at is not None:
        words += f", begun on {timezone.localtime(audit.started_at):%-d %B %Y}"
    return [("Audit", words)]


@add_holds
def holds(case: SampledCase) -> str:
    """An audit that was submitted once never leaves its sample. One query."""
    again = case.audits.filter(status__in=NOT_SUBMITTED, submitted_at__isnull=False).first()
    return SUBMITTED_ONCE.format(again.reference) if again else ""
