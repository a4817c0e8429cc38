"""What the generated council looks like, in numbers.

Sources: Department for Education, Characteristics of children in need 2024 (England, and Durham at
31 March 2024), and its Children's social work workforce return. Figures without a source here are
our assumptions, and say so.
"""

from __future__ import annotations

# Open cases by service. Durham, 31 March 2024: 4,109 children in need, of whom 494 on protection
# plans and 1,082 on child in need plans; 285 care leavers; about 1,000 in early help. How many of
# the rest are looked after is assumed.
OPEN_CASES = {
    "looked_after": 1060,
    "child_protection": 494,
    "child_in_need": 1082,
    "assessment": 1188,
    "care_leaver": 285,
    "early_help": 1000,
}

# How long cases have been open, in days from and to, with Durham's counts of 2024: up to three
# months, three to six, six to twelve, one to two years, longer.
DURATIONS = (
    ((1, 91), 993),
    ((92, 182), 486),
    ((183, 365), 634),
    ((366, 730), 540),
    ((731, 2600), 1456),
)
# Where a service's own length of work makes some of these unlikely (assumed): weights by band.
DURATION_WEIGHTS = {
    "looked_after": (0.25, 0.5, 0.9, 1.6, 2.0),
    "child_protection": (1.0, 1.6, 1.9, 0.7, 0.3),
    "child_in_need": (0.9, 1.4, 1.5, 1.1, 0.5),
    "assessment": (2.6, 0.4, 0.1, 0.0, 0.0),
    "care_leaver": (0.2, 0.5, 0.8, 1.5, 2.0),
    "early_help": (1.3, 1.6, 1.4, 0.4, 0.1),
}

# Ages of children in need in England, 2024, in percent. None is a child not yet born.
AGES = (
    ((None, None), 1.7),
    ((0, 0), 4.0),
    ((1, 4), 14.1),
    ((5, 9), 21.3),
    ((10, 15), 32.2),
    ((16, 17), 26.7),
)
CARE_LEAVER_AGES = (18, 24)

# Girls 43.4%; the rest of the split is assumed.
GENDERS = (("female", 43.4), ("male", 55.4), ("neither", 0.4), ("not_stated", 0.8))

# Assumed for a mostly rural northern county.
ETHNICITIES = (
    ("WBRI", 88.0),
    ("WOTH", 2.6),
    ("MWBC", 1.2),
    ("MWAS", 1.1),
    ("MOTH", 1.3),
    ("APKN", 1.2),
    ("BAFR", 1.4),
    ("AOTH", 0.8),
    ("WROM", 0.9),
    ("NOBT", 1.5),
)

DISABLED = 0.13  # England 2024: 13% of children in need with a recorded disability, about
RESTRICTED = 0.007
TRANSFERRED_IN = 0.024
SIBLING = 0.36  # the chance that the next child made is a brother or sister of the last
AGENCY = 0.13  # 10% in the North East, 16 to 18% in England

# Teams: name, service, share of its service's cases, whether a disability team.
TEAMS = (
    ("First Contact North", "assessment", False),
    ("First Contact South", "assessment", False),
    ("First Contact East", "assessment", False),
    ("First Contact West", "assessment", False),
    ("Aldermoor Families", "child_in_need", False),
    ("Brackenfield Families", "child_in_need", False),
    ("Coldbeck Families", "child_in_need", False),
    ("Dunsley Families", "child_in_need", False),
    ("Children with Disabilities North", "child_in_need", True),
    ("Children with Disabilities South", "child_in_need", True),
    ("Easterby Protection", "child_protection", False),
    ("Fellside Protection", "child_protection", False),
    ("Garth Protection", "child_protection", False),
    ("Hallbank Protection", "child_protection", False),
    ("Children in Care One", "looked_after", False),
    ("Children in Care Two", "looked_after", False),
    ("Children in Care Three", "looked_after", False),
    ("Children in Care Four", "looked_after", False),
    ("Children in Care Five", "looked_after", False),
    ("Children in Care Six", "looked_after", False),
    ("Permanence", "looked_after", False),
    ("Leaving Care East", "care_leaver", False),
    ("Leaving Care West", "care_leaver", False),
    ("Early Help Aldermoor", "early_help", False),
    ("Early Help Brackenfield", "early_help", False),
    ("Early Help Coldbeck", "early_help", False),
    ("Early Help Dunsley", "early_help", False),
    ("Early Help Easterby", "early_help", False),
    ("Early Help Fellside", "early_help", False),
    ("Early Help Schools", "early_help", False),
)
# Cases for each practitioner: 17 in England. Here about 250 hold 5,100, more of them in early help.
CASELOAD, EARLY_HELP_CASELOAD = 18.5, 35.0
AUDITORS, MODERATORS = 40, 8
PREVIOUS_QUARTERS = 5

# Of audits, oldest quarter first: good or better, and inadequate. The last of the five is what the
# county's committee was told in 2017: Early Help 65%, statutory 43%. The way there is assumed.
GOOD_OR_BETTER = {
    "statutory": (0.24, 0.29, 0.34, 0.39, 0.43, 0.46),
    "early_help": (0.46, 0.52, 0.57, 0.61, 0.65, 0.67),
}
INADEQUATE = {
    "statutory": (0.20, 0.17, 0.15, 0.13, 0.11, 0.10),
    "early_help": (0.11, 0.09, 0.08, 0.07, 0.06, 0.05),
}
OUTSTANDING_OF_GOOD = 0.09
# Of the facts to check beside a grade.
FACTS_FULFILLED = {
    "outstanding": 0.98,
    "good": 0.92,
    "requires_improvement": 0.72,
    "inadequate": 0.5,
}
FACT_NOT_APPLICABLE = 0.04
MODERATED_LOWER, MODERATED_HIGHER = 0.17, 0.04


def held(service: str) -> float:
    """How many cases a practitioner of that service holds, about."""
    return EARLY_HELP_CASELOAD if service == "early_help" else CASELOAD
