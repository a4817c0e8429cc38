"""Shares such as the sampling rate: read, shown and counted exactly.

5% of 140 cases are 7. In binary floating point 0.05 is a little more than 5%, and rounding up then
gives 8 for some sizes: so a rate is a fraction of whole numbers from the moment it is typed.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

Rounding = Literal["up", "nearest"]
ROUNDINGS: tuple[Rounding, ...] = ("up", "nearest")

_DECIMAL = r"[0-9]{1,6}(?:\.[0-9]{1,12})?"
_PERCENT = re.compile(rf"({_DECIMAL}) ?%")
_NUMBER = re.compile(_DECIMAL)
_FRACTION = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,9})")


def parse_rate(text: str) -> Fraction:
    """The sampling rate that somebody typed: "5%", "0.05" and "1/20" are all exactly 1/20.

    Raises `ValueError`, in words for a page, for what is no rate, for 0 and for more than 100%.
    """
    typed = text.strip()
    try:
        return checked_rate(_exact(typed))
    except (LookupError, ZeroDivisionError):
        raise ValueError(
            f"“{typed}” is not a sampling rate. Write it like 5%, 0.05 or 1/20."
        ) from None


def parse_share(text: str) -> Fraction:
    """A share that somebody typed, from none to all: "50%", "0.5" and "1/2" are exactly 1/2.

    Raises `ValueError`, in words for a page, for what is no share and for more than 100%.
    """
    typed = text.strip()
    try:
        share = _exact(typed)
    except (LookupError, ZeroDivisionError):
        raise ValueError(f"“{typed}” is not a share. Write it like 50%, 0.5 or 1/2.") from None
    if share > 1:
        raise ValueError(f"{show_rate(share)} is more than all of them: a share ends at 100%.")
    return share


def _exact(typed: str) -> Fraction:
    if found := _PERCENT.fullmatch(typed):
        return Fraction(found[1]) / 100
    if found := _FRACTION.fullmatch(typed):
        return Fraction(int(found[1]), int(found[2]))
    if _NUMBER.fullmatch(typed):
        return Fraction(typed)
    raise LookupError(typed)


def checked_rate(rate: Fraction) -> Fraction:
    """``rate`` itself, or `ValueError` where nothing or more than everything would be drawn."""
    if rate <= 0:
        raise ValueError(
            "The sampling rate must be more than 0%: at 0% no case would ever be audited."
        )
    if rate > 1:
        raise ValueError(
            f"The sampling rate is {show_rate(rate)}, but it cannot be more than 100%: there are "
            "not more cases to draw than there are. For five per cent write 5%."
        )
    return rate


def show_rate(rate: Fraction) -> str:
    """A rate for people: "5%", "2.5%", or "1/3" where no short percentage is exact."""
    for places in range(5):
        scaled = rate * 100 * 10**places
        if scaled.denominator == 1:
            whole, part = divmod(scaled.numerator, 10**places)
            return f"{whole}.{part:0{places}}%" if places else f"{whole}%"
    return f"{rate.numerator}/{rate.denominator}"


def exact(rate: Fraction) -> str:
    """A rate for machines, in lowest terms and always with its denominator: "1/20", "1/1"."""
    return f"{rate.numerator}/{rate.denominator}"


def share_of(count: int, rate: Fraction, rounding: Rounding) -> int:
    """That share of ``count`` as a whole number: "up", or "nearest" with halves up."""
    numerator = count * rate.numerator
    if rounding == "up":
        return -(-numerator // rate.denominator)
    return (2 * numerator + rate.denominator) // (2 * rate.denominator)
