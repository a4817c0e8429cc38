"""Tags and filters of the pages: dates in words, states and grades as tags, components with a body.

A builtin of the template engine (settings.TEMPLATES), so no template needs to load it. Everything
printed here is escaped unless it was rendered by a template of ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.core.paginator import Page
from django.forms.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.sorting import PARAM, Asked
from config.templatetags.govuk_forms import Problem, problems_of

register = template.Library()

LONDON = ZoneInfo("Europe/London")
DEFAULT_TAG = ("", "grey")

# Words and colour for each state; a test keeps it complete. A colour never stands alone: the word
# is always there. Blue is "with somebody", purple "waits for a decision", yellow and orange "look
# at this", red "too late or failed", green "good end", grey "not begun, or no longer counts".
STATUSES: dict[str, tuple[str, str]] = {
    # imports and jobs
    "uploaded": ("Being checked", "blue"),
    "columns": ("Waiting for its columns", "yellow"),
    "checked": ("Ready to confirm", "purple"),
    "confirmed": ("Confirmed", "green"),
    "refused": ("Refused", "red"),
    "discarded": ("Discarded", "grey"),
    "queued": ("Waiting for a worker", "grey"),
    "running": ("Running", "blue"),
    "succeeded": ("Finished", "green"),
    "failed": ("Failed", "red"),
    # frame, draw, sampled case, replacement
    "frozen": ("Frozen", "blue"),
    "drawn": ("Drawn", "teal"),
    "superseded": ("Superseded", "grey"),
    "in_reserve": ("In reserve", "grey"),
    "audited": ("Audited", "green"),
    "replaced": ("Replaced", "grey"),
    "not_auditable": ("Could not be audited", "orange"),
    "passed_over": ("Passed over", "grey"),
    "requested": ("Waiting for approval", "purple"),
    "lapsed": ("No longer needed", "grey"),
    # audit and grading
    "allocated": ("Allocated", "grey"),
    "returned": ("Waiting for an auditor", "yellow"),
    "in_progress": ("In progress", "blue"),
    "submitted": ("Submitted", "teal"),
    "finalised": ("Grade of record set", "green"),
    "closed": ("Closed", "green"),
    "withdrawn": ("Withdrawn", "grey"),
    "set_aside": ("Set aside", "grey"),
    # moderation and escalation
    "required": ("Needs a moderator", "yellow"),
    "assigned": ("With the moderator", "blue"),
    "decided": ("Decided", "green"),
    "raised": ("Waiting to be acknowledged", "orange"),
    "acknowledged": ("Acknowledged", "blue"),
    "plan_agreed": ("Action plan agreed", "teal"),
    "awaiting_verification": ("Waiting for verification", "purple"),
    "stood_down": ("Stood down", "grey"),
    # action
    "open": ("Open", "blue"),
    "evidence_offered": ("Waiting for verification", "purple"),
    "verified": ("Verified", "green"),
    "cancelled": ("Cancelled", "grey"),
    # audit tool and committee report
    "draft": ("Draft", "grey"),
    "rendered": ("Waiting for approval", "purple"),
    "approved": ("Approved", "teal"),
    "published": ("Published", "green"),
    "retired": ("Retired", "grey"),
    # worked out from a deadline
    "due_soon": ("Due soon", "yellow"),
    "due_today": ("Due today", "orange"),
    "overdue": ("Overdue", "red"),
    # task lists
    "not_started": ("Not started", "grey"),
    "incomplete": ("Incomplete", "blue"),
    "complete": ("Complete", ""),
    "cannot_start": ("Cannot start yet", ""),
}

GRADES: dict[str, tuple[str, str]] = {
    "outstanding": ("Outstanding", "green"),
    "good": ("Good", "teal"),
    "requires_improvement": ("Requires improvement", "orange"),
    "inadequate": ("Inadequate", "red"),
    "not_applicable": ("Not applicable", "grey"),
}


def _in_words(code: object) -> str:
    return str(code).replace("_", " ").strip().capitalize()


def _tag(text: str, colour: str) -> SafeString:
    return render_to_string("components/tag.html", {"text": text, "colour": colour})


@register.simple_tag
def status_tag(code: Any, text: str = "", colour: str = "") -> SafeString:
    """A state as a tag: the thing that has it, or a code of STATUSES; other words; another colour.

    A thing is anything with `status` and `get_status_display`: its own words are used. A code that
    is not in the table is shown in its own words on grey: nothing fails because a state is new.
    """
    if hasattr(code, "get_status_display"):
        code, text = code.status, text or code.get_status_display()
    known_text, known_colour = STATUSES.get(str(code), DEFAULT_TAG)
    return _tag(text or known_text or _in_words(code), colour or known_colour)


@register.filter
def status_text(text: str, code: object) -> str:
    """`text`, or the words of the state where it is empty."""
    return text or STATUSES.get(str(code), DEFAULT_TAG)[0] or _in_words(code)


@register.simple_tag
def grade(code: object, label: str = "") -> SafeString:
    """A grade as a tag; "Not graded" where there is none."""
    if not code:
        return _tag(label or "Not graded", "grey")
    words, colour = GRADES.get(str(code), DEFAULT_TAG)
    return _tag(label or words or _in_words(code), colour)


@register.filter
def grade_words(code: object) -> str:
    """A grade in words, for the middle of a sentence: "requires improvement"."""
    return GRADES.get(str(code), (_in_words(code), ""))[0].lower() if code else "not graded"


def _local(value: datetime) -> datetime:
    return value.astimezone(LONDON) if value.tzinfo else value


def _day(value: date | datetime) -> date:
    return _local(value).date() if isinstance(value, datetime) else value


@register.filter
def gds_date(value: object) -> object:
    """12 November 2026. Times are read in Europe/London; anything but a date is handed back."""
    if not isinstance(value, date):
        return value if value is not None else ""
    day = _day(value)
    return f"{day.day} {day:%B %Y}"


@register.filter
def gds_short_date(value: object) -> object:
    """12 Nov 2026, for tables."""
    if not isinstance(value, date):
        return value if value is not None else ""
    day = _day(value)
    return f"{day.day} {day:%b %Y}"


@register.filter
def gds_weekday(value: object) -> object:
    """Thursday 12 November 2026, for deadlines."""
    if not isinstance(value, date):
        return value if value is not None else ""
    return f"{_day(value):%A} {gds_date(value)}"


@register.filter
def gds_time(value: object) -> object:
    """10:42am, 5pm, midday, midnight (GOV.UK style), in Europe/London."""
    if not isinstance(value, datetime | time):
        return value if value is not None else ""
    clock = _local(value).time() if isinstance(value, datetime) else value
    if (clock.hour, clock.minute) in ((0, 0), (12, 0)):
        return "midday" if clock.hour else "midnight"
    half = "am" if clock.hour < 12 else "pm"
    minutes = f":{clock.minute:02}" if clock.minute else ""
    return f"{clock.hour % 12 or 12}{minutes}{half}"


@register.filter
def gds_datetime(value: object) -> object:
    """12 November 2026 at 10:42am, in Europe/London; a date without a time has none added."""
    if not isinstance(value, datetime):
        return gds_date(value)
    return f"{gds_date(value)} at {gds_time(value)}"


@register.filter
def quarter_words(label: object) -> str:
    """ "2026-Q3" as "Q3 2026/27". A financial year begins in April."""
    year, _, quarter = str(label).partition("-")
    if not year.isdigit() or not quarter:
        return str(label)
    return f"{quarter} {year}/{(int(year) + 1) % 100:02}"


@register.filter
def thousands(value: object) -> object:
    """A whole number with commas: 5,100."""
    return f"{value:,}" if isinstance(value, int) else value


@register.simple_tag
def count(number: int, one: str, many: str = "") -> str:
    """A number with its word: "1 case", "0 cases", "5,100 cases", "2 children"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@register.filter
