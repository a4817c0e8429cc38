"""Ofsted's Annex A workbook: which sheet is which list, and what each list says of a case.

Source: Annex A to the ILACS and JTAI guidance, child level data, lists 1 to 11, in the versions
of August 2019 to 2024 (list 9 grew in between; no heading that is read here changed its meaning).

Which rows are open: list 2 without a completion date, lists 6, 7 and 8 without a closure, end or
ceased date, every row of list 9. Lists 1, 3, 4, 5 and 10 are events: they make a child known and
open no case. List 11 is adopters, who are not children, and is not read. List 6 holds every
statutory child; its "Case status" gives the service, which lists 7, 8 and 9 may overrule by the
order of precedence. Guidance asks for the first of looked after, child protection, child in need,
open assessment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from cases.importers.headings import COMMON, HEADER_SEARCH_ROWS, heading_key, known_fields


@dataclass(frozen=True, slots=True)
class ListProfile:
    """What one list is called and how its rows are read.

    `service_code` None means events. `columns` maps a heading's key to its field, the common
    headings included. `distinctive` holds headings that tell this list from the others.
    `closing` is the heading of the date that closes a case, "" where a list has none.
    """

    list_code: str
    title: str
    service_code: str | None
    columns: Mapping[str, str]
    distinctive: frozenset[str] = frozenset()
    opening: str = ""
    closing: str = ""
    required: tuple[str, ...] = field(default=("child_id",))


def _profile(
    number: int,
    title: str,
    service: str | None,
    *,
    opened: str = "",
    closed: str = "",
    status: str = "",
    marks: str = "",
) -> ListProfile:
    """A list from its headings, alternatives separated by "|", the usual one first."""
    columns = dict(COMMON)
    for name, headings in (("opened_on", opened), ("closed_on", closed), ("status", status)):
        columns.update((heading_key(heading), name) for heading in headings.split("|") if heading)
    named = {heading_key(part) for part in f"{opened}|{closed}|{status}|{marks}".split("|")}
    return ListProfile(
        f"list_{number}",
        f"List {number}: {title}",
        service,
        MappingProxyType(columns),
        frozenset(named - {""} - set(COMMON)),
        opened.split("|", maxsplit=1)[0],
        closed.split("|", maxsplit=1)[0],
    )


_PROFILES = (
    _profile(1, "Contacts", None, marks="date of contact|contact source"),
    _profile(
        2,
        "Early Help",
        "early_help",
        opened="Assessment start date|Early help assessment start date|Early help start date",
        closed="Assessment completion date|Early help assessment completion date"
        "|Assessment end date|Early help end date",
        marks="organisation completing assessment",
    ),
    _profile(
        3,
        "Referrals",
        None,
        marks="date of referral|referral source|referral nfa|number of referrals in last 12 months",
    ),
    _profile(
        4,
        "Assessments",
        None,
        marks="continuous assessment start date|child seen during continuous assessment|"
        "continuous assessment date of authorisation|"
        "was the child assessed as requiring la children's social care support",
    ),
    _profile(
        5,
        "Section 47 enquiries and Initial Child Protection Conferences",
        None,
        marks="strategy discussion initiating section 47 enquiry start date|"
        "was an initial child protection conference deemed unnecessary|"
        "date of initial child protection conference|number of icpcs in the last 12 months|"
        "did the initial child protection conference result in a child protection plan|"
        "number of section 47 enquiries in the last 12 months",
    ),
    _profile(
        6,
        "Children in need",
        "child_in_need",
        opened="CIN Start Date|CIN episode start date|Start date of episode of need",
        closed="CIN Closure Date|CIN End Date|CIN episode closure date",
        status="Case status|Current case status",
        marks="primary need code|date child was last seen|reason for closure",
    ),
    _profile(
        7,
        "Child protection",
        "child_protection",
        opened="Child Protection Plan Start Date|CPP Start Date|CP Plan Start Date",
        closed="Child Protection Plan End Date|CPP End Date|CP Plan End Date",
        marks="initial category of abuse|latest category of abuse|"
        "date of the last statutory visit|number of previous child protection plans|"
        "date of latest review conference",
    ),
    _profile(
        8,
        "Children in care",
        "looked_after",
        opened="Date Started to be Looked After|Date became looked after",
        closed="Date Ceased to be Looked After|Date ceased being looked after",
        marks="child's category of need|start date of current legal status|placement type|"
        "reason ceased to be looked after|date of latest statutory review|placement provider",
    ),
    _profile(
        9,
        "Care leavers",
        "care_leaver",
        marks="eligibility category|la in touch|type of accommodation|"
        "suitability of accommodation|activity status|allocated personal advisor",
    ),
    _profile(
        10,
        "Adoption",
        None,
        marks="date the child entered care|date of placement order|date placed for adoption|"
        "date of decision that child should be placed for adoption|"
        "date of matching child and prospective adopters|"
        "date of decision that child should no longer be placed for adoption",
    ),
    _profile(
        11,
        "Prospective adopters",
        None,
        marks="individual adopter identifier|date enquiry received|date stage 1 started|"
        "date stage 1 ended|date stage 2 started|date stage 2 ended|date application submitted|"
        "date application approved",
    ),
)
LISTS: Final[Mapping[str, ListProfile]] = MappingProxyType({p.list_code: p for p in _PROFILES})
ADOPTERS: Final = "list_11"

_NUMBERED = re.compile(
    r"^\W*(?:annex\s*a\W*)?(?:list[\s_.\-]*0*(\d{1,2})(?!\d)|0*(\d{1,2})\s*[.)_:\-]\s*[a-z])",
    re.IGNORECASE,
)
# What else stands in a workbook, and in one whose sheets are numbered.
_OTHER = r"front|cover|guidance|codes?\b|codes?_|faq|index|notes|read.?me"
_NOT_A_LIST = re.compile(rf"^\W*(?:{_OTHER})", re.IGNORECASE)
_NUMBERED_OTHER = re.compile(
    rf"^\W*0*\d{{1,2}}\s*[.)_:\-]\s*(?:{_OTHER}|summary|summaries|totals?|contents|overview|dashboard"
    r"|validation|checks?\b|version|introduction|instructions|glossary|definitions|pivot|charts?\b)",
    re.IGNORECASE,
)
_TITLES = {
    heading_key(title): f"list_{number}"
    for number, titles in {
        1: "contacts|contact",
        2: "early help|early help assessments",
        3: "referrals|referral",
        4: "assessments|assessment",
        5: "section 47|s47|section 47 enquiries|s47 and icpc|section 47 and icpc",
        6: "children in need|child in need|cin",
        7: "child protection|child protection plans|cp|cpp",
        8: "children in care|children looked after|looked after children|looked after|lac|cla|cic",
        9: "care leavers|leaving care",
        10: "adoption|adoptions|children for adoption",
        11: "adopters|prospective adopters",
    }.items()
    for title in titles.split("|")
}


@dataclass(frozen=True, slots=True)
class FoundList:
    """A sheet recognised as a list: its profile, its 1-based header row, a remark or ""."""

    profile: ListProfile
    header_row: int
    header: Sequence[object]
    has_id: bool
    remark: str = ""


def list_by_number(sheet: str) -> str | None:
    """The list whose number a sheet's name gives: "List_6" and "6. Children in need", and not
    "2. Summary"."""
    found = None if _NUMBERED_OTHER.match(sheet) else _NUMBERED.match(sheet)
    code = f"list_{int(found[1] or found[2])}" if found else ""
    return code if code in LISTS else None


def list_by_name(sheet: str) -> str | None:
    """ "List_6", "list 6", "6. Children in need", "CIN" are list_6; a front sheet is none."""
    return list_by_number(sheet) or _TITLES.get(heading_key(sheet))


def find_list(
    sheet: str, top: Sequence[Sequence[object]], *, what: str = "sheet"
) -> FoundList | None:
    """Which list a sheet is, from its name and its first ten rows; None if it is none.

    A sheet named as a list is that list unless its columns are plainly another's. A sheet with
    any other name must show an id column, other common columns, and two columns of one list.
    """
    if _NOT_A_LIST.match(sheet):
        return None
    named = list_by_name(sheet)
    best = _best_header(top)
    if best is None:
        return None
    row, header, marks = best
    code = max(marks, key=lambda candidate: marks[candidate])
    fields = known_fields(header, COMMON)
    if not marks[code] and "service" in map(heading_key, header):
        return None  # our own template, in a sheet that happens to be called "Assessments"
    if named is None:
        ids = {"child_id"} if code != ADOPTERS else set()
        if marks[code] < 2 or not ids <= fields or len(fields) < 3:
            return None
        return _found(code, row, header, "")
    if marks[code] < marks[named] + 2:
        return _found(named, row, header, "")
    remark = (
        f"The {what} is called \u201c{sheet}\u201d, but its columns are those of "
        f"{LISTS[code].title}. It was read as that list."
    )
    return _found(code, row, header, remark)


def _found(code: str, row: int, header: Sequence[object], remark: str) -> FoundList:
    profile = LISTS[code]
    has_id = code == ADOPTERS or "child_id" in known_fields(header, profile.columns)
    return FoundList(profile, row, header, has_id, remark)


def _best_header(
    top: Sequence[Sequence[object]],
) -> tuple[int, Sequence[object], dict[str, int]] | None:
    """The row with most known headings (at least two), with each list's count of its own."""
    best: tuple[int, Sequence[object], dict[str, int]] | None = None
    most = 1
    for number, header in enumerate(top[:HEADER_SEARCH_ROWS], start=1):
        keys = {heading_key(cell) for cell in header} - {""}
        marks = {code: len(keys & profile.distinctive) for code, profile in LISTS.items()}
        score = len(known_fields(header, COMMON)) + max(marks.values())
        if score > most:
            best, most = (number, header, marks), score
    return best
