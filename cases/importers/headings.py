"""Column headings: how they are compared, which field each means, and which are never read.

A heading is compared by its letters and digits alone, so spaces, line breaks, curly or straight
quotes, capitals and a second bracket in "(Y/N))" make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cases.importers.cells import clean_text

HEADER_SEARCH_ROWS: Final = 10

_PIVOT = re.compile(r"^(?:sum|count|max|min|average) of ", re.IGNORECASE)
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
# Headings of what must never be kept. A column that means a known field (for example
# "Practitioner name") is not affected.
_PERSONAL = re.compile(
    r"\b(?:fore|sur|given|maiden|nick)\s?-?names?\b"
    r"|\b(?:first|last|middle|full|family|preferred|known|child|childs|child's|client|clients|"
    r"person|persons|mother|mothers|mother's|father|fathers|father's|carer|carers|carer's|parent|"
    r"parents|subject|service user|young person|case|record|file|client's|sibling|patient|student|"
    r"display|legal|christian|customer'?s?|resident'?s?|yp'?s?|cyp'?s?|su'?s?|baby|infant|"
    r"guardian'?s?|learner'?s?|birth|"
    r"former|previous|other|individual|family group|mum'?s?|dad'?s?|kin)\s+names?\b"
    r"|\bnames?(?: of|\s*[-:,(/\u2013]+)\s*(?:the )?(?:child|client|person|young person|"
    r"service user|mother|father|carer|parent|pupil|customer|resident|patient|student|yp|cyp)\b"
    r"|\b(?:child|client|person|service user|mother|father|carer|parent|pupil|customer|patient|yp|"
    r"cyp)(?:'?s)?\s*[-:,/(\u2013]+\s*names?\b"
    r"|^names?$|\baddress(?:es)?\b|\baddr\b|\bpost(?:al)?\s?-?codes?\b|\bnhs\b|\bupns?\b"
    r"|\bunique (?:pupil|learner)\b|\bulns?\b|\buprns?\b|\b(?:tele)?phones?\b|\bmobiles?\b"
    r"|\btel\b|\blandline\b|\be-?mails?\b|\bnational insurance\b|\bnino\b"
    r"|\bni (?:no|num|number)\b|\bpassport\b|\bhouse (?:name|no|num|number)\b"
    r"|^names? ?\d+$|\bnext of kin\b|\bsocial security\b"
    r"|\bnational id\b|\bp[ /]?code\b|\bpost ?cd\b|\badd line \d\b|\bresid(?:es|ing) at\b"
    r"|\b(?:mother|father|carer|parent|guardian|mum|dad)(?:'?s)? details\b"
    r"|\b(?:also )?known as\b|\balias(?:es)?\b",
    re.IGNORECASE,
)
# Words that stand in one with others ("homeaddress", "NHSNUMBER") and can be nothing else there.
_UNMISTAKABLE = re.compile(
    r"(?:fore|sur|first|last|middle|maiden|full)names?|address(?!ed|ing)|post(?:al)?codes?"
    r"|telephone|mobile(?:no|num|phone)|emailaddr",
    re.IGNORECASE,
)

_ONE: Final = (
    r"(?:child|children|client|person|young person|service user|pupil|student|subject|mother|father"
    r"|carer|parent|sibling|mum|dad|guardian)s?"
)
# A heading of one such word: its column holds a name. Not in `_PERSONAL`, since in a row of values
# they are values ("Parent" as the source of a contact).
_PERSON = re.compile(
    rf"(?:the )?{_ONE}(?:\s*[/,&]\s*{_ONE})*|initials|[fsl] ?names?|aka|kin"
    r"|(?:(?:home|current|placement|previous) )?(?:street|road|town|city|village|county)(?: name)?"
    r"|contact (?:details?|no|num|numbers?)",
    re.IGNORECASE,
)

# Names of those who work with children are kept: a case has a practitioner. Only a heading that
# is a worker and the name and nothing else is theirs; with a child's or a carer's word in it, or
# where it is not plain whose name it is, it stays personal.
_NAME: Final = (
    r"(?:(?:fore|sur|given|maiden|nick)\s?-?names?"
    r"|(?:first|last|middle|full|family|preferred|known)\s+names?)"
)
_NAMES: Final = rf"{_NAME}(?:(?:[\s,/&-]|\band\b)+{_NAME})*"
_WORKER: Final = (
    r"(?:(?!\w*names?\b)[a-z]+[\s-]+){0,4}"
    r"(?:(?:case|key|social)?workers?|practitioners?|professionals?|staff(?:\s+members?)?"
    r"|employees?|auditors?|managers?|officers?|advis[eo]rs?|supervisors?)(?:'s?)?"
)
_WORKERS_NAME = re.compile(
    rf"{_WORKER}[\s:,(-]+{_NAMES}\)?|{_NAMES}\s+(?:of\s+(?:the\s+)?{_WORKER}|\({_WORKER}\))",
    re.IGNORECASE,
)
_NO_WORKER = re.compile(
    r"\b(?:child|children|client|person|people|user|mother|mum|father|dad|carer|parent|guardian"
    r"|pupil|student|subject|sibling|brother|sister|baby|infant|relative|partner|yp|cyp)"
    r"(?:'?s)?\b",
    re.IGNORECASE,
)

# The words of headings that are written in one: "workersurname" is a worker's, "childname" is not.
_ONE_WORD: Final = (
    "childs?|childrens?|clients?|persons?|mothers?|fathers?|parents?|carers?|foster|pupils?"
    "|siblings?|subjects?|service|users?|young|family|allocated|lead|key|case|social|support"
    "|workers?|practitioners?|professionals?|staff|employees?|auditors?|managers?|officers?"
    "|home|current|placement|previous|contact|house|unique|national|insurance|nhs|upns?"
    "|forenames?|surnames?|first|last|middle|given|maiden|full|preferred|known|legal|as|names?"
    "|of|the|no|num|numbers?|id|ref|post|codes?|address|line|street|tel|telephone|phone|mobile"
    "|email"
)
_LONGEST_IN_ONE: Final = 60
_WRITTEN_IN_ONE = re.compile(rf"(?:{_ONE_WORD}){{2,}}", re.IGNORECASE)
_EACH_WORD = re.compile(rf"(?:{_ONE_WORD})(?=(?:{_ONE_WORD})*$)", re.IGNORECASE)
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}", re.IGNORECASE)
_NM = re.compile(r"\bnm\b", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=[A-Za-z])(?=\d)")


def _in_words(text: str) -> str:
    """A heading with spaces between its words: "NHSNumber", "child_name", "HOMEADDRESS1"."""
    text = _NM.sub("name", text.replace("_", " ").replace("\u2019", "'"))
    text = _DOTTED.sub(lambda found: found[0].replace(".", ""), text)
    parts = _CAMEL.sub(" ", text).split()
    return " ".join(
        " ".join(_EACH_WORD.findall(part))
        if len(part) <= _LONGEST_IN_ONE and _WRITTEN_IN_ONE.fullmatch(part)
        else part
        for part in parts
    )


def heading_key(heading: object) -> str:
    """A heading's letters and digits in lower case; a pivot table's "Sum of " is left off."""
    return _NOT_ALPHANUMERIC.sub("", _PIVOT.sub("", clean_text(heading)).casefold())


def is_personal(heading: str) -> bool:
    """Whether a heading names something that is dropped: names, addresses, numbers of persons."""
    return names_a_person(heading) or _PERSON.fullmatch(_in_words(heading)) is not None


def names_a_person(text: str) -> bool:
    """Whether a cell is the heading of something personal by what it says, in whatever row."""
    text = _in_words(text)
    personal = _PERSONAL.search(text) or _UNMISTAKABLE.search(text)
    return personal is not None and not _names_a_worker(text)


def _names_a_worker(text: str) -> bool:
    return _WORKERS_NAME.fullmatch(text) is not None and _NO_WORKER.search(text) is None


def _aliases(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(
        {heading_key(name): field for field, names in table.items() for name in names.split("|")}
    )


# Meant by these headings in any list and in the template.
COMMON: Final = _aliases(
    {
        "child_id": "child id|child unique id|child unique identifier|unique child id|unique id"
        "|local child id|la child id|childs id|child reference|child ref|person id|client id"
        "|child number",
        "team": "team|allocated team|team name|responsible team",
        "practitioner": "practitioner|allocated worker|allocated social worker|social worker"
        "|worker|worker name|practitioner name|allocated practitioner|lead practitioner"
        "|lead professional|case worker|caseworker|worker full name|workers full name"
        "|practitioner full name|practitioners full name|social worker full name"
        "|social workers full name|allocated worker full name|allocated workers full name"
        "|allocated social worker full name|allocated practitioner full name"
        "|lead practitioner full name|lead professional full name|case worker full name"
        "|case workers full name",
        "family_id": "family id|family identifier|family reference|family ref|household id"
        "|family group id|family group|family group number|family number|family unique id"
        "|household reference|household ref|sibling group|sibling group id",
        "agency": "agency|agency worker|agency worker (y/n)|agency staff|employment type",
        "restricted": "restricted|restricted record|restricted (y/n)|restricted case|sensitive"
        "|restricted flag|restricted access|restricted access flag|restricted file|is restricted"
        "|record restricted|access restricted|restriction|restrictions|sensitive record"
        "|sensitive case|sensitivity|confidential|confidential record|locked record",
        "date_of_birth": "date of birth|dob|birth date|expected date of birth",
        "age": "age|age of child (years)|age of child|age (years)|age in years|child age",
        "gender": "gender|sex",
        "ethnicity": "ethnicity|ethnic origin|ethnic group|ethnicity code",
        "disability": "disability|does the child have a disability|disabled|disability (y/n)",
        "transferred_in_on": "transferred in on|transfer in date|date transferred in"
        "|transferred in|transfer in|transferred in date|date of transfer in|transferred on",
        "transferred_in_from": "transferred in from|transferring authority|transferred from"
        "|transfer from|transfer in from|transferring la|transferring local authority"
        "|transferred from authority|previous authority|previous local authority|originating la",
        "disability_team": "disability team|disability team (y/n)|disabled children's team"
        "|disabled childrens team|disabled children team|children with disabilities team|cwd team",
        "legal_status": "legal status|child's legal status|childs legal status",
        "plan": "plan|plan type|what is the permanence plan for this child|permanence plan",
    }
)


def _asking(word: str) -> frozenset[str]:
    """Headings of a column of yes and no about whether a case is ``word``."""
    before = ("", "is", "case", "caseis", "iscase", "isthecase", "thecaseis")
    after = ("", "yn", "yesno", "yesorno", "flag", "indicator")
    return frozenset(f"{first}{word}{last}" for first in before for last in after)


_ASKING: Final = {word: _asking(word) for word in ("closed", "open")}
# Without a question mark these are as often headings of a date or of words.
_NO_QUESTION: Final = frozenset({"closed", "open", "caseopen"})
# What a heading that asks is looked up by: no `heading_key` has such a sign.
ASKS_CLOSED, ASKS_OPEN = "closed?", "open?"


def asks_whether(heading: str) -> str:
    """ "closed" or "open" where a column of statuses asks whether a case is, by its heading."""
    key = heading_key(heading)
    return next((word for word, keys in _ASKING.items() if key in keys), "")


def _question(heading: str) -> str:
    """ASKS_CLOSED or ASKS_OPEN where a heading is that question and can be nothing else."""
    word = asks_whether(heading)
    plain = heading_key(heading) in _NO_QUESTION and not heading.endswith("?")
    return f"{word}?" if word and not plain else ""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where each field stands in a row, under which heading, and what is dropped.

    `positions` and `headings` are keyed by field; positions count from 0. `width` is the
    number of columns up to the last one with a heading, `cells` that of all cells of the header
    row. `unread` are the headings that mean nothing here and are nothing personal, `given` all
    headings as they stand in the file.
    """

    positions: Mapping[str, int]
    headings: Mapping[str, str]
    dropped: tuple[str, ...]
    repeated: tuple[str, ...]
    width: int
    cells: int = 0
    unread: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    more_restricted: tuple[int, ...] = ()  # further columns that say whether a record is


