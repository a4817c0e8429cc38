"""Reading: a draw as the file that strangers repeat it from, and as a page to sign and file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from cases.models import Draw, SamplingFrame
from cases.pdf import Rendered, pdf_of
from cases.queries.chances import chances_of, share, without_a_chance
from cases.queries.frame import frame_of_rules
from cases.queries.themes import cohort_in_words
from cases.rules.certificate import CertificateMeta, export
from cases.rules.frame import Frame
from cases.rules.numbers import exclusion_in_words
from cases.rules.policy import STRATA_BY, CasePolicy
from cases.rules.rates import show_rate
from cases.rules.sampling import DrawResult
from cases.rules.sampling import draw as draw_again

TEMPLATE = "cases/pdf/certificate.html"
SEED_MADE = {
    "generated": "It was made by the system, at random.",
    "unwitnessed": "Not witnessed: nobody is recorded who saw this seed made, so others may have "
    "been tried before it.",
}
NUMBERS = {
    "open": "Open",
    "eligible": "Eligible",
    "quota": "Quota",
    "selected": "Selected",
    "reserves": "Reserves",
    "shortfall": "Short",
}


def drawn_again(draw: Draw) -> tuple[Frame, DrawResult]:
    """The frame and the result of ``draw``, made again from its stored frame, seed and policy.

    ValueError where they are not what is stored: then somebody has changed the database behind the
    application's back.
    """
    frame = frame_of_rules(draw.frame)
    result = draw_again(frame, draw.seed, CasePolicy.from_dict(draw.policy))
    if frame.sha256 != draw.frame.sha256 or result.sha256 != draw.result_sha256:
        raise ValueError(f"{draw.reference} as stored is not what its frame and seed give.")
    return frame, result


def certificate(draw: Draw) -> dict[str, Any]:
    """Everything needed to repeat ``draw`` without this software (docs/draw.md).

    The draw is made again on the way, ValueError as in `drawn_again`.
    """
    frame, result = drawn_again(draw)
    meta = CertificateMeta(
        reference=draw.reference,
        council=settings.COUNCIL_NAME,
        frozen_at=draw.frame.frozen_at,
        drawn_at=draw.drawn_at,
        seed_committed=draw.seed_committed,
        seed_made=draw.seed_made,
        seed_witnesses=draw.seed_witnesses,
        reason=draw.reason,
        theme=_theme_in_words(draw),
    )
    data = export(frame, result, meta)
    if chances := chances_of(draw):
        data["chances"] = {"draws": chances.simulated_draws, "strata": chances.strata}
    return data


def _theme_in_words(draw: Draw) -> str:
    if draw.theme is None:
        return ""
    return f"{draw.theme.name}. Open cases of the cohort: {cohort_in_words(draw.theme)}."


def certificate_pdf(draw: Draw) -> Rendered:
    """The certificate to print: hashes, seed, quotas and how to check them.

    One page: set closer where the strata are many, and their numbers added up for each service
    where they are so many that nobody could read them on one. The file has each.

    The draw is made again on the way: ValueError as in `certificate`, Refused where this machine
    cannot make PDFs. The same draw gives the same bytes.
    """
    data = certificate(draw)
    found = data["result"]["strata"]
    context = {
        "draw": draw,
        "about": data["about"],
        "theme": data["about"].get("theme", ""),
        "quarter_name": draw.quarter.quarter.name,
        "frame_cases": len(data["frame"]["cases"]),
        "frame_sha256": data["frame"]["sha256"],
        "seed": data["seed"],
        "seed_words": seed_words(draw),
        "doubtful": seed_doubtful(draw),
        "result_sha256": data["result"]["sha256"],
        "strata_by": draw.frame.strata_by.capitalize(),
        "head": NUMBERS.values(),
        "chances": _chances_in_words(draw),
        "settings": settings_in_words(CasePolicy.from_dict(draw.policy)),
    }
    identifier = f"{draw.reference} {draw.result_sha256}"

    each = [
        [draw.frame.stratum_words(name), *(found[name][code] for code in NUMBERS)]
        for name in sorted(found)
    ]

    def rendered(rows: list[list[Any]], *, close: bool) -> Rendered:
        more = {"close": close, "strata": rows, "added_up": 0 if rows is each else len(each)}
        html = render_to_string(TEMPLATE, {**context, **more})
        return pdf_of(html, moment=draw.drawn_at, identifier=identifier)

    made = rendered(each, close=False)
    if made.pages > 1:
        made = rendered(each, close=True)
    return made if made.pages == 1 else rendered(_by_service(draw, found), close=True)


def _by_service(draw: Draw, found: Mapping[str, Mapping[str, int]]) -> list[list[Any]]:
    """The numbers of strata added up for each service, in the order of their names."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for stratum, numbers in found.items():
        sums[draw.frame.service_of(stratum)].update({code: numbers[code] for code in NUMBERS})
    return [[service, *(sums[service][code] for code in NUMBERS)] for service in sorted(sums)]


