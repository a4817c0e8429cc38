"""What the list of quarters and the page of one quarter show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from accounts.policy import Permission, may
from accounts.sorting import Asked
from cases.models import AuditQuarter, Draw, Job, Replacement, SampledCase, SamplingFrame
from cases.operations.jobs import live_job
from cases.queries.calendar import local_date
from cases.queries.frame import live_draw, live_frame, quarter_counts
from cases.queries.imports import in_words
from cases.queries.jobs import last_job
from cases.queries.quarters import (
    IN_SAMPLE,
    draws_of,
    listed_quarters,
    no_longer_graders,
    not_audited_by_stratum,
    open_case_count,
    replacement_counts,
    sees_all_cases,
    waiting_of_earlier_draws,
)
from cases.queries.sample_list import GIVEN, NO_TEAM, SAMPLE, SUBMITTED
from cases.queries.themes import themes_of
from cases.rules.allocation import AllocationResult
from cases.rules.quarters import Quarter
from cases.stages import Matter, matters_of, stages_of, theme_url

Status = SampledCase.Status
REASON_WORDS = dict(Replacement.Reason.choices)
DRAW_HEAD = ["Draw", "Seed", "Drawn", "State", "Why drawn again"]
REPLACEMENT_HEAD = [
    "Reason",
    "Team",
    {"text": "Asked for", "numeric": True},
    {"text": "Approved", "numeric": True},
    {"text": "Waiting", "numeric": True},
]


def crumbs(quarter: Quarter, last: str) -> list[dict[str, str]]:
    """The way from the list of quarters to a page of one; ``last`` empty for the quarter's own."""
    above = [{"label": "Quarters", "url": reverse("cases:quarter_list")}]
    if not last:
        return [*above, {"label": quarter.name}]
    url = reverse("cases:quarter_detail", args=[quarter.label])
    return [*above, {"label": quarter.name, "url": url}, {"label": last}]


@dataclass(frozen=True)
class ListedQuarter:
    """A row of the list of quarters; numbers None where nothing is drawn."""

    quarter: Quarter
    state: str
    sample: int | None = None
    submitted: int | None = None
    draw_number: int = 0
    linked: bool = False

    @property
    def url(self) -> str:
        """The page of the quarter."""
        return reverse("cases:quarter_detail", args=[self.quarter.label])

    @property
    def sample_url(self) -> str:
        """The cases of its sample."""
        return self._url(SAMPLE)

    @property
    def submitted_url(self) -> str:
        """Those whose audit is submitted."""
        return self._url(SUBMITTED)

    def _url(self, status: str) -> str:
        """The list behind a number, where the person's list is as long as that."""
        if not self.linked:
            return ""
        address = reverse("cases:draw_detail", args=[self.quarter.label, self.draw_number])
        return f"{address}?{urlencode({'status': status})}#cases"


STATES = ("Not begun", "Frame frozen", "Sample drawn", "All submitted")
# By what the list shows; nothing drawn is less than none submitted.
QUARTER_SORTS: Mapping[str, Callable[[ListedQuarter], Any]] = {
    "quarter": lambda row: row.quarter,
    "state": lambda row: STATES.index(row.state),
    "sample": lambda row: -1 if row.sample is None else row.sample,
    "submitted": lambda row: -1 if row.submitted is None else row.submitted,
}


def listed(quarters: Iterable[Quarter], sort: str, user: User) -> list[ListedQuarter]:
    """The rows of the list, newest first or as ``sort`` asks: one query."""
    begun = listed_quarters()
    linked = sees_all_cases(user)
    rows = [_listed(quarter, begun.get(quarter.label), linked) for quarter in quarters]
    asked = Asked.parse(sort)
    by = QUARTER_SORTS.get(asked.word)
    return sorted(rows, key=by, reverse=asked.descending) if by else rows


def _listed(quarter: Quarter, stored: Any, linked: bool) -> ListedQuarter:
    """``stored`` is of `listed_quarters`, None before the quarter began."""
    not_begun, frozen, drawn, all_submitted = STATES
    if stored is None or not stored.sample:
        return ListedQuarter(quarter, frozen if stored and stored.is_frozen else not_begun)
    state = all_submitted if stored.submitted == stored.sample else drawn
    return ListedQuarter(
        quarter, state, stored.sample, stored.submitted, stored.draw_number, linked
    )


