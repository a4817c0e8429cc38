"""Spellings councils use, and the code each one means.

Codes are those of Ofsted's Annex A (August 2019). The spellings are our own selection of what
councils type; one that is not here is kept as text and reported, never guessed.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from cases.importers.cells import PLACEHOLDERS

# The first that applies is a child's service (domain rule; the order is a setting elsewhere).
PRECEDENCE: Final = (
    "looked_after",
    "child_protection",
    "child_in_need",
    "assessment",
    "care_leaver",
    "early_help",
)

SERVICE_NAMES: Final = MappingProxyType(
    {
        "looked_after": "Looked after",
        "child_protection": "Child protection",
        "child_in_need": "Child in need",
        "assessment": "Assessment",
        "care_leaver": "Care leaver",
        "early_help": "Early help",
    }
)

_SERVICE_SPELLINGS = {
    "looked_after": (
        "looked after", "looked after child", "looked after children", "child looked after",
        "children looked after", "child in care", "children in care", "in care", "lac", "cla",
        "cic", "cla&cp",
    ),
    "child_protection": (
        "child protection", "child protection plan", "child protection plans", "cp", "cpp",
        "cp plan", "subject to a child protection plan", "cp ext",
    ),
    "child_in_need": (
        "child in need", "children in need", "child in need plan", "child in need plans", "cin",
        "cin plan", "chin",
    ),
    "assessment": (
        "assessment", "assessments", "open assessment", "open asmt", "single assessment",
        "child and family assessment", "child & family assessment", "c&f assessment",
    ),
    "care_leaver": ("care leaver", "care leavers", "leaving care", "care experienced"),
    "early_help": (
        "early help", "eh", "early help assessment", "early help plan", "targeted early help",
        "eha", "common assessment", "caf",
    ),
}  # fmt: skip

# A longer name of a service is known by its beginning.
LONGEST_WORD: Final = 200

CLOSED: Final = "closed"
_CLOSED_SPELLINGS = (
    "closed", "closed episode", "closed case", "case closed", "closed assessment", "ceased",
    "closed - stepdown", "closed - step down", "stepped down", "closed episode of need",
)  # fmt: skip

_CLOSED_WORDS = frozenset({"close", "ended", "inactive", "not open", "not active"})
_OPEN_WORDS = frozenset(
    {"open", "open case", "case open", "opened", "active", "current", "ongoing", "allocated",
     "re-opened", "reopened", "started", "in progress"}
)  # fmt: skip

_GENDERS = {
    "male": ("male", "m", "1", "1 - male", "boy"),
    "female": ("female", "f", "2", "2 - female", "girl"),
    "not_stated": (
        "not stated", "not recorded", "not stated/recorded", "not stated/recorded (or unborn)",
        "unknown", "not known", "u", "0", "9", "0 - not known", "0 - not recorded",
        "0 - not stated", "9 - not specified", "unborn", "unborn/unknown", "unspecified",
        "withheld", "indeterminate", "not specified", "n/a",
    ),
    "neither": ("neither", "non-binary", "non binary", "nonbinary", "transgender", "other"),
}  # fmt: skip

# Legal statuses of the SSDA903 return. Only those of short breaks are known in words: they decide
# whether a case is drawn (cases.rules.policy.SHORT_BREAKS).
_LEGAL_STATUS = re.compile(r"\b(?:C[12]|D1|E1|V[234]|L[123]|J[123])\b", re.IGNORECASE)
_IN_WORDS = re.compile(r"(?<!no )(?<!not )\bshort[ -](?:term[ -])?breaks?\b", re.IGNORECASE)
SHORT_BREAKS = frozenset({"V3", "V4"})
_NOT_SO = re.compile(
    r"\b(?:no longer|never|ceased|ended|until|former(?:ly)?|previous(?:ly)?"
    r"|(?:no|not)(?: an?)? V[34])\b",
    re.IGNORECASE,
)
_SINGLE_EPISODES = re.compile(
    r"(?<!not )individual episodes|(?<!no )(?<!not )\bepisodes recorded", re.IGNORECASE
)

_YES = frozenset({"yes", "y", "true", "t", "1", "x"})
_NO = frozenset(
    {"no", "n", "false", "f", "0", "none", "no disability", "not disabled", "no known disability"}
)
_NOT_KNOWN = frozenset(
    {"unknown", "u", "not known", "not stated", "not recorded", "not obtained", "nobt", "refu",
     "nobt - information not yet obtained", "information not yet obtained", "not yet obtained",
     "refu - refused", "refused", "not yet known", "no information", "not assessed"}
) | PLACEHOLDERS  # fmt: skip
# Disabilities as the children in need census names and codes them, and as councils write them.
_DISABILITIES = frozenset(
    {"aut", "autism", "asperger syndrome", "aspergers", "asperger's syndrome", "asd",
     "autism or asperger syndrome", "diagnosed with autism or asperger syndrome", "adhd",
     "autistic spectrum disorder", "autism spectrum disorder", "beh", "behaviour", "behavioural",
     "comm", "communication", "con", "consciousness", "conciousness", "hand", "hand function",
     "hear", "hearing", "hearing impairment", "deaf", "inc", "incontinence", "incontience", "ld",
     "learning", "learning disability", "learning difficulty", "learning difficulties", "mob",
     "mobility", "pc", "personal care", "vis", "vision", "visual impairment", "blind",
     "physical disability", "physical", "dda", "other disability", "disabled", "down syndrome",
     "down's syndrome", "cerebral palsy", "epilepsy", "mental health"}
)  # fmt: skip
# "None" is what programs write for a blank, so it ends no restriction.
_SAYS_NOTHING = frozenset({"n/a", "na", "not applicable", "none", "nil", "-", "--", "."})
_AGENCY = {"agency": True, "agency worker": True, "locum": True, "permanent": False, "perm": False}

_RESTRICTED = frozenset(
    {"restricted", "confidential", "sensitive", "y - restricted", "yes - restricted", "locked",
     "restricted access", "restricted record"}
)  # fmt: skip
_NOT_RESTRICTED = frozenset(
    {"not restricted", "unrestricted", "no restriction", "no restrictions", "n - not restricted",
     "no - not restricted", "not sensitive", "not confidential", "open", "standard", "normal"}
)  # fmt: skip

_LETTER_PREFIX = re.compile(r"^[a-z]\d?\)\s*")


def _by_spelling(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {spelling: code for code, spellings in table.items() for spelling in spellings}


_SERVICE_BY_SPELLING = _by_spelling(_SERVICE_SPELLINGS)
_STATUS_BY_SPELLING = _SERVICE_BY_SPELLING | dict.fromkeys(_CLOSED_SPELLINGS, CLOSED)
_GENDER_BY_SPELLING = _by_spelling(_GENDERS)


def plain(text: str) -> str:
    """A cleaned value as it is looked up: lower case, no "a)" before it, straight marks."""
    lowered = text.casefold().replace("\u2013", "-").replace("\u2019", "'").replace("_", " ")
    return _LETTER_PREFIX.sub("", lowered).strip()


def word_key(text: str) -> str:
    """A word as what it means is remembered: `plain`, never blank, and of a length that is kept."""
    cut = text[:LONGEST_WORD]
    return (plain(cut) or cut.casefold())[:LONGEST_WORD]


def service_code(text: str) -> str | None:
    """The service a name or code means, or None where the name is not known."""
    return _SERVICE_BY_SPELLING.get(plain(text))


def case_status(text: str) -> str | None:
    """List 6's case status: a service code, CLOSED, or None where it is blank or not known."""
    return _STATUS_BY_SPELLING.get(plain(text))


