"""Audit tools as JSON documents for tests: one that uses every part of the schema, and any at all.

Lists keep their order in the database, objects do not: the attributes of EVERY_PART stand in the
order in which PostgreSQL gives them back, so that its text can be compared as well.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from audits.rules.facts import FACTS
from audits.rules.grades import FOUR_GRADES, GRADES, LABELS, ZERO_TO_TEN

AWKWARD = 'Ends with a \\ “line”, <b>&amp;</b> "quoted", {{ 7 }} = \u2028separated'


def _standard(code: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "title": f"Title of “{code}” & <its> friends",
        "definition": f"What {code} is.\n\n  Indented, in two paragraphs.",
        "look_back_months": 6,
        "read_back_months": 12,
        "critical": False,
        "weight": 1,
        "may_be_not_applicable": True,
        "applies_when": {},
        "descriptors": {grade: f"{LABELS[grade]}:\n- of {code}" for grade in GRADES},
        "prompts": ["Chronology"],
    } | more


EVERY_PART: dict[str, Any] = {
    "code": "every_part",
    "title": "A tool with every part",
    "line": "statutory",
    "scale": ZERO_TO_TEN.as_dict(),
    "limits": [
        {"code": "many", "when": "number_of_standards", "grade": "requires_improvement",
         "at_least": 3, "cap": "good"},
        {"code": "immediate_concern_here", "when": "immediate_concern", "cap": "inadequate"},
        {"code": "one", "when": "critical_standard", "grade": "inadequate", "cap": "inadequate"},
    ],
    "sections": [
        {
            "code": "first",
            "title": "First & <foremost>",
            "standards": [
                _standard("impact", critical=True, weight=10, may_be_not_applicable=False),
                _standard(
                    "everything",
                    look_back_months=60,
                    read_back_months=120,
                    applies_when={
                        # In no order of any list, one that is of another line, one not set up.
                        "services": ["child_protection", "looked_after", "early_help", "no_longer"],
                        "lines": ["statutory", "closed_line"],
                        "attributes": {
                            "plan": ["care, with care order", "“other”", '"said", or not'],
                            "shoe_size": ["9 = small"],
                            "disability": ["yes", "not known"],
                        },
                        "recorded": ["transferred_in_on", "plan", "housing_officer"],
                    },
                    prompts=[AWKWARD, "\\", "Two\u2028separators"],
                    checks=[
                        {"code": "second_line", "question": "Is it so, and\u2029dated?"},
                        {"code": "named_otherwise", "question": "Was the child seen alone?"},
                    ],
                ),
            ],
        },
        {
            "code": "second",
            "title": "Second",
            "standards": [_standard("only_here", checks=[{"code": "x", "question": AWKWARD}])],
        },
    ],
}  # fmt: skip

codes = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
_characters = st.characters(exclude_categories=["Cc", "Cs"])


def texts(longest: int = 40, *, lines: bool = True) -> st.SearchStrategy[str]:
    """Any text that a document may hold, of one line or several."""
    alphabet = st.one_of(_characters, st.sampled_from('\\",= \n' if lines else '\\",= '))
    found = st.text(alphabet, min_size=1, max_size=longest)
    return found.map(str.strip).filter(bool)


_words = texts(20, lines=False)
_facts = st.one_of(st.sampled_from(sorted(FACTS)), codes, _words)
_conditions = st.fixed_dictionaries(
    {},
    optional={
        "services": st.lists(st.one_of(st.just("looked_after"), codes), min_size=1, max_size=3),
        "lines": st.lists(st.one_of(st.just("statutory"), codes), min_size=1, max_size=2),
        "attributes": st.dictionaries(
            _facts, st.lists(_words, min_size=1, max_size=3), min_size=1, max_size=3
        ),
        "recorded": st.lists(_facts, min_size=1, max_size=3),
    },
)
_checks = st.lists(
    st.fixed_dictionaries({"code": codes, "question": texts(lines=False)}), min_size=1, max_size=3
).filter(lambda all_of: all(len({x[k] for x in all_of}) == len(all_of) for k in all_of[0]))


@st.composite
def _standards(draw: st.DrawFn, code: str) -> dict[str, Any]:
    judged = draw(st.integers(1, 60))
    always = code == "impact"
    return {
        "code": code,
        "title": draw(texts(lines=False)),
        "definition": draw(texts()),
        "look_back_months": judged,
        "read_back_months": draw(st.integers(judged, 120)),
        "critical": draw(st.booleans()),
        "weight": draw(st.integers(1, 10)),
        "may_be_not_applicable": False if always else draw(st.booleans()),
        "applies_when": {} if always else draw(_conditions),
        "descriptors": {grade: draw(texts()) for grade in GRADES},
        "prompts": draw(st.lists(texts(lines=False), min_size=1, max_size=3)),
        **({"checks": draw(_checks)} if draw(st.booleans()) else {}),
    }


_worse = st.sampled_from(GRADES)
_limits = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"code": codes, "when": st.just("critical_standard"), "grade": _worse, "cap": _worse}
        ),
        st.fixed_dictionaries(
            {"code": codes, "when": st.just("immediate_concern"), "cap": _worse}
        ),
        st.fixed_dictionaries(
            {"code": codes, "when": st.just("number_of_standards"), "grade": _worse,
             "at_least": st.integers(1, 100), "cap": _worse}
        ),
    ),
    max_size=4,
    unique_by=lambda limit: limit["code"],
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Any audit tool for the statutory line."""
    names = draw(st.lists(codes, max_size=3, unique=True).map(lambda c: ["impact", *c]))
    names = list(dict.fromkeys(names))
    cut = draw(st.integers(1, len(names)))
    parts = [part for part in (names[:cut], names[cut:]) if part]
    return {
        "code": draw(codes.map(lambda code: f"any_{code}")),
        "title": draw(texts(lines=False)),
        "line": "statutory",
        "scale": draw(st.sampled_from([FOUR_GRADES, ZERO_TO_TEN])).as_dict(),
        "limits": draw(_limits),
        "sections": [
            {
                "code": f"section_{place}",
                "title": draw(texts(lines=False)),
                "standards": [draw(_standards(name)) for name in part],
            }
            for place, part in enumerate(parts)
        ],
    }
