"""Charts as SVG: the same picture on the page and in the PDF.

Drawn by Vega-Lite with the shipped Source Sans 3. The picture carries no style attribute and no
script, so a page may hold it under the strict content policy; its words for those who cannot see
it are the block's alt text, and the numbers stand in the table below it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import quoteattr

import altair as alt
import vl_convert
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

FONT = "Source Sans 3"
TEAL, INK, LINE = "#0b5d66", "#1d2528", "#b9c3c5"
WIDTH, ROW = 430, 34

_CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "#ffffff",
    "view": {"stroke": None},
    "aria": False,  # the picture is one image with one alt text
    "axis": {
        "labelFont": FONT, "titleFont": FONT, "labelFontSize": 13, "titleFontSize": 13,
        "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK, "gridColor": "#e4e9ea",
        "domainColor": LINE, "tickColor": LINE, "labelLimit": 230,
    },
    "text": {"font": FONT, "fontSize": 13, "color": INK},
}  # fmt: skip


@lru_cache(maxsize=1)
def _with_fonts() -> None:
    """Tell the renderer where the fonts lie, so that it measures words as they will be shown."""
    vl_convert.register_font_directory(str(settings.BASE_DIR / "static" / "fonts" / "ttf"))


def svg(block: Mapping[str, Any]) -> SafeString:
    """The picture of a chart block (reports.rules.edition.chart). Raises `KeyError` for no kind."""
    return _svg(block["kind"], json.dumps(block["data"], sort_keys=True), block["alt"])


@lru_cache(maxsize=64)
def _svg(kind: str, data: str, words: str) -> SafeString:
    _with_fonts()
    figure = _KINDS[kind](json.loads(data))
    drawn = vl_convert.vegalite_to_svg(figure.to_dict(), config=_CONFIG)
    # The labels in it were escaped by the renderer; the alt text is escaped here.
    # What is inside one image is no part of the page's own tree.
    drawn = re.sub(r' (?:role|aria-roledescription|aria-hidden)="[^"<>]*"', "", drawn)
    named = re.sub(r"<svg ", f'<svg role="img" aria-label={quoteattr(words)} ', drawn, count=1)
    return mark_safe(named)  # noqa: S308


def _chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def _axis_order(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(row["name"]) for row in rows]


def _percent(field: str, title: str = "") -> Any:
    return alt.X(
        f"{field}:Q",
        title=title or None,
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.value + '%'"),
    )


def _shares(rows: Sequence[dict[str, Any]]) -> Any:
    """Points with their intervals, one row for each group."""
    shown = [{**row, "said": f"{row['percent']}%"} for row in rows]
    base = _chart(shown).encode(y=alt.Y("name:N", sort=_axis_order(rows), title=None))
    title = "Share good or better, with its interval"
    bars = base.mark_rule(color=TEAL, strokeWidth=3).encode(x=_percent("low", title), x2="high:Q")
    points = base.mark_point(filled=True, color=TEAL, size=110, opacity=1).encode(
        x=_percent("percent", title)
    )
    words = base.mark_text(dy=-13, fontWeight=600).encode(
        x=_percent("percent", title), text="said:N"
    )
    return (bars + points + words).properties(width=WIDTH, height=ROW * len(rows) + 12)


def _trend(rows: Sequence[dict[str, Any]]) -> Any:
    """Points with their intervals, one column for each quarter, oldest on the left.

    A baseline is an empty diamond with its name below it: no interval, and no line leads to it.
    """
    shown = [{"baseline": False, **row, "said": f"{row['percent']}%"} for row in rows]
    base = _chart(shown).encode(
        x=alt.X(
            "name:N", sort=_axis_order(rows), title=None,
            axis=alt.Axis(
                labelAngle=0 if len(rows) < 6 else -35, labelExpr="split(datum.label, ', ')",
            ),
        )
    )  # fmt: skip
    measured = base.transform_filter("!datum.baseline")

    def y(field: str) -> Any:
        return alt.Y(
            f"{field}:Q",
            title="Share good or better",
            scale=alt.Scale(domain=[0, 100]),
            axis=alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.value + '%'"),
        )

    bars = measured.mark_rule(color=TEAL, strokeWidth=2).encode(y=y("low"), y2="high:Q")
    line = measured.mark_line(color=LINE, strokeWidth=1.5).encode(y=y("percent"))
    points = measured.mark_point(filled=True, color=TEAL, size=90, opacity=1).encode(y=y("percent"))
    earlier = base.transform_filter("datum.baseline").mark_point(
        shape="diamond", filled=False, color=INK, size=110, strokeWidth=1.5, opacity=1
    )
    words = base.mark_text(dx=8, align="left", fontWeight=600).encode(y=y("percent"), text="said:N")
    layers = line + bars + points + earlier.encode(y=y("percent")) + words
    return layers.properties(width=WIDTH + 60, height=180)


def _grades(rows: Sequence[dict[str, Any]]) -> Any:
    """Numbers of files, one bar for each grade, best on top."""
    base = _chart(rows).encode(
        y=alt.Y("name:N", sort=_axis_order(rows), title=None),
        x=alt.X("count:Q", title="Files", axis=alt.Axis(tickMinStep=1, format=",d")),
    )
    bars = base.mark_bar(color=TEAL, size=20)
    words = base.mark_text(dx=6, align="left", fontWeight=600).encode(
        text=alt.Text("count:Q", format=",d")
    )
    return (bars + words).properties(width=WIDTH, height=ROW * len(rows))


_KINDS = {"shares": _shares, "trend": _trend, "grades": _grades}