def closed_status(text: str) -> tuple[bool, bool]:
    """`(closed, known)` of what a flat list says of a case; what is not known is not closed."""
    word = plain(text)
    closed = word in _CLOSED_SPELLINGS or word in _CLOSED_WORDS
    return closed, closed or word in _OPEN_WORDS or word in _SERVICE_BY_SPELLING


def closed_answer(text: str, *, yes: bool) -> tuple[bool, bool]:
    """Like `closed_status`, of a column in which yes means closed (``yes``), or open."""
    answer, _ = yes_or_no(text)
    return closed_status(text) if answer is None else (answer is yes, True)


def gender_code(text: str) -> str:
    """male, female, not_stated, neither; "" where the spelling is not known."""
    return _GENDER_BY_SPELLING.get(plain(text), "")


def legal_status(text: str) -> str:
    """The code that stands in a legal status ("V4 - Accommodation under a series of short term
    breaks"), the first of several; "V3" or "V4" for short breaks in words; else the text. So are
    short breaks that are over ("no longer V4"): what is not sure excludes nobody."""
    code = text
    if found := _LEGAL_STATUS.search(text):
        code = found[0].upper()
    elif _IN_WORDS.search(text):
        code = "V3" if _SINGLE_EPISODES.search(text) else "V4"
    return text if code in SHORT_BREAKS and _NOT_SO.search(text) else code


def yes_or_no(text: str) -> tuple[bool | None, bool]:
    """`(answer, recognised)`; a blank or "unknown" is `(None, True)`."""
    word = plain(text)
    if word in _YES or word in _NO:
        return word in _YES, True
    return None, not word or word in _NOT_KNOWN


def disability_answer(text: str) -> tuple[bool | None, bool]:
    """Like `yes_or_no`; the name of a disability is a yes, and so is what is not known here."""
    answer, recognised = yes_or_no(text)
    if recognised:
        return answer, True
    return True, all(
        part.strip() in _DISABILITIES for part in re.split(r"[,;/+&]| and | - ", plain(text))
    )


def restricted_flag(text: str) -> tuple[bool | None, bool]:
    """Like `yes_or_no`, on the safe side: what is not understood counts as restricted, and so
    does what nobody knows ("unknown", "TBC"). "N/A", "None" and a dash say nothing."""
    word = plain(text)
    if word in _RESTRICTED or word in _NOT_RESTRICTED:
        return word in _RESTRICTED, True
    if not word or word in _SAYS_NOTHING:
        return None, True
    answer, _ = yes_or_no(text)
    return (True, False) if answer is None else (answer, True)


def agency_status(text: str) -> tuple[bool | None, bool]:
    """Like `yes_or_no`, with "agency" and "permanent" understood."""
    word = plain(text)
    return (_AGENCY[word], True) if word in _AGENCY else yes_or_no(text)