def has_errors(form: object) -> bool:
    """Whether a form, a formset or a list of them was sent and is wrong; else False."""
    if isinstance(form, BaseForm | BaseFormSet):
        return form.is_bound and not form.is_valid()
    if isinstance(form, list | tuple):
        return any(has_errors(each) for each in form)
    return False


@register.simple_tag
def form_errors(form: object) -> list[Problem]:
    """What the error summary lists for a form, a formset or a list of them."""
    if isinstance(form, list | tuple):
        return list(itertools.chain.from_iterable(form_errors(each) for each in form))
    if isinstance(form, BaseForm | BaseFormSet):
        return problems_of(form)
    return []


@dataclass(frozen=True)
class Cell:
    """One cell of components/table.html."""

    text: object
    url: str = ""
    numeric: bool = False
    header: bool = False
    sort: str = ""  # of a head: the word that sorts the list by it


@dataclass(frozen=True)
class Lines:
    """A table made ready to print: `single` is the only row where one row was given."""

    head: list[Cell]
    body: list[list[Cell]]
    single: list[Cell]


def _cell(value: object, numeric: bool = False, header: bool = False) -> Cell:
    if not isinstance(value, Mapping):
        return Cell(value, numeric=numeric, header=header)
    return Cell(
        text=value.get("text", ""),
        url=value.get("url", ""),
        numeric=bool(value.get("numeric", numeric)),
        header=bool(value.get("header", header)),
        sort=value.get("sort", ""),
    )