def page(quarter: Quarter, stored: AuditQuarter | None, user: User) -> dict[str, Any]:
    """Steps, the next thing to do, counts and replacements of one quarter."""
    frame = live_frame(stored) if stored else None
    draw = live_draw(stored) if stored else None
    counts = quarter_counts(stored) if stored else {}
    to_pass_on = no_longer_graders(draw) if draw else []
    gone = sum(one.case.draw_id == draw.pk for one in to_pass_on) if draw else 0
    open_cases = open_case_count()
    sees_replacements = may(user, Permission.REQUEST_REPLACEMENT, Permission.APPROVE_REPLACEMENT)
    context: dict[str, Any] = {
        "draw": draw,
        "frame": frame,
        "steps": _steps(quarter, stored, frame, draw, counts, gone, open_cases, user),
        "next": _next(quarter, frame, draw, counts, open_cases, user),
        "figures": _figures(draw, counts, user) if draw else [],
        "draw_head": DRAW_HEAD,
        "replacement_head": REPLACEMENT_HEAD,
        "theme_head": ["Theme", "State"],
        **unfinished_job(quarter.label, user),
    }
    if stored is not None:
        context |= {
            "matters": [
                *_to_give(quarter, draw, len(to_pass_on), user),
                *_short(draw),
                *matters_of(stored, user),
            ],
            "draw_rows": [_draw_row(found) for found in draws_of(stored)],
            "theme_rows": [
                [{"text": theme.name, "url": theme_url(theme)}, state]
                for theme, state in themes_of(stored)
            ],
            "replacement_rows": [
                _replacement_row(row, quarter if sees_replacements else None)
                for row in replacement_counts(stored)
            ],
        }
    context["may_draw_again"] = draw is not None and may(user, Permission.DRAW_SAMPLE)
    context["sees_replacements"] = sees_replacements
    return context


def allocated_words(result: AllocationResult) -> str:
    """What allocating gave, as a sentence or two."""
    given, left = len(result.assignments), len(result.unallocated)
    words = f"{given} {'case was' if given == 1 else 'cases were'} given to auditors."
    if left:
        words += f" {left} still {'has' if left == 1 else 'have'} no auditor: see the reasons."
    return words


def draw_url(draw: Draw, **filters: str) -> str:
    """The page of a draw, its list filtered."""
    address = reverse("cases:draw_detail", args=[draw.quarter.label, draw.number])
    return f"{address}?{urlencode(filters)}#cases" if filters else address


def _list_of(draw: Draw | None, user: User, status: str) -> str:
    """The list behind a number of a draw, where the person's list is as long as that; else ""."""
    return draw_url(draw, status=status) if draw and sees_all_cases(user) else ""


def _steps(
    quarter: Quarter,
    stored: AuditQuarter | None,
    frame: SamplingFrame | None,
    draw: Draw | None,
    counts: dict[str, int],
    gone: int,
    open_cases: int,
    user: User,
) -> list[dict[str, Any]]:
    sample = sum(counts.get(status, 0) for status in IN_SAMPLE)
    waiting = counts.get(Status.DRAWN, 0)
    without = waiting + gone
    label = quarter.label
    imports = reverse("cases:import_list") if may(user, Permission.IMPORT_CASES) else ""
    allocation = reverse("cases:quarter_allocation", args=[label])
    may_allocate = draw and may(user, Permission.ALLOCATE_AUDITS)
    # Who passes cases on sees on their page which are with an auditor who cannot go on.
    allocated = sample - (without if may_allocate else waiting)
    drawn = draw is not None
    found = [
        ("Imported", frame is not None or open_cases > 0, imports, f"{open_cases:,} open now"),
        (
            "Frozen",
            frame is not None,
            reverse("cases:quarter_frame", args=[label]),
            f"{frame.frozen_on:%-d %b %Y}" if frame else "",
        ),
        (
            "Drawn",
            drawn,
            _list_of(draw, user, SAMPLE),
            f"{sample:,} cases" if draw else "",
        ),
        (
            "Allocated",
            drawn and not without,
            allocation if may_allocate else _list_of(draw, user, GIVEN),
            f"{allocated:,} of {sample:,}" if draw else "",
        ),
    ]
    return _with_states([*found, *_further(stored, draw, sample, user)])


def _to_give(quarter: Quarter, draw: Draw | None, gone: int, user: User) -> Iterator[Matter]:
    """What the steps do not say: cases to pass on (of earlier draws too), and those that an earlier
    draw left."""
    if draw is None or not may(user, Permission.ALLOCATE_AUDITS):
        return
    url = reverse("cases:quarter_allocation", args=[quarter.label])
    if gone:
        what = "1 case is" if gone == 1 else f"{gone:,} cases are"
        them = "it" if gone == 1 else "them"
        yield Matter(
            f"{what} with an auditor who cannot grade {them} any more.",
            url,
            "Give to somebody else",
        )
    if earlier := waiting_of_earlier_draws(draw).count():
        what = "1 case" if earlier == 1 else f"{earlier:,} cases"
        waits = "waits" if earlier == 1 else "wait"
        yield Matter(
            f"{what} of an earlier draw, submitted once, {waits} for another auditor.",
            url,
            "Choose the auditor",
        )


