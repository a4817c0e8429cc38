"""The report's sentences, computed from its figures: plain English, and no more than they say.

A sentence never turns a change within chance into better or worse, never gives a percentage of
nothing, and always says of how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audits.rules.grades import in_words
from cases.rules.intervals import Interval, Proportion, percent
from quality.rules.agreement import Agreement
from reports.rules.baselines import BASELINE_NOTE
from reports.rules.figures import FrameCount, GradeFigures, StateFigures, TrendRow
from reports.rules.grade_rows import FOUR, NONE, PublicRow
from reports.rules.trend import MORE_THAN_CHANCE, NOT_COMPARABLE, WITHIN_CHANCE, Detectable
from reports.rules.weighted import WeightedShare

CHANGE_NOTE = (
    "Changes are worked out before rounding: they can differ by one from the percentages shown."
)
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip


def number(count: int) -> str:
    """A count in running text: in words below 10, with a comma from 1,000."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def plural(count: int, one: str, many: str) -> str:
    """A count with its noun: "one file", "175 files"; "no files" for none."""
    if count == 0:
        return f"no {many}"
    return f"{number(count)} {one if count == 1 else many}"


def capital(sentence: str) -> str:
    """A sentence with its first letter made a capital, the rest left alone."""
    return sentence[:1].upper() + sentence[1:]


def interval_words(interval: Interval) -> str:
    """An interval: "36% to 50%", or "43% exactly" where everything was audited."""
    if interval.low == interval.high:
        return f"{interval.low_percent}% exactly, because every case was audited"
    return f"{interval.low_percent}% to {interval.high_percent}%"


def share(proportion: Proportion) -> str:
    """A share in brackets and words: "43% (36% to 50%), 75 of 175 files"."""
    interval = proportion.interval
    if interval is None:
        return "no files"
    return (
        f"{proportion.percent}% ({interval_words(interval)}), "
        f"{proportion.count:,} of {plural(proportion.n, 'file', 'files')}"
    )


def good_or_better(line: str, figures: GradeFigures) -> str:
    """The headline sentence of a line or service, which is named as the report shows it."""
    proportion = figures.good_or_better
    interval = proportion.interval
    if interval is None:
        return f"{line}: nothing was audited with a grade of record, so there is no figure."
    found = (
        f"{line}: {proportion.percent}% were good or better "
        f"({proportion.count:,} of {plural(proportion.n, 'file', 'files')} audited)."
    )
    if interval.low == interval.high:
        return f"{found} Every case that could be drawn was audited."
    return (
        f"{found} Among all cases that could be drawn, the share lies between "
        f"{interval.low_percent}% and {interval.high_percent}%, with "
        f"{confidence(proportion)}% confidence."
    )


def confidence(proportion: Proportion) -> str:
    """The confidence of a proportion's interval in percent: "95", "99.9"."""
    return f"{float(proportion.confidence * 100):g}"


def weighted(found: WeightedShare) -> str:
    """The share weighted by the chances of being selected, and why it may differ."""
    share, low, high = (f"{value:.0%}" for value in (found.share, found.lowest, found.highest))
    if low == high:
        return f"Each case had the same chance of being selected, {low}, so nothing is weighted."
    return (
        f"Weighted by how likely each case was to be selected (from {low} to {high}), the share is "
        f"{share}. Rotation of practitioners, families and the rounding of each group make the "
        "chances differ; the figure above counts each file once."
    )


def described(line: str, figures: GradeFigures) -> str:
    """What share of open cases a line's figures describe; empty where that is not known."""
    population = figures.good_or_better.population
    if population is None or figures.open_cases is None or figures.described_percent is None:
        return ""
    return (
        f"{line}: the figures describe the {plural(population, 'case', 'cases')} that could be "
        f"drawn, {figures.described_percent}% of the {figures.open_cases:,} open."
    )


def change(row: TrendRow, before: str) -> str:
    """Whether the share changed since the quarter before, whose name is given as shown.

    "" for the first quarter of a trend.
    """
    if row.change is None:
        return ""
    difference, points, now = row.change.difference, row.change.points, row.point.good_or_better
    if difference is None or points is None or now.share is None:
        return f"There is nothing to compare with {before}. {row.change.because}"
    as_shown = percent(now.share) - percent(now.share - difference) == points
    rose = "higher" if difference > 0 else "lower"
    if points:
        unit = "percentage point" if abs(points) == 1 else "percentage points"
        moved = f"The share is {number(abs(points))} {unit} {rose} than in {before}"
        moved += "." if as_shown else ", worked out before rounding."
    elif as_shown:
        moved = f"The share is the same as in {before}, to the nearest whole percentage point."
    else:
        moved = (
            f"The share is less than half a percentage point {rose} than in {before}, before "
            "rounding."
        )
    return f"{moved} {verdict(row.change.verdict)}"


