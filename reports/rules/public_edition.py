"""The public edition: only what `reports.rules.public` says may be published.

Nothing here reads a count of audits, escalations or actions for itself: every number of children
comes out of a function of `reports.rules.public`. Which of the numbers held back are small is not
said (docs/disclosure.md).
"""

from __future__ import annotations

from typing import Any

from audits.rules.grades import GRADES, label
from reports.rules import wording
from reports.rules.baseline_tables import public_baselines
from reports.rules.baselines import marked
from reports.rules.computed import Computed, LineFigures, levels
from reports.rules.disclosure import CannotProtect
from reports.rules.edition import (
    HELD_BACK,
    Block,
    paragraphs,
    percent_words,
    range_words,
    section,
    table,
)
from reports.rules.exempt_edition import (
    GRADE_HEAD,
    MODERATION_WORDS,
    change_words,
    grades_chart,
    share_head,
    share_point,
    shares_chart,
    with_line,
)
from reports.rules.figures import GradeFigures
from reports.rules.grade_rows import FOUR, NONE, PublicRow
from reports.rules.public import (
    public_agreement,
    public_escalations,
    public_frame,
    public_row,
    public_states,
    public_trend,
)
from reports.rules.shared_sections import (
    AGENCY_WORDS,
    draw_check,
    finished_table,
    method_section,
    programme_words,
    state_words,
    theme_section,
    tool_section,
)

HELD_BACK_NOTE = f"{HELD_BACK}: held back, so that no child can be recognised."


def public_edition(computed: Computed) -> dict[str, Any]:
    """The report for everybody as JSON-able sections, without the typed words."""
    sections = [
        _programme(computed),
        tool_section(computed),
        _moderation(computed),
        _improvement(computed),
        *(_outcomes(line, computed) for line in computed.lines),
        _by_service(computed),
        _agency(computed),
        theme_section(
            computed, paragraphs("A theme’s files are few, so their grades are held back here.")
        ),
        method_section(
            computed,
            "Small numbers. Counts under "
            f"{computed.policy.smallest_count} and percentages of groups under "
            f"{computed.policy.smallest_group} are held back, and further numbers where a small "
            "one could be worked out from them. They look alike: which one was small is not said. "
            "A row of grades is published as all four grades, else as good or better against "
            "below good, else not at all.",
        ),
    ]
    return {"summary": _summary(computed), "sections": [each for each in sections if each]}


def _summary(computed: Computed) -> list[str]:
    texts = [" ".join([_headline(line), *_changed(line, computed)]) for line in computed.lines]
    for line in computed.lines:
        texts += _open_escalations(line, computed) + _open_actions(line, computed)
    return [text for text in texts if text]


def _headline(line: LineFigures) -> str:
    shown = public_row(line.public.line, line.grades)
    if shown["good_or_better_percent"] is None:
        return wording.public_row_words(line.name, line.public.line)
    interval = shown["interval"]
    return (
        f"{line.name}: {shown['good_or_better_percent']}% were good or better "
        f"({wording.plural(shown['n'], 'file', 'files')} audited). Among all cases that could be "
        f"drawn, the share lies between {interval['low_percent']}% and "
        f"{interval['high_percent']}%, with {wording.confidence(line.grades.good_or_better)}% "
        "confidence."
    )


def _public_trend(line: LineFigures, computed: Computed) -> list[dict[str, Any]]:
    return public_trend(line.trend, levels(line, computed.records.quarter_name))


def _changed(line: LineFigures, computed: Computed) -> list[str]:
    public = _public_trend(line, computed)
    if len(public) < 2 or public[-1]["change"] is None:
        return []
    return [wording.change(line.trend[-1], public[-2]["quarter"])]


def _open_escalations(line: LineFigures, computed: Computed) -> list[str]:
    shown = _escalations_shown(line, computed)
    return _open_words(line, "escalations", shown["open"], shown["overdue"]) if shown else []


def _open_actions(line: LineFigures, computed: Computed) -> list[str]:
    shown = _actions_shown(line, computed)
    return _open_words(line, "actions", shown["open"], shown["overdue"]) if shown else []


def _open_words(line: LineFigures, kinds: str, count: int | None, late: int | None) -> list[str]:
    if count is None:
        return []
    return [
        f"{line.name}: {wording.number(count)} {kinds} of audits below good are open"
        + (f", of which {wording.number(late)} are overdue." if late is not None else ".")
    ]


def _programme(computed: Computed) -> dict[str, Any]:
    blocks: list[Block | None] = []
    for line in computed.lines:
        blocks += _frame(line, public_frame(line.frame, computed.policy))
    return section(
        "Audit Programme",
        programme_words(computed),
        *blocks,
        paragraphs("Cases replaced, by team and reason, are in the exempt edition of this report."),
        *draw_check(computed),
    )


