#!/usr/bin/env python3
"""Check a draw's certificate: repeat the draw from the file and compare.

Usage: python3 verify_draw.py CERTIFICATE.json [--frame-sha256 HASH] [--seed TEXT]

Ends with 0 and prints "verified" if everything in the file follows from its frame, seed and
settings; with 1 and the first difference if not; with 2 if the file cannot be read as a
certificate. Give the hash that was published when the frame was frozen, and the seed that was
seen, to have them compared as well. What verification does not cover is said on standard error.

Written from docs/draw.md alone. It must stay free of anything but Python's standard library (3.8 or
later) and share no code with the application that made the draw.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import sys
import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Item = dict[str, Any]
    Turn = tuple[int, Item]  # its pass, and the case
    Form = str | type

FORMAT = "case-file-audit draw"
KEY = r"[!-~]{1,64}"
CODE = r"[a-z][a-z0-9_]{0,39}"
NAME = r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}"
FRACTION = r"[0-9]{1,18}/[1-9][0-9]{0,17}"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

# A form for each kind of text in the file, and the members of each kind of object.
CASE: dict[str, Form] = {
    "key": KEY,
    "stratum": NAME,
    "not_eligible": f"({CODE})?",
    "practitioner": f"({KEY})?",
    "family": f"({KEY})?",
}
DRAWN: dict[str, Form] = {
    "key": str,
    "stratum": str,
    "role": str,
    "rank": int,
    "ticket": str,
    "pass_number": int,
}
PASSED_OVER: dict[str, Form] = {"key": str, "stratum": str, "ticket": str, "code": str}
SETTINGS: dict[str, Form] = {
    "rate": FRACTION,
    "rounding": "up|nearest",
    "minimum_per_stratum": int,
    "reserve_share": FRACTION,
    "reserve_minimum": int,
    "rotation": bool,
    "one_per_family": bool,
}
# What the file may have at its top, and what of that are statements that nothing follows from.
STATEMENTS = ("about", "seed_committed", "chances")
REPEATED = ("format", "version", "frame", "seed", "policy", "tickets", "result")
PARTS = {
    "frame": ("quarter", "frozen_on", "strata", "rested", "cases", "sha256"),
    "result": ("strata", "drawn", "passed_over", "sha256"),
}
COUNTS = ("open", "eligible", "quota", "selected", "reserves_wanted", "reserves", "shortfall")


class Unreadable(Exception):
    """The file is no certificate that this program can read."""


class Difference(Exception):
    """Something in the file does not follow from the rest."""


# Reading


def refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("an object in the file names the same member twice")
    return members


def load(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=refuse_repeated)
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be opened") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON: {error}") from error


def is_a(value: object, form: Form) -> bool:
    """Whether a value has a form: a type, or the pattern of a text. True is no number."""
    if isinstance(form, type):
        return type(value) is form
    return isinstance(value, str) and re.fullmatch(form, value) is not None


def member(parent: object, name: str, form: Form, where: str) -> Any:
    if not isinstance(parent, dict) or name not in parent:
        raise Unreadable(f"{where} has no {name}")
    if not is_a(parent[name], form):
        raise Unreadable(f"{where}: {name} is not of the form it should have")
    return parent[name]


def check_object(item: object, members: Mapping[str, Form], where: str) -> None:
    """An object with these members, of these forms, and no others."""
    for name, form in members.items():
        member(item, name, form, where)
    for name in item if isinstance(item, dict) else ():
        if name not in members:
            raise Unreadable(f"{where} has {name!r}, which this version does not know")


def check_list(parent: object, name: str, members: Mapping[str, Form], where: str) -> None:
    for number, item in enumerate(member(parent, name, list, where), 1):
        check_object(item, members, f"{where}: {name}, number {number}")


def check_texts(parent: object, name: str, form: str, where: str) -> None:
    if not all(is_a(text, form) for text in member(parent, name, list, where)):
        raise Unreadable(f"{where}: {name} holds something that does not belong there")


def check_form(data: Any) -> None:
    """Every part that is used later is there and of the right form. Raises Unreadable."""
    if member(data, "format", str, "the file") != FORMAT:
        raise Unreadable(f"its format is not {FORMAT!r}")
    if member(data, "version", int, "the file") != 1:
        raise Unreadable("its version is one that this program does not know")
    frame = member(data, "frame", dict, "the file")
    member(frame, "quarter", "[0-9]{4}-Q[1-4]", "the frame")
    member(frame, "frozen_on", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "the frame")
    member(frame, "sha256", str, "the frame")
    check_texts(frame, "strata", NAME, "the frame")
    check_texts(frame, "rested", KEY, "the frame")
    check_list(frame, "cases", CASE, "the frame")
    member(data, "seed", str, "the file")
    member(data, "seed_committed", bool, "the file")
    member(data, "policy", dict, "the file")
    tickets = member(data, "tickets", dict, "the file")
    if not all(is_a(ticket, str) for ticket in tickets.values()):
        raise Unreadable("a ticket is not a text")
    result = member(data, "result", dict, "the file")
    member(result, "sha256", str, "the result")
    check_list(result, "drawn", DRAWN, "the result")
    check_list(result, "passed_over", PASSED_OVER, "the result")
    members: dict[str, Form] = dict.fromkeys(COUNTS, int)
    members["not_eligible"] = dict
    for name, numbers in member(result, "strata", dict, "the result").items():
        check_object(numbers, members, f"the result for {name}")


# Repeating the draw


def sha256_of_lines(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update((line + "\n").encode("utf-8"))
    return digest.hexdigest()


def frame_lines(frame: Item) -> Iterator[str]:
    yield "case-file-audit frame 1"
    yield "quarter\t" + frame["quarter"]
    yield "frozen_on\t" + frame["frozen_on"]
    for name in sorted(frame["strata"]):
        yield "stratum\t" + name
    for key in sorted(frame["rested"]):
        yield "rested\t" + key
    for case in sorted(frame["cases"], key=lambda case: case["key"]):
        values = [case[name] for name in CASE]
        yield "\t".join(["case", *values])


def ticket_of(seed: str, key: str) -> str:
    text = "case-file-audit ticket 1\n" + seed + "\n" + key
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def ceiling(number: Fraction) -> int:
    return -((-number.numerator) // number.denominator)


def quota_and_reserves(open_cases: int, policy: Item) -> tuple[int, int]:
    share = open_cases * Fraction(policy["rate"])
    if policy["rounding"] == "nearest":
        quota = (share + Fraction(1, 2)).__floor__()
    else:
        quota = ceiling(share)
    quota = min(open_cases, max(quota, policy["minimum_per_stratum"]))
    if quota == 0:
        return 0, 0
    wanted = ceiling(quota * Fraction(policy["reserve_share"]))
    return quota, max(wanted, policy["reserve_minimum"])


def in_passes(cases: list[Item], rested: set[str], rotation: bool) -> list[Turn]:
    """(pass, case) of the cases of a stratum in draw order, pass after pass.

    ``cases`` come by ticket. In each pass whoever has cases left puts their next one forward.
    """
    if not rotation:
        return [(1, case) for case in cases]
    queues: dict[str | tuple[str, str], list[Item]] = {}
    for case in cases:
        person = case["practitioner"] or ("nobody", case["key"])
        queues.setdefault(person, []).append(case)
    for queue in queues.values():
        queue.reverse()  # so that the next one can be taken off the end
    order: list[Turn] = []
    number = 0
    while queues:
        number += 1
        taking_part = [p for p in queues if number > 1 or p not in rested]
        forward = [queues[person].pop() for person in taking_part]
        order += [(number, case) for case in sorted(forward, key=by_ticket)]
        queues = {person: queue for person, queue in queues.items() if queue}
    return order


def by_ticket(case: Item) -> tuple[str, str]:
    return case["ticket"], case["key"]


def draw_stratum(
    cases: list[Item], families: set[str], rested: set[str], policy: Item
) -> tuple[Item, list[Item], list[Item]]:
    """(numbers, drawn, passed over) of a stratum; ``families`` gains those of its selected."""
    quota, wanted = quota_and_reserves(len(cases), policy)
    eligible = sorted((case for case in cases if not case["not_eligible"]), key=by_ticket)
    selected: list[Turn] = []
    siblings: list[Turn] = []
    later: list[Turn] = []
    for number, case in in_passes(eligible, rested, policy["rotation"]):
        family = case["family"] if policy["one_per_family"] else ""
        if len(selected) == quota:
            later.append((number, case))
        elif family and family in families:
            siblings.append((number, case))
        else:
            selected.append((number, case))
            families.add(family)
    reserves = (later + siblings)[:wanted]
    not_eligible: dict[str, int] = {}
    for case in cases:
        if case["not_eligible"]:
            not_eligible[case["not_eligible"]] = not_eligible.get(case["not_eligible"], 0) + 1
    numbers = {
        "open": len(cases),
        "eligible": len(eligible),
        "not_eligible": not_eligible,
        "quota": quota,
        "selected": len(selected),
        "reserves_wanted": wanted,
        "reserves": len(reserves),
        "shortfall": quota - len(selected),
    }
    drawn = [
        drawn_case(case, "selected" if rank <= len(selected) else "reserve", rank, number)
        for rank, (number, case) in enumerate(selected + reserves, 1)
    ]
    return numbers, drawn, passed_over(selected, siblings, later, rested)


def drawn_case(case: Item, role: str, rank: int, number: int) -> Item:
    return {
        "key": case["key"],
        "stratum": case["stratum"],
        "role": role,
        "rank": rank,
        "ticket": case["ticket"],
        "pass_number": number,
    }


def passed_over(
    selected: list[Turn],
    siblings: list[Turn],
    later: list[Turn],
    rested: set[str],
) -> list[Item]:
    if not selected:
        return []
    highest = max(by_ticket(case) for _, case in selected)
    found = [(case, "family") for _, case in siblings]
    for number, case in later:
        held_back = number == 2 and case["practitioner"] in rested
        found.append((case, "rested" if held_back else "practitioner"))
    found = [(case, code) for case, code in found if by_ticket(case) < highest]
    found.sort(key=lambda pair: by_ticket(pair[0]))
    return [
        {"key": c["key"], "stratum": c["stratum"], "ticket": c["ticket"], "code": code}
        for c, code in found
    ]


def draw_lines(
    frame_sha256: str,
    seed: str,
    policy: Item,
    strata: dict[str, Item],
    drawn: list[Item],
    passed: list[Item],
) -> Iterator[str]:
    yield "case-file-audit draw 1"
    yield "frame\t" + frame_sha256
    yield "seed\t" + seed
    for name in sorted(policy):
        yield line("setting", name, written(policy[name]))
    for name in sorted(strata):
        n = strata[name]
        yield line("stratum", name, n["open"], n["eligible"], n["quota"], n["reserves_wanted"])
    for d in drawn:
        yield line(d["role"], d["stratum"], d["rank"], d["pass_number"], d["ticket"], d["key"])
    for p in passed:
        yield line("passed_over", p["stratum"], p["ticket"], p["key"], p["code"])


def line(*values: object) -> str:
    return "\t".join(map(str, values))


def written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and "/" in value:
        fraction = Fraction(value)
        return f"{fraction.numerator}/{fraction.denominator}"
    return str(value)


# Comparing


def expect(what: str, wanted: object, in_file: object, source: str = "computed") -> None:
    if wanted != in_file:
        raise Difference(f"{what}: {source} {wanted}, the file says {in_file}")


def check_frame(frame: Item) -> None:
    if not frame["cases"]:
        raise Difference("the frame holds no case: there is nothing to draw from")
    for name in ("strata", "rested"):
        if len(set(frame[name])) != len(frame[name]):
            raise Difference(f"the frame's {name}: something is there twice")
    known = set(frame["strata"])
    keys: set[str] = set()
    for case in frame["cases"]:
        if case["key"] in keys:
            raise Difference(f"case {case['key']} is in the frame twice")
        keys.add(case["key"])
        if case["stratum"] not in known:
            raise Difference(f"case {case['key']} is in {case['stratum']!r}, no stratum")
    expect("hash of the frame", sha256_of_lines(frame_lines(frame)), frame["sha256"])


def check_seed(seed: str) -> None:
    printable = all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in seed)
    if not 0 < len(seed) <= 200 or not printable or seed != seed.strip():
        raise Difference("the seed is not one line of 1 to 200 characters")
    if unicodedata.normalize("NFC", seed) != seed:
        raise Difference("the seed is not in normal form NFC")


def check_policy(policy: Item) -> None:
    expect("settings", sorted(SETTINGS), sorted(policy))
    for name, form in SETTINGS.items():
        value = policy[name]
        if not is_a(value, form) or (form is int and value < 0):
            raise Difference(f"the setting {name} cannot be {value!r}")
        if value != written(value) and isinstance(value, str):
            raise Difference(f"the setting {name} is {value}: {written(value)} in lowest terms")
    if not 0 < Fraction(policy["rate"]) <= 1:
        raise Difference(f"the rate {policy['rate']} is not more than 0 and at most 1")


def check_tickets(cases: list[Item], seed: str, tickets: Item) -> None:
    """Give every eligible case its ticket, and compare with the file's."""
    eligible = [case for case in cases if not case["not_eligible"]]
    for case in sorted(eligible, key=lambda case: case["key"]):
        case["ticket"] = ticket_of(seed, case["key"])
        in_file = tickets.get(case["key"], "nothing")
        expect(f"ticket of case {case['key']}", case["ticket"], in_file)
    extra = set(tickets) - {case["key"] for case in eligible}
    if extra:
        raise Difference(f"case {min(extra)} has a ticket and is not an eligible case")


