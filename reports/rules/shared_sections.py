"""The parts of the report that say the same in both editions: nothing in them is about a child."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from cases.rules.intervals import percent
from reports.rules.computed import Computed
from reports.rules.edition import Block, DrawFacts, facts, paragraphs, section, table
from reports.rules.policy import ReportPolicy

# Times are stored in UTC and shown so, here as on every page.
LONDON = ZoneInfo("Europe/London")
AGENCY_WORDS = {
    "permanent": "Permanent staff",
    "agency": "Agency workers",
    "not_known": "Not known",
}


def day_words(day: date) -> str:
    """A date in full: "5 October 2026"."""
    return f"{day.day} {day:%B %Y}"


def moment_words(moment: datetime) -> str:
    """A moment in local time, whatever zone it is given in: "5 October 2026 at 10:30am".

    The words of the certificate, so that the two can be laid beside each other.
    """
    local = moment.astimezone(LONDON)
    if (local.hour, local.minute) in ((0, 0), (12, 0)):
        clock = "midday" if local.hour else "midnight"
    else:
        minutes = f":{local.minute:02}" if local.minute else ""
        clock = f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"
    return f"{day_words(local.date())} at {clock}"


def rate_words(rate: str) -> str:
    """A rate given as a fraction: "5%"; "" where none is known."""
    if not rate:
        return ""
    share = Fraction(rate)
    whole = percent(share)
    return f"{whole}%" if share * 100 == whole else f"{float(share * 100):g}%"


def programme_words(computed: Computed) -> Block:
    """How the quarter's files were chosen."""
    records = computed.records
    live = live_draw(computed)
    rate = rate_words(live.rate) if live else ""
    begins, ends = (date.fromisoformat(day) for day in (records.starts_on, records.ends_on))
    share = f"At least {rate} of" if rate else "A share of"
    return paragraphs(
        f"This report is about the audits of {records.quarter_name}, {day_words(begins)} to "
        f"{day_words(ends)}.",
        f"{share} the open cases of every service are drawn at random each quarter, from a list of "
        "all open cases that is frozen before the draw. A child whose file has been audited is "
        "never drawn again. Further cases stand in reserve, in the order of the draw: one of them "
        "takes the place of a case that cannot be audited, and somebody outside the case's line "
        "has to agree to it.",
    )


def live_draw(computed: Computed) -> DrawFacts | None:
    """The draw that stands; None where the quarter has none."""
    return next((draw for draw in computed.records.draws if draw.status == "Drawn"), None)


def draw_check(computed: Computed) -> list[Block]:
    """How anybody can repeat the draw."""
    draw = live_draw(computed)
    if draw is None:
        return [paragraphs("No draw stands for this quarter.")]
    committed = (
        "Yes: the frame was frozen, and its hash written down, before the seed was made"
        if draw.seed_committed
        else "No: the seed was known before the frame was frozen"
    )
    rows = [
        ("Draw", f"{draw.reference}, from frame {draw.frame_number}"),
        ("Frame frozen", moment_words(draw.frozen_at)),
        ("Drawn", moment_words(draw.drawn_at)),
        ("Seed", draw.seed),
        ("How the seed was made", draw.seed_made),
        ("Who saw the seed made", draw.seed_witnesses or "Nobody is named"),
        ("Frame fixed before the seed", committed),
        ("SHA-256 of the frame", draw.frame_sha256),
        ("SHA-256 of the result", draw.result_sha256),
    ]
    again = [each for each in computed.records.draws if each.reason]
    return [
        paragraphs(
            "The draw follows from the frozen list of cases and the seed alone. Its certificate "
            "holds both, with a code in place of each child. Whoever has the certificate can "
            "repeat the draw with the verifier verify_draw.py, which shares no code with this "
            "software, and compare the result.",
        ),
        facts("How the draw can be checked", rows),
        paragraphs(*(f"{each.reference} was drawn because: {each.reason}" for each in again)),
    ]