def _frame(line: LineFigures, shown: dict[str, Any]) -> list[Block]:
    rows = [
        (row["service"], row["open"], row["quota"], row["selected"], row["reserves"])
        for row in shown["services"]
    ]
    blocks = [
        table(
            f"{line.name}: open cases, quota and cases drawn",
            ["Service", "Open", "Quota", "Selected", "In reserve"],
            rows,
        )
    ]
    if shown["described_percent"] is not None:
        blocks.append(
            paragraphs(
                f"The figures describe the {shown['eligible']:,} cases that could be drawn, "
                f"{shown['described_percent']}% of those open."
            )
        )
    if shown["not_eligible"]:
        blocks.append(
            protected_table(
                f"{line.name}: cases that could not be drawn, by reason",
                "Service",
                shown["not_eligible"],
            )
        )
    return blocks


def protected_table(caption: str, first: str, shown: dict[str, Any]) -> Block:
    """A table of protected counts, with the totals as last row and column."""

    def name(text: str) -> str:
        return "All" if text == "total" else text

    rows = [
        (name(row), *(cell["value"] for cell in cells))
        for row, cells in zip(shown["rows"], shown["cells"], strict=True)
    ]
    held_back = any(value is None for row in rows for value in row)
    head = [first, *map(name, shown["columns"])]
    return table(caption, head, rows, note=HELD_BACK_NOTE if held_back else "")


def _moderation(computed: Computed) -> dict[str, Any]:
    shown = public_agreement(computed.moderation.everyone, computed.policy)
    words = [MODERATION_WORDS]
    if shown["same"] is None:
        words.append("Too few files were graded a second time to publish how the grades compared.")
        return section("Quality Improvement Framework", paragraphs(*words))
    rows = [("The same", shown["same"])]
    if shown["lower"] is not None:
        rows += [("Second grade lower", shown["lower"]), ("Second grade higher", shown["higher"])]
    else:
        rows.append(("Different", shown["different"]))
    return section(
        "Quality Improvement Framework",
        paragraphs(*words),
        table(
            "Second grades beside first ones",
            ["Second grade", "Files"],
            [*rows, ("All", shown["n"])],
        ),
    )


def _escalations_shown(line: LineFigures, computed: Computed) -> dict[str, Any] | None:
    try:
        return public_escalations(line.escalations, line.public.line, computed.policy)
    except CannotProtect:
        return None


def _actions_shown(line: LineFigures, computed: Computed) -> dict[str, Any] | None:
    """A line's actions; nothing where its audits below good, each of which needs two, are not."""
    if line.public.line.level == NONE:
        return None
    try:
        return public_states(line.actions, computed.policy)
    except CannotProtect:
        return None


def _improvement(computed: Computed) -> dict[str, Any]:
    return section(
        "Quality Improvement Activity",
        paragraphs(
            "Every audit below good is escalated to the manager or Head of Service, and cannot be "
            "closed without an action for the manager and one for the practitioner. An action "
            "counts as done only when somebody other than its owner has seen what changed for the "
            "child.",
            "Counted here are the audits below good by their final grade, each with the one "
            "escalation of that grade, and their actions. Immediate safeguarding concerns are "
            "escalated the same working day, whatever the grade. Their number, the actions that "
            "follow from them, and what was escalated on a grade that did not stand are in the "
            "exempt edition only.",
        ),
        *(
            block
            for line in computed.lines
            for block in (*_escalations(line, computed), *_actions(line, computed))
        ),
    )


def _escalations(line: LineFigures, computed: Computed) -> list[Block]:
    shown = _escalations_shown(line, computed)
    if shown is None:
        return [paragraphs(f"{line.name}: escalations are in the exempt edition.")]
    parts = [("Open", shown["open"]), ("Closed", shown["closed"])]
    blocks = [
        paragraphs(*_open_escalations(line, computed)),
        table(
            f"{line.name}: audits below good, by their escalation",
            ["Escalation", "Audits"],
            [*parts, ("All", shown["below_good"])],
            note=HELD_BACK_NOTE if None in (shown["open"], shown["closed"]) else "",
        ),
    ]
    if shown["open_by_age"]:
        blocks.append(_by_state_and_age(line, "escalations", shown["open_by_age"]))
    return blocks


def _actions(line: LineFigures, computed: Computed) -> list[Block]:
    shown = _actions_shown(line, computed)
    if shown is None:
        return [paragraphs(f"{line.name}: actions are in the exempt edition.")]
    blocks = [paragraphs(*_open_actions(line, computed))]
    if shown["open"] is None:
        blocks.append(paragraphs(f"{line.name}: too few actions are open to publish their number."))
    elif shown["open_by_age"]:
        blocks.append(_by_state_and_age(line, "actions", shown["open_by_age"]))
    if any(count is not None for count in shown["finished"].values()):
        blocks.append(finished_table(f"{line.name}: actions", shown["finished"]))
    return blocks


def _by_state_and_age(line: LineFigures, kinds: str, grid: dict[str, Any]) -> Block:
    named = {**grid, "rows": [state_words(state) for state in grid["rows"]]}
    return protected_table(f"{line.name}: {kinds} open, by state and age", "State", named)