def _short(draw: Draw | None) -> Iterator[Matter]:
    """That the sample has become short: cases that left it, whose place no reserve took."""
    if draw is not None and (lost := sum(not_audited_by_stratum(draw).values())):
        cases = "case" if lost == 1 else "cases"
        yield Matter(
            f"The sample is {lost:,} {cases} short: no reserve took the place of what left it.",
            draw_url(draw),
            "See where",
        )


def _further(
    stored: AuditQuarter | None, draw: Draw | None, sample: int, user: User
) -> Iterator[tuple[str, bool, str, str]]:
    """The steps of the apps above; none is done before those before it are."""
    all_before = True
    for stage in stages_of(stored, user) if stored else []:
        of = sample if stage.of is None else stage.of
        all_before = all_before and draw is not None and stage.number == of
        note = f"{stage.number:,} of {of:,}" if of else "None chosen"
        yield stage.label, all_before, stage.url if draw else "", note if draw else ""


def _with_states(found: list[tuple[str, bool, str, str]]) -> list[dict[str, Any]]:
    current = next((n for n, (_, done, _, _) in enumerate(found) if not done), len(found))
    return [
        {
            "label": label,
            "url": url,
            "note": note,
            "state": "done" if done else "current" if n == current else "to_do",
        }
        for n, (label, done, url, note) in enumerate(found)
    ]


def _next(
    quarter: Quarter,
    frame: SamplingFrame | None,
    draw: Draw | None,
    counts: dict[str, int],
    open_cases: int,
    user: User,
) -> dict[str, str] | None:
    """The next thing for ``user`` to do: {text, url, action}."""
    label = quarter.label
    if frame is None and not open_cases:
        text, permission = "There are no open cases yet.", Permission.IMPORT_CASES
        url, action = reverse("cases:import_upload"), "Upload a list of open cases"
    elif frame is None:
        text, permission = "The open cases are imported.", Permission.FREEZE_FRAME
        url, action = reverse("cases:quarter_frame", args=[label]), "Freeze the sampling frame"
    elif draw is None:
        text = "The frame is frozen. Publish its hash, then make the seed and draw."
        permission = Permission.DRAW_SAMPLE
        url, action = reverse("cases:quarter_draw", args=[label]), "Draw the sample"
    elif draw.frame_id != frame.pk:
        text = f"Frame {frame.number} was frozen after the sample was drawn: draw again from it."
        permission = Permission.DRAW_SAMPLE
        url, action = reverse("cases:quarter_draw", args=[label]), "Draw the sample again"
    elif waiting := counts.get(Status.DRAWN, 0):
        text = f"{waiting:,} drawn {'case has' if waiting == 1 else 'cases have'} no auditor."
        permission = Permission.ALLOCATE_AUDITS
        url = reverse("cases:quarter_allocation", args=[label])
        action = "Give the cases to auditors"
    else:
        return None
    return {"text": text, "url": url, "action": action} if may(user, permission) else None


def _figures(draw: Draw, counts: dict[str, int], user: User) -> list[dict[str, Any]]:
    return [
        {
            "value": f"{counts[status]:,}",
            "label": words,
            "url": _list_of(draw, user, status),
        }
        for status, words in Status.choices
        if counts.get(status)
    ]


def _draw_row(draw: Draw) -> list[Any]:
    return [
        {"text": draw.reference, "url": draw_url(draw)},
        draw.seed,
        f"{in_words(local_date(draw.drawn_at))}, {draw.drawn_by}",
        draw.get_status_display(),
        draw.reason or "–",
    ]


def _replacement_row(row: dict[str, Any], linked: Quarter | None) -> list[Any]:
    """``linked``: the quarter, where the person may open the list behind the numbers."""

    def cell(number: int, **status: str) -> dict[str, Any]:
        if linked is None or not number:
            return {"text": number}
        filters = {
            "quarter": linked.label,
            "of": SAMPLE,
            "reason": row["reason"],
            "team": team,
            **status,
        }
        return {
            "text": number,
            "url": f"{reverse('cases:replacement_list')}?{urlencode(filters)}",
        }

    team = row["sampled_case__entry__team"] or NO_TEAM
    return [
        REASON_WORDS[row["reason"]],
        row["sampled_case__entry__team__name"] or "No team",
        cell(row["number"]),
        cell(row["approved"], status=Replacement.Status.APPROVED),
        cell(row["waiting"], status=Replacement.Status.REQUESTED),
    ]


def unfinished_job(subject: str, user: User) -> dict[str, Any]:
    """A subject's work under way, or the last one if it failed, for those who may start it."""
    if not may(user, Permission.FREEZE_FRAME):
        return {}
    job = live_job(subject) or last_job(subject)
    if job is None or job.status == Job.Status.SUCCEEDED:
        return {}
    return {"job": job, "job_url": reverse("cases:job_detail", args=[job.pk])}