def check_entries(what: str, computed: list[Item], in_file: list[Item]) -> None:
    """Two lists of objects with the same members, one after the other."""
    for number, entry in enumerate(computed):
        place = f"{what} {number + 1}"
        if number >= len(in_file):
            raise Difference(f"{place}: case {entry['key']} is missing in the file")
        for name in entry:
            of_case = f"{place} (case {entry['key']}): {name}"
            expect(of_case, entry[name], in_file[number][name])
    if len(in_file) > len(computed):
        extra = in_file[len(computed)]["key"]
        raise Difference(f"{what}: case {extra} is in the file, but was not drawn so")


def check_strata(computed: dict[str, Item], in_file: dict[str, Item]) -> None:
    expect("strata of the result", sorted(computed), sorted(in_file))
    for name in sorted(computed):
        for number in computed[name]:
            what = f"{name}: {number}"
            expect(what, computed[name][number], in_file[name][number])


def check_times(about: object) -> None:
    """The frame was frozen before the draw, by the council's own statement, where there is one."""
    if not isinstance(about, dict) or not {"frozen_at", "drawn_at"} <= set(about):
        return
    frozen = member(about, "frozen_at", MOMENT, "about")
    drawn = member(about, "drawn_at", MOMENT, "about")
    if frozen > drawn:
        raise Difference(f"the frame was frozen at {frozen}, after the draw at {drawn}")