def seed_words(draw: Draw) -> str:
    """When and how the seed was made, and who saw it, in sentences."""
    when = (
        "The frame was frozen before this seed was given."
        if draw.seed_committed
        else "Not committed: this seed was known before the frame was frozen, so the draw does not "
        "prove that the list was fixed first."
    )
    seen = f"Seen by {draw.seed_witnesses}." if draw.seed_witnesses else ""
    return " ".join(filter(None, (when, SEED_MADE.get(draw.seed_made), seen)))


def _chances_in_words(draw: Draw) -> str:
    chances = chances_of(draw)
    if chances is None:
        return "How likely each case was to be selected had not been estimated at this time."
    barred, never = without_a_chance(chances)
    some = [found for found in chances.strata.values() if found["open"] > found["not_eligible"]]
    lowest, highest = (
        share(best((found[name] for found in some), default=0))
        for best, name in ((min, "lowest"), (max, "highest"))
    )
    drawn_again = f"{chances.simulated_draws:,} simulated draws of this frame"
    reached = (
        f"{never:,} eligible cases were selected in none of {drawn_again}"
        if never
        else "Every eligible case, or one that the rules cannot tell from it, was selected in some "
        f"of {drawn_again}"
    )
    return (
        f"{barred:,} of the open cases could not be audited: no chance. {reached}; the chances "
        f"of eligible cases lie between {lowest} and {highest}."
    )


def seed_doubtful(draw: Draw) -> bool:
    """Whether the seed may have been chosen: it was known too early, or seen by nobody."""
    return not draw.seed_committed or draw.seed_made == Draw.SeedMade.UNWITNESSED


def rate_words(frame: SamplingFrame) -> str:
    """How far the rate is fixed with a frame, in a sentence."""
    if frame.theme_id is None:
        return "The draw can raise the rate, not lower it."
    return "The rate of a theme is chosen with its draw."


def settings_in_words(policy: CasePolicy) -> list[tuple[str, str]]:
    """What a draw goes by beside frame and seed: fixed with the frame."""
    rounding = "up" if policy.rounding == "up" else "to the nearest, halves up"
    divided = STRATA_BY[policy.strata_by]
    sample = f"{show_rate(policy.rate)} of the open cases of each {divided}, rounded {rounding}"
    reserves = f"{show_rate(policy.reserve_share)} of the sample"
    rotation = "Each practitioner once before any twice" if policy.rotation else "Not used"
    left_out = [(f"Left out, {n}", said) for n, said in enumerate(exclusions_in_words(policy), 1)]
    return [
        ("Sample", f"{sample}, at least {policy.minimum_per_stratum}"),
        ("Reserves", f"{reserves}, at least {policy.reserve_minimum}"),
        ("Rotation", rotation),
        ("Families", "One child of a family" if policy.one_per_family else "Not looked at"),
        *left_out,
    ]


def exclusions_in_words(policy: CasePolicy) -> list[str]:
    """Which open cases the council leaves out, and why: a line for each exclusion."""
    lines = (exclusion_in_words(one.as_dict()) for one in policy.excluded)
    return [line[:1].upper() + line[1:] for line in lines]