def _row(values: Iterable[object], numeric: Sequence[bool]) -> list[Cell]:
    return [
        _cell(value, numeric=index < len(numeric) and numeric[index], header=index == 0)
        for index, value in enumerate(values)
    ]


@register.simple_tag
def table_rows(head: Sequence[object], rows: Sequence[Any]) -> Lines:
    """Cells for components/table.html. A column is numeric where its head says so."""
    heads = [_cell(cell) for cell in head or ()]
    numeric = [cell.numeric for cell in heads]
    many = bool(rows) and isinstance(rows[0], list | tuple)
    body = [_row(row, numeric) for row in rows] if many else []
    return Lines(heads, body, [] if many else _row(rows or (), numeric))


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[int | None]:
    """The numbers to show: first, last and those round the current one; None for a gap."""
    last = page.paginator.num_pages
    near = {1, last, page.number - 1, page.number, page.number + 1}
    shown = sorted(number for number in near if 1 <= number <= last)
    result: list[int | None] = []
    for number in shown:
        if result and result[-1] is not None and number - result[-1] > 1:
            result.append(None)
        result.append(number)
    return result


@register.simple_tag(takes_context=True)
def page_url(context: template.Context, param: str, number: int) -> str:
    """The query string of this page with `param` set to `number`, all else kept."""
    request = context.get("request")
    query = request.GET.copy() if isinstance(request, HttpRequest) else None
    if query is None:
        return f"?{param}={number}"
    query[param] = str(number)
    return f"{_list_address(context)}?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_heading(
    context: template.Context, word: str, text: str, numeric: bool = False, anchor: str = ""
) -> SafeString:
    """The heading of a column that the list can be sorted by: a link, with aria-sort.

    Filters stay in the address; a new order begins at its first page. `anchor` ("#cases") is where
    on the page the table stands.
    """
    request = context.get("request")
    query = request.GET.copy() if isinstance(request, HttpRequest) else QueryDict(mutable=True)
    now = Asked.parse(query.get(PARAM, ""))
    query.pop("page", None)
    query[PARAM] = now.next_for(word)
    sorted_now = ("descending" if now.descending else "ascending") if now.word == word else ""
    return _component(
        "sort_heading",
        text=text,
        numeric=numeric,
        url=f"{_list_address(context)}?{query.urlencode()}{anchor}",
        sorted_now=sorted_now,
        then="descending" if sorted_now == "ascending" else "ascending",
    )


def _list_address(context: template.Context) -> str:
    """Where a list's own links lead: ``here``, where its page answers a form at another address."""
    request = context.get("request")
    answers = isinstance(request, HttpRequest) and request.method == "POST"
    return str(context.get("here", "")) if answers else ""


def _component(name: str, **values: object) -> SafeString:
    return render_to_string(f"components/{name}.html", values)


@register.simple_block_tag
def details(content: str, summary: str, open: bool = False) -> SafeString:
    """{% details "Why this case" %} … {% enddetails %}"""
    return _component("details", content=content, summary=summary, open=open)


@register.simple_block_tag
def inset(content: str) -> SafeString:
    """{% inset %} … {% endinset %}"""
    return _component("inset", content=content)


@register.simple_block_tag
def table_region(content: str, caption_id: str) -> SafeString:
    """{% table_region "id-of-the-caption" %} <table> … </table> {% endtable_region %}"""
    return _component("table_region", content=content, caption_id=caption_id)
