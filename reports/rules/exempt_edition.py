"""The exempt edition: every number, for those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from audits.rules.grades import GRADES, label
from reports.rules import wording
from reports.rules.baseline_tables import exempt_baselines
from reports.rules.baselines import marked
from reports.rules.computed import Computed, LineFigures
from reports.rules.edition import (
    Block,
    chart,
    dash,
    paragraphs,
    percent_words,
    range_words,
    section,
    table,
)
from reports.rules.figures import GradeFigures, StateFigures, TrendRow, escalations_by_track
from reports.rules.grade_rows import PublicRow
from reports.rules.shared_sections import (
    AGENCY_WORDS,
    draw_check,
    finished_table,
    method_section,
    programme_words,
    state_words,
    theme_section,
    tool_section,
    track_words,
)

MODERATION_WORDS = (
    "Every inadequate audit, every grade above its cap and every immediate safeguarding concern is "
    "graded a second time by somebody independent, and a random share of the rest. Second graders "
    "do not see the first grade before they have given their own."
)
Named = TypeVar("Named", GradeFigures, PublicRow)
GRADE_HEAD = [label(code) for code in GRADES]


def exempt_edition(computed: Computed) -> dict[str, Any]:
    """The whole report as JSON-able sections, without the typed words."""
    sections = [
        _programme(computed),
        tool_section(computed),
        _moderation(computed),
        _improvement(computed),
        *(_outcomes(line, computed) for line in computed.lines),
        _by_service(computed),
        _agency(computed),
        theme_section(computed, _theme_grades(computed)),
        method_section(computed),
    ]
    return {"summary": _summary(computed), "sections": [each for each in sections if each]}


def _theme_grades(computed: Computed) -> Block:
    rows = [(t.name, t.open, t.selected, *t.grades) for t in computed.records.themes]
    head = ["Theme", "Open in its cohort", "Drawn", *GRADE_HEAD]
    return table("Grades of record of the themes’ files", head, rows)


def _summary(computed: Computed) -> list[str]:
    texts = []
    for line in computed.lines:
        headline = wording.good_or_better(line.name, line.grades)
        texts.append(f"{headline} {_changed(line.trend)}".strip())
    texts += [
        wording.states("escalation", "escalations", computed.escalations),
        wording.states("action", "actions", computed.actions),
        wording.moderation(computed.moderation.everyone),
    ]
    return texts


def _changed(rows: tuple[TrendRow, ...]) -> str:
    if len(rows) < 2:
        return ""
    return wording.change(rows[-1], rows[-2].point.quarter)


def _programme(computed: Computed) -> dict[str, Any]:
    frame = computed.records.frame
    sizes = [
        (c.service, c.open, c.eligible, c.quota, c.selected, c.reserves, c.short_by) for c in frame
    ]
    short = [wording.quota(count.service, count) for count in frame if count.short_by]
    return section(
        "Audit Programme",
        programme_words(computed),
        table(
            "Open cases, quota and cases drawn",
            ["Service", "Open", "Could be drawn", "Quota", "Selected", "In reserve", "Short by"],
            sizes,
        ),
        paragraphs(*short, *(wording.described(line.name, line.grades) for line in computed.lines)),
        _exclusions(computed),
        *_replacements(computed),
        *draw_check(computed),
    )


def _exclusions(computed: Computed) -> Block:
    frame = computed.records.frame
    reasons = list(dict.fromkeys(reason for count in frame for reason in count.not_eligible))
    if not reasons:
        return paragraphs("Every open case could be drawn.")
    rows = [(c.service, *(c.not_eligible.get(reason, 0) for reason in reasons)) for c in frame]
    return table(
        "Cases that could not be drawn, by reason",
        ["Service", *reasons],
        rows,
        note=" ".join(f"Left out by the council: {words}" for words in computed.records.left_out),
    )


def _replacements(computed: Computed) -> list[Block]:
    found = computed.records.replacements
    if not found:
        return [paragraphs("No case was replaced.")]
    reasons = list(dict.fromkeys(each.reason for each in found))
    teams = sorted({each.team for each in found})
    numbers = {(each.team, each.reason): each.count for each in found}
    rows = [
        (team, *(numbers.get((team, r), 0) for r in reasons), sum(
            numbers.get((team, r), 0) for r in reasons
        ))
        for team in teams
    ]  # fmt: skip
    total = sum(each.count for each in found)
    verb = "was" if total == 1 else "were"
    return [
        paragraphs(
            f"{wording.capital(wording.plural(total, 'case', 'cases'))} {verb} replaced, or could "
            "not be audited with no reserve left."
        ),
        table("Cases replaced, by team and reason", ["Team", *reasons, "All"], rows),
    ]


def _moderation(computed: Computed) -> dict[str, Any]:
    everyone, at_random = computed.moderation.everyone, computed.moderation.at_random
    if not everyone.n:
        return section("Quality Improvement Framework", paragraphs(wording.moderation(everyone)))
    rows = [
        (label(code), *counts, sum(counts))
        for code, counts in zip(GRADES, everyone.table, strict=True)
    ]
    agreement = [
        (name, a.n, a.exact, a.within_one, a.lower, a.higher, _number(a.kappa_quadratic.value),
         _number(a.ac2_quadratic.value))
        for name, a in (("All second gradings", everyone), ("Drawn at random", at_random))
    ]  # fmt: skip
    return section(
        "Quality Improvement Framework",
        paragraphs(
            MODERATION_WORDS,
            wording.moderation(everyone),
            f"Of those, {wording.plural(at_random.n, 'file was', 'files were')} drawn at random. "
            "Only these say how far graders agree in general: the others were picked because of "
            "their grade.",
        ),
        table(
            "First grade (rows) against second grade (columns)",
            ["First grade", *GRADE_HEAD, "All"],
            rows,
        ),
        table(
            "Agreement of first and second grade",
            ["Chosen", "Files", "Same", "Within one", "Lower", "Higher", "Weighted kappa", "AC2"],
            agreement,
            note="Coefficients have quadratic weights, and are not given for too few files.",
        ),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _improvement(computed: Computed) -> dict[str, Any]:
    return section(
        "Quality Improvement Activity",
        *_states("Escalations", "escalation", computed.escalations),
        *_by_track(computed),
        *_states("Actions", "action", computed.actions),
    )


def _by_track(computed: Computed) -> list[Block]:
    records = computed.records.escalations
    if not records:
        return []
    rows = [
        (track_words(track), *counts, sum(counts))
        for track, counts in escalations_by_track(records).items()
    ]
    head = ["Why", "Open", "Closed", "Stood down", "All"]
    return [table("Escalations by what they are about", head, rows)]


def _states(kinds: str, kind: str, figures: StateFigures) -> list[Block]:
    blocks = [paragraphs(wording.states(kind, kinds.lower(), figures))]
    if figures.open_count:
        grid = figures.open_by_age
        rows = [
            (state_words(state), *counts, sum(counts))
            for state, counts in zip(grid.rows, grid.counts, strict=True)
        ]
        head = ["State", *grid.columns, "All"]
        blocks.append(table(f"{kinds} open, by state and age", head, rows))
    if any(figures.finished.values()):
        blocks.append(finished_table(kinds, dict(figures.finished)))
    return blocks


def share_head(computed: Computed) -> list[str]:
    """Heads of the columns of a share and its interval."""
    return ["Good or better", f"{float(computed.policy.confidence * 100):g}% interval"]


def with_line(services: Sequence[Named], line: Named) -> list[Named]:
    """The services' rows with their line's row last, where it is not one of them over again."""
    alone = len(services) == 1 and services[0].name == line.name
    rows = list(services)
    return rows if alone else rows + [line]  # noqa: RUF005  (the type of the row is kept)


def grade_cells(row: GradeFigures) -> tuple[Any, ...]:
    """A group's numbers as the tables show them, its name left out."""
    interval = row.good_or_better.interval
    return (
        row.n,
        *row.counts,
        percent_words(row.good_or_better.percent),
        range_words(interval.as_dict() if interval else None),
    )