def remarks(data: Item) -> Iterator[str]:
    """What a reader must know beside "verified", warnings first."""
    about = data.get("about")
    about = about if isinstance(about, dict) else {}
    if not data["seed_committed"]:
        yield (
            "WARNING: the seed was known before the frame was frozen (seed_committed is false). "
            "This draw does not prove that the list was fixed first."
        )
    if about.get("seed_made") == "unwitnessed":
        yield (
            "WARNING: nobody is recorded who saw the seed made (seed_made is unwitnessed). "
            "Other seeds may have been tried before it."
        )
    stated = [name for name in STATEMENTS if name in data]
    yield "not covered, statements of the council: " + ", ".join(stated)
    unknown = sorted(set(data) - set(STATEMENTS) - set(REPEATED))
    for part, members in PARTS.items():
        unknown += sorted(f"{part}.{name}" for name in set(data[part]) - set(members))
    if unknown:
        yield "ignored, not known to this program: " + ", ".join(map(repr, unknown))


def verify(data: Any) -> None:
    """Raises Unreadable or Difference, or returns."""
    check_form(data)
    check_times(data.get("about"))
    frame, seed, policy, result = data["frame"], data["seed"], data["policy"], data["result"]
    check_frame(frame)
    check_seed(seed)
    check_policy(policy)
    check_tickets(frame["cases"], seed, data["tickets"])
    by_stratum: dict[str, list[Item]] = {name: [] for name in sorted(frame["strata"])}
    for case in frame["cases"]:
        by_stratum[case["stratum"]].append(case)
    rested = set(frame["rested"])
    families: set[str] = set()
    strata: dict[str, Item] = {}
    drawn: list[Item] = []
    passed: list[Item] = []
    for name, cases in by_stratum.items():
        strata[name], d, p = draw_stratum(cases, families, rested, policy)
        drawn += d
        passed += p
    check_strata(strata, result["strata"])
    check_entries("drawn", drawn, result["drawn"])
    check_entries("passed over", passed, result["passed_over"])
    lines = draw_lines(frame["sha256"], seed, policy, strata, drawn, passed)
    expect("hash of the draw", sha256_of_lines(lines), result["sha256"])


def main(arguments: list[str] | None = None) -> int:
    """Verify the file that the arguments name. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Repeat a draw from its certificate and compare.")
    parser.add_argument("file", help="the certificate, a JSON file")
    parser.add_argument("--frame-sha256", help="the hash published when the frame was frozen")
    parser.add_argument("--seed", help="the seed as it was seen")
    options = parser.parse_args(arguments)
    try:
        data = load(options.file)
        verify(data)
        if options.frame_sha256 is not None:
            # Written down in groups, as it is shown.
            published = "".join(options.frame_sha256.split()).lower()
            expect("hash of the frame", published, data["frame"]["sha256"], "you say")
        if options.seed is not None:
            expect("seed", options.seed.strip(), data["seed"], "you say")
    except Unreadable as error:
        print(f"This is not a certificate that can be verified: {error}.", file=sys.stderr)
        return 2
    except Difference as difference:
        print(f"not verified: {difference}")
        return 1
    print("verified")
    # Beside the answer, for people: what they compare with what was published.
    print(f"hash of the frame: {data['frame']['sha256']}", file=sys.stderr)
    print(f"seed: {data['seed']}", file=sys.stderr)
    for remark in remarks(data):
        print(remark, file=sys.stderr)
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show is escaped
    sys.exit(main())
