"""Rates: exact from the moment they are typed."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.rules.rates import checked_rate, exact, parse_rate, parse_share, share_of, show_rate

RATES = st.fractions(Fraction(1, 1000), 1, max_denominator=1000)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5%", Fraction(1, 20)),
        (" 5 % ", Fraction(1, 20)),
        ("0.05", Fraction(1, 20)),
        ("1/20", Fraction(1, 20)),
        ("5.0%", Fraction(1, 20)),
        ("2.5%", Fraction(1, 40)),
        ("1 / 3", Fraction(1, 3)),
        ("100%", Fraction(1)),
        ("1", Fraction(1)),
    ],
)
def test_typed(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0%", "0", "0/7", "0.00"])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be more than 0%"):
        parse_rate(text)


@pytest.mark.parametrize(("text", "shown"), [("200%", "200%"), ("5", "500%"), ("21/20", "105%")])
def test_more_than_everything_is_refused(text: str, shown: str) -> None:
    with pytest.raises(ValueError, match=f"is {shown}, but it cannot be more than 100%"):
        parse_rate(text)


@pytest.mark.parametrize(
    "text", ["", "five", "-5%", "5%%", "1/0", "1e-2", "nan", "inf", "5,5%", "٥%", "0x1", ".05", "%"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a sampling rate\. Write it like 5%"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "share"), [("0%", Fraction(0)), ("0", Fraction(0)), ("50 %", Fraction(1, 2)), ("1", 1)]
)
def test_a_share_may_be_none_or_all(text: str, share: Fraction) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize(
    ("text", "words"),
    [("half", "is not a share"), ("1/0", "is not a share"), ("101%", "ends at 100%")],
)
def test_what_is_no_share_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_share(text)


@given(RATES)
def test_what_is_shown_can_be_typed(rate: Fraction) -> None:
    assert parse_rate(show_rate(rate)) == rate
    assert parse_rate(exact(rate)) == rate


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(Fraction(1, 20), "5%"), (Fraction(1, 40), "2.5%"), (Fraction(1, 3), "1/3"), (1, "100%")],
)
def test_shown(rate: Fraction, shown: str) -> None:
    assert show_rate(Fraction(rate)) == shown


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0%"):
        checked_rate(Fraction(-1, 20))


@given(st.integers(0, 10**9), RATES)
def test_shares_are_exact(count: int, rate: Fraction) -> None:
    assert share_of(count, rate, "up") == math.ceil(count * rate)
    assert abs(share_of(count, rate, "nearest") - count * rate) <= Fraction(1, 2)


def test_halves_go_up_to_the_nearest() -> None:
    assert [share_of(n, Fraction(1, 20), "nearest") for n in (9, 10, 29, 30)] == [0, 1, 1, 2]


def test_a_float_would_have_given_eight() -> None:
    """Why this module exists: 7% of 100 is 7, and floats say 7.000000000000001."""
    assert math.ceil(100 * 0.07) == 8
    assert share_of(100, parse_rate("7%"), "up") == 7