def _outcomes(line: LineFigures, computed: Computed) -> dict[str, Any]:
    figures = line.grades
    population = figures.good_or_better.population
    waiting = wording.plural(figures.unsettled, "audit has", "audits have")
    shares = [
        (label(code), count, percent_words(share))
        for code, count, share in zip(GRADES, figures.counts, figures.percentages, strict=True)
    ]
    blocks: list[Block | None] = [
        paragraphs(
            wording.good_or_better(line.name, figures),
            wording.described(line.name, figures),
            wording.weighted(line.weighted) if line.weighted else "",
            f"{wording.capital(waiting)} no final grade yet." if figures.unsettled else "",
        )
    ]
    if figures.n:
        blocks += [
            grades_chart(
                line.name, [(label(c), n) for c, n in zip(GRADES, figures.counts, strict=True)]
            ),
            table(
                f"{line.name}: grades of record",
                ["Grade", "Files", "Share"],
                [*shares, ("All", figures.n, "")],
                note=f"Drawn from {population:,} cases." if population is not None else "",
            ),
        ]
    return section(
        f"Outcomes – {line.name}", *blocks, *_trend(line, computed), exempt_baselines(line)
    )


def grades_chart(name: str, counts: list[tuple[str, int]]) -> Block:
    """The grades of a group as bars."""
    said = ", ".join(f"{grade} {count:,}" for grade, count in counts)
    return chart(
        "grades",
        f"{name}: number of files by grade",
        f"Bar chart of {name} files by grade: {said}.",
        [{"name": grade, "count": count} for grade, count in counts],
    )


