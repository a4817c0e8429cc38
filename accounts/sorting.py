"""Lists in an order of one's own: `?sort=due` and `?sort=-due`.

A list names the words it can be sorted by, and what each stands for: nothing else of the address
reaches the database. The headings that ask for an order are printed by `{% sort_heading %}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Case, F, IntegerField, Model, QuerySet, Value, When
from django.db.models.expressions import BaseExpression, OrderBy

PARAM = "sort"
M = TypeVar("M", bound=Model)
# A word of the address → fields (by name, or as expressions), the most important first.
Sorts = Mapping[str, Sequence[str | BaseExpression]]


@dataclass(frozen=True)
class Asked:
    """What `?sort=` says: a word, and whether the other way round. Not yet known to be a word."""

    word: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> Asked:
        """ "due" or "-due"."""
        return cls(text.removeprefix("-"), text.startswith("-"))

    def next_for(self, word: str) -> str:
        """What the heading of ``word`` asks for: ascending first, then the other way round."""
        return f"-{word}" if self == Asked(word) else word


def sorted_by(found: QuerySet[M], sorts: Sorts, asked: str) -> QuerySet[M]:
    """``found`` as ``asked``; in the order that it has where ``asked`` is no word of ``sorts``.

    What is empty comes last either way. The primary key decides between equals, so that no row
    stands on two pages or on none.
    """
    what = Asked.parse(asked)
    fields = sorts.get(what.word)
    if fields is None:
        return found
    return found.order_by(*(_order(field, what.descending) for field in fields), "pk")


def _order(field: str | BaseExpression, descending: bool) -> OrderBy:
    expression: Any = F(field) if isinstance(field, str) else field
    return expression.desc(nulls_last=True) if descending else expression.asc(nulls_last=True)


def place_in(field: str, codes: Sequence[str]) -> Case:
    """The place of a code among ``codes``, to sort states by what follows what; others are last."""
    places = [When(**{field: code}, then=Value(place)) for place, code in enumerate(codes)]
    return Case(*places, output_field=IntegerField())