def theme_section(computed: Computed, *numbers: Block) -> dict[str, Any] | None:
    """What the quarter's themes asked and found; ``numbers`` where the edition may show them."""
    themes = computed.records.themes
    if not themes:
        return None
    blocks = [
        facts(
            theme.name,
            [
                ("Question", theme.question),
                ("Open cases of", "; ".join(theme.cohort)),
                ("What was found", theme.findings or "Not written yet"),
            ],
        )
        for theme in themes
    ]
    return section(
        "Thematic audits",
        paragraphs(
            "A theme puts a question of its own to some of the open cases. Its files are drawn "
            "apart from the quarter’s sample, and are in no other grades of this report.",
        ),
        *blocks,
        *numbers,
    )


def tool_section(computed: Computed) -> dict[str, Any] | None:
    """Which audit tools the files were graded with."""
    if not computed.records.tools:
        return None
    rows = [(title, number, standards) for title, number, standards in computed.records.tools]
    return section(
        "Audit Tool & Practice Standards",
        paragraphs(
            "Every file is judged against each practice standard, with the evidence for the grade "
            "written down, and then as a whole. The overall grade is capped where a critical "
            "standard is inadequate or an immediate safeguarding concern is raised.",
        ),
        table("Audit tools used this quarter", ["Tool", "Version", "Practice standards"], rows),
    )


def state_words(state: str) -> str:
    """A state of an escalation or action as the tables show it."""
    return {
        "raised": "Waiting to be acknowledged",
        "acknowledged": "Acknowledged, no plan yet",
        "plan_agreed": "Action plan agreed",
        "awaiting_verification": "Waiting for verification",
        "closed": "Closed",
        "stood_down": "Stood down: the final grade needed none",
        "open": "Open",
        "evidence_offered": "Done, waiting for verification",
        "verified": "Verified: somebody else saw what changed for the child",
        "cancelled": "Cancelled",
        "total": "All open",
    }[state]


def track_words(track: str) -> str:
    """What an escalation is about, as the tables show it."""
    return {
        "immediate_concern": "Immediate safeguarding concern",
        "inadequate": "Inadequate",
        "requires_improvement": "Requires improvement",
    }[track]


def finished_table(kind: str, finished: dict[str, int | None]) -> Block:
    """Escalations or actions that have come to an end."""
    rows = [(state_words(state), count) for state, count in finished.items()]
    return table(f"{kind} that have ended", ["How", "Number"], rows)


def method_section(computed: Computed, *extra: str) -> dict[str, Any]:
    """How the figures were made."""
    policy = computed.policy
    return section(
        "How these figures were made",
        paragraphs(
            "Which cases. The audits are a random sample, without replacement, of the cases that "
            "could be drawn. A percentage is an estimate for those cases and for no others. Cases "
            "that cannot be drawn (audited before, restricted, opened recently, excluded by the "
            "council) are counted in the frame by reason.",
            f"Intervals. The interval beside a percentage holds the true share of those cases with "
            f"{float(policy.confidence * 100):g}% confidence or more. It is the exact "
            "interval for a sample from a known number of cases (Buonaccorsi 1987), so it is "
            "narrower the larger the part of the cases that was audited. Where the number of "
            "cases is not known it is the exact binomial interval (Clopper and Pearson 1934).",
            "Change. A change between two quarters is called more than chance only where the whole "
            "interval of the difference (Newcombe 1998, method 10) lies on one side of no change. "
            "Quarters that have been published before are shown as they were published.",
            "Percentages are whole and each rounded for itself, so a row may add up to 99 or 101. "
            "The change between two of them is worked out before rounding, and is then rounded "
            "itself: from 39.4% to 43.8% it is four points, though 39% and 44% are shown. "
            "Audits without a final grade are in no percentage. Early help and statutory services "
            "are never added together.",
            *extra,
            f"The figures were frozen on {moment_words(computed.frozen_at)}.",
        ),
        facts("Settings used", setting_rows(policy)),
    )


def setting_rows(policy: ReportPolicy) -> Sequence[tuple[str, str]]:
    """The policy's numbers in words."""
    return (
        ("Confidence of intervals", f"{float(policy.confidence * 100):g}%"),
        ("Smallest count published", str(policy.smallest_count)),
        ("Smallest group with a published percentage", str(policy.smallest_group)),
        ("Fewest pairs of grades for a coefficient", str(policy.fewest_pairs)),
    )