def share_point(
    name: str, percent: int, interval: dict[str, Any] | None, *, baseline: bool = False
) -> dict[str, Any]:
    """One share with its interval, for a chart; a baseline says so in its name."""
    if interval is None or baseline:
        return {"name": f"{name}, baseline", "percent": percent, "baseline": True}
    return {
        "name": name,
        "percent": percent,
        "low": interval["low_percent"],
        "high": interval["high_percent"],
    }


def shares_chart(kind: str, caption: str, points: list[dict[str, Any]]) -> Block:
    """Shares good or better with their intervals, by group or by quarter."""
    said = "; ".join(
        f"{p['name']} from before this product {p['percent']}% (no interval)"
        if p.get("baseline")
        else f"{p['name']} {p['percent']}% ({p['low']}% to {p['high']}%)"
        for p in points
    )
    return chart(kind, caption, f"{caption}, with intervals: {said}.", points)


def _trend(line: LineFigures, computed: Computed) -> list[Block]:
    rows = line.trend
    if len(rows) < 2:
        return [paragraphs("There is no earlier quarter to compare with.")]
    last = rows[-1]
    points = [
        share_point(
            r.point.quarter,
            proportion.percent or 0,
            r.point.interval.as_dict() if r.point.interval else None,
            baseline=r.point.baseline,
        )
        for r in rows
        if (proportion := r.point.good_or_better).n
    ]
    cells = [
        (marked(r.point.quarter, r.point.baseline), p.n, p.count, percent_words(p.percent),
         range_words(r.point.interval.as_dict() if r.point.interval else None), change_words(r))
        for r in rows for p in (r.point.good_or_better,)
    ]  # fmt: skip
    return [
        paragraphs(
            _changed(rows),
            wording.after_a_baseline(rows),
            wording.detectable_words(last.detectable) if last.detectable else "",
        ),
        shares_chart("trend", f"{line.name}: share good or better by quarter", points),
        table(
            f"{line.name}: good or better by quarter",
            ["Quarter", "Files", "Of them good or better", *share_head(computed), "Change"],
            cells,
            note=" ".join(filter(None, (wording.CHANGE_NOTE, wording.baseline_note(rows)))),
        ),
    ]


def change_words(row: TrendRow) -> str:
    """A change in a table's cell."""
    if row.change is None or row.change.points is None:
        return "–"
    sign = "+" if row.change.points > 0 else ""
    verdict = "more than chance" if row.change.verdict == "more_than_chance" else "within chance"
    return f"{sign}{row.change.points} points, {verdict}".replace("-", "−")


def _by_service(computed: Computed) -> dict[str, Any]:
    blocks: list[Block | None] = []
    for line in computed.lines:
        points = [
            share_point(r.name, p.percent or 0, p.interval.as_dict())
            for r in line.services
            if (p := r.good_or_better).interval is not None
        ]
        if points:
            blocks.append(
                shares_chart("shares", f"{line.name}: share good or better by service", points)
            )
        blocks.append(
            table(
                f"{line.name} by service",
                ["Service", "Files", *GRADE_HEAD, *share_head(computed), "Cases it describes"],
                [
                    (r.name, *grade_cells(r), dash(r.good_or_better.population))
                    for r in with_line(line.services, line.grades)
                ],
            )
        )
    return section("By Service", *blocks)


def _agency(computed: Computed) -> dict[str, Any] | None:
    tables = [
        table(
            f"{line.name}: permanent and agency workers",
            ["Who held the case", "Files", *GRADE_HEAD, *share_head(computed)],
            [(AGENCY_WORDS[row.name], *grade_cells(row)) for row in line.agency],
        )
        for line in computed.lines
        if line.grades.n
    ]
    if not tables:
        return None
    return section(
        "Additional Factors",
        paragraphs(
            "Results by the kind of contract of the practitioner who held the case for most of the "
            "period judged. Intervals are wide, because nobody counts open cases by kind of "
            "contract: a difference between two overlapping intervals is no evidence of anything.",
        ),
        *tables,
    )