def row_cells(row: PublicRow, figures: GradeFigures) -> tuple[Any, ...]:
    """A group's numbers as far as they are published: n, four grades, good, below, share, range."""
    shown = public_row(row, figures)
    counts = shown["counts"]
    four = counts if row.level == FOUR else [None] * 4
    if row.level == NONE:
        return (shown["n"], *four, None, None)
    interval = shown["interval"]
    return (
        shown["n"],
        *four,
        percent_words(shown["good_or_better_percent"]),
        range_words(interval),
    )


def _two_cells(row: PublicRow) -> tuple[int | None, int | None]:
    """Good or better and below good; nothing where they are not published."""
    if row.level == NONE:
        return None, None
    counts = row.counts
    return (counts[0] + counts[1], counts[2] + counts[3]) if row.level == FOUR else (
        counts[0],
        counts[1],
    )  # fmt: skip


def _rows_table(
    caption: str,
    first: str,
    rows: list[tuple[str, PublicRow, GradeFigures]],
    computed: Computed,
) -> Block:
    """Published rows of grades: four columns of grades only where a row shows them."""
    four = any(row.level == FOUR for _, row, _ in rows)
    cells = []
    for name, row, figures in rows:
        n, *grades, share, interval = row_cells(row, figures)
        cells.append((name, n, *(grades if four else _two_cells(row)), share, interval))
    head = [first, "Files", *(GRADE_HEAD if four else ["Good or better", "Below good"])]
    share_heads = ["Share good or better", share_head(computed)[1]]
    note = HELD_BACK_NOTE if any(value is None for row in cells for value in row) else ""
    return table(caption, [*head, *share_heads], cells, note=note)


def _outcomes(line: LineFigures, computed: Computed) -> dict[str, Any]:
    row = line.public.line
    blocks: list[Block | None] = [
        paragraphs(
            _headline(line),
            wording.public_row_words(line.name, row) if row.level != NONE else "",
        )
    ]
    if row.level != NONE:
        names = [label(code) for code in GRADES]
        if row.level != FOUR:
            names = ["Good or better", "Below good"]
        counts = list(zip(names, row.counts, strict=True))
        blocks += [
            grades_chart(line.name, counts),
            table(f"{line.name}: grades of record", ["Grade", "Files"], [*counts, ("All", row.n)]),
        ]
    return section(
        f"Outcomes – {line.name}",
        *blocks,
        *_trend(line, computed),
        public_baselines(line, HELD_BACK_NOTE),
    )


def _trend(line: LineFigures, computed: Computed) -> list[Block]:
    public = _public_trend(line, computed)
    points = [
        share_point(
            row["quarter"],
            row["good_or_better"]["percent"],
            row["good_or_better"]["interval"],
            baseline=row["baseline"],
        )
        for row in public
        if row["good_or_better"]
    ]
    if len(public) < 2 or not points:
        return []
    cells = [
        (
            marked(row["quarter"], row["baseline"]),
            shown["n"] if shown else None,
            percent_words(shown["percent"]) if shown else None,
            range_words(shown["interval"]) if shown else None,
            change_words(whole) if row["change"] else "–",
        )
        for row, whole in zip(public, line.trend, strict=True)
        for shown in (row["good_or_better"],)
    ]
    held_back = HELD_BACK_NOTE if len(points) < len(public) else ""
    notes = (held_back, wording.CHANGE_NOTE, wording.baseline_note(line.trend))
    return [
        paragraphs(*_changed(line, computed), wording.after_a_baseline(line.trend)),
        shares_chart("trend", f"{line.name}: share good or better by quarter", points),
        table(
            f"{line.name}: good or better by quarter",
            ["Quarter", "Files", *share_head(computed), "Change"],
            cells,
            note=" ".join(filter(None, notes)),
        ),
    ]


def _by_service(computed: Computed) -> dict[str, Any]:
    blocks: list[Block | None] = []
    for line in computed.lines:
        rows = [
            (row.name, row, figures)
            for row, figures in zip(
                with_line(line.public.services, line.public.line),
                with_line(line.services, line.grades),
                strict=True,
            )
        ]
        points = [
            share_point(name, shown["good_or_better_percent"], shown["interval"])
            for name, row, figures in rows[: len(line.services)]
            if (shown := public_row(row, figures))["interval"]
        ]
        if points:
            blocks.append(
                shares_chart("shares", f"{line.name}: share good or better by service", points)
            )
        blocks.append(_rows_table(f"{line.name} by service", "Service", rows, computed))
    return section("By Service", *blocks)


def _agency(computed: Computed) -> dict[str, Any] | None:
    tables = [
        _rows_table(
            f"{line.name}: permanent and agency workers",
            "Who held the case",
            [
                (AGENCY_WORDS[row.name], row, figures)
                for row, figures in zip(line.public_agency, line.agency, strict=True)
            ],
            computed,
        )
        for line in computed.lines
        if line.public_agency and any(row.level != NONE for row in line.public_agency)
    ]
    if not tables:
        return None
    return section(
        "Additional Factors",
        paragraphs(
            "Results by the kind of contract of the practitioner who held the case for most of the "
            "period judged. Intervals are wide, because nobody counts open cases by kind of "
            "contract.",
        ),
        *tables,
    )
