"""Reading: how likely a draw was to select its cases, as pages and certificates show it."""

from __future__ import annotations

from typing import Any

from cases.models import ChancesOfDraw, Draw, InclusionProbability, SampledCase, SamplingFrame


def chances_of(draw: Draw) -> ChancesOfDraw | None:
    """The estimated chances of ``draw``; None before a worker has estimated them."""
    return ChancesOfDraw.objects.filter(draw=draw).first()


def chance_of_case(case: SampledCase) -> float | None:
    """How likely the draw of ``case`` was to select it; None where that is not estimated."""
    found = InclusionProbability.objects.filter(chances__draw=case.draw_id, entry=case.entry_id)
    return found.values_list("probability", flat=True).first()


def stratum_rows(chances: ChancesOfDraw, frame: SamplingFrame) -> list[list[Any]]:
    """Rows of a table: service, open, cannot be audited, never, lowest, average, highest."""
    return [
        [
            frame.stratum_words(name),
            f"{found['open']:,}",
            f"{found['not_eligible']:,}",
            f"{found['never']:,}",
            *(share(found[each]) for each in ("lowest", "average", "highest")),
        ]
        for name, found in sorted(chances.strata.items())
    ]


def without_a_chance(chances: ChancesOfDraw) -> tuple[int, int]:
    """How many open cases had none: those that cannot be audited, and eligible ones."""
    found = chances.strata.values()
    return sum(each["not_eligible"] for each in found), sum(each["never"] for each in found)


def share(chance: float) -> str:
    """A chance as a percentage with one decimal."""
    return f"{100 * chance:.1f}%"