def after_a_baseline(rows: Sequence[TrendRow]) -> str:
    """That the last quarter of a trend is compared with nothing; "" where it is not so."""
    if len(rows) < 2 or not rows[-2].point.baseline:
        return ""
    return (
        f"{rows[-2].point.quarter} is a baseline from before this product: no change is worked out "
        "from it."
    )


def baseline_note(rows: Iterable[TrendRow]) -> str:
    """What a baseline among the quarters of a trend is; "" where there is none."""
    return BASELINE_NOTE if any(row.point.baseline for row in rows) else ""


def verdict(code: str) -> str:
    """What may be made of a change."""
    return {
        WITHIN_CHANCE: "This change is within what chance alone would give: it is no evidence "
        "that practice got better or worse.",
        MORE_THAN_CHANCE: "This change is more than chance alone would usually give.",
        NOT_COMPARABLE: "The two quarters cannot be compared.",
    }[code]


def detectable_words(detectable: Detectable) -> str:
    """What change these samples could have told from chance."""
    rise, fall = (detectable.as_dict()[key] for key in ("rise_points", "fall_points"))
    if rise is None and fall is None:
        return "With so few files no change of any size could be told from chance."
    if rise is None or fall is None:
        side, points = ("fall", fall) if rise is None else ("rise", rise)
        other = "rise" if rise is None else "fall"
        return (
            f"With samples of this size only a {side} of {points} percentage points or more could "
            f"be told from chance, and no {other}."
        )
    return (
        f"With samples of this size a rise of less than {rise} percentage points, or a fall of "
        f"less than {fall}, cannot be told from chance."
    )


def public_row_words(line: str, row: PublicRow) -> str:
    """One row of the public edition, as far as it is shown."""
    if row.level == NONE:
        return (
            f"{line}: too few files, or too few with one of the grades, to publish without "
            "pointing at a child."
        )
    if row.level == FOUR:
        a, b, c, d = row.counts
        return (
            f"{line}: {a:,} outstanding, {b:,} good, {c:,} requiring improvement, {d:,} inadequate."
        )
    good, below = row.counts
    return f"{line}: {good:,} good or better, {below:,} below good."


def moderation(agreement: Agreement) -> str:
    """How second graders compared with first ones."""
    if agreement.n == 0:
        return "No file was graded a second time."
    files = plural(agreement.n, "file", "files")
    were = "was" if agreement.n == 1 else "were"
    return (
        f"{capital(files)} {were} graded a second time. The two grades were the same for "
        f"{_of(agreement.exact)}, and no more than one grade apart for "
        f"{_of(agreement.within_one)}. The second grade was lower for {_of(agreement.lower)} and "
        f"higher for {_of(agreement.higher)}."
    )


def _of(count: int) -> str:
    return number(count) if count else "none"


def states(kind: str, kinds: str, figures: StateFigures) -> str:
    """Escalations ("escalation", "escalations") or actions: open, late, finished."""
    count = figures.open_count
    if count == 0:
        start = f"No {kinds} are open."
    else:
        late = "none" if not figures.overdue else number(figures.overdue)
        verb = "is" if count == 1 else "are"
        start = (
            f"{capital(plural(count, kind, kinds))} {verb} open, of which {late} "
            f"{'is' if figures.overdue == 1 else 'are'} overdue."
        )
    answered = figures.answered
    if answered is None or not answered.n:
        return start
    return (
        f"{start} {capital(_of(answered.count))} of {number(answered.n)} "
        f"{'was' if answered.count == 1 else 'were'} acknowledged in time."
    )


def quota(service: str, count: FrameCount) -> str:
    """How a service's quota was met; a shortfall is always said."""
    drawn = (
        f"{service}: {plural(count.selected, 'case', 'cases')} drawn from "
        f"{count.open:,} open, for a quota of {count.quota:,}."
    )
    words = [drawn]
    if count.shortfall:
        words.append(
            f"That is {number(count.shortfall)} short: only {number(count.eligible)} could be "
            "drawn."
        )
    if count.lost:
        cases = plural(count.lost, "case", "cases")
        words.append(f"{capital(cases)} left the sample, and no reserve took the place.")
    return " ".join(words)


def grades(figures: GradeFigures) -> str:
    """All four grades of a line or service: "70% outstanding (14), 25% good (5), …"."""
    if not figures.n:
        return "No grades."
    codes = figures.as_dict()["counts"]
    parts = [
        f"{percentage}% {in_words(code)} ({count:,})"
        for (code, count), percentage in zip(codes.items(), figures.percentages, strict=True)
    ]
    return f"{', '.join(parts)}; {plural(figures.n, 'file', 'files')}."