def map_columns(header: Sequence[object], known: Mapping[str, str]) -> ColumnMap:
    """The fields of a header row. Where two columns mean one field, the first is read."""
    positions: dict[str, int] = {}
    headings: dict[str, str] = {}
    dropped: list[str] = []
    repeated: list[str] = []
    unread: list[str] = []
    more_restricted: list[int] = []
    given: list[str] = []
    width = 0
    for position, cell in enumerate(header):
        heading = clean_text(cell)
        if not heading:
            continue
        width = position + 1
        given.append(heading)
        field = known.get(_question(heading)) or known.get(heading_key(heading))
        if field is None:
            (dropped if is_personal(heading) else unread).append(heading)
        elif field == "restricted" and field in positions:
            more_restricted.append(position)
        elif field in positions:
            repeated.append(heading)
        else:
            positions[field], headings[field] = position, heading
    return ColumnMap(
        positions,
        headings,
        dropped=tuple(dropped),
        repeated=tuple(repeated),
        width=width,
        cells=len(header),
        unread=tuple(unread),
        given=tuple(given),
        more_restricted=tuple(more_restricted),
    )


def known_fields(header: Sequence[object], known: Mapping[str, str]) -> set[str]:
    """Which of the known fields a row names: the measure of how much a row is a header row."""
    return {known[key] for cell in header if (key := heading_key(cell)) in known}
