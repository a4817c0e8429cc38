"""What every page shows around its content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy

from accounts.policy import Permission, permissions_of

P = Permission
# label, URL name, any of these permissions
ITEMS: tuple[tuple[str, str, frozenset[Permission]], ...] = (
    ("Quarter", "cases:quarter_list", frozenset({P.SEE_QUARTER})),
    ("Themes", "audits:theme_list", frozenset({P.SEE_QUARTER})),
    ("Imports", "cases:import_list", frozenset({P.IMPORT_CASES})),
    ("Audits", "audits:audit_list", frozenset({P.SEE_AUDITS})),
    ("Conflicts", "cases:conflict_list", frozenset({P.MANAGE_CONFLICTS})),
    (
        "Moderation",
        "quality:moderation_list",
        frozenset({P.MODERATE, P.ASSIGN_MODERATOR}),
    ),
    ("Your conflicts", "cases:own_conflicts", frozenset({P.GRADE})),
    ("Escalations", "quality:escalation_list", frozenset({P.SEE_ESCALATIONS})),
    (
        "Actions",
        "quality:action_list",
        frozenset({P.OWN_ACTIONS, P.VERIFY_ACTIONS, P.SEE_ALL_AUDITS}),
    ),
    ("Feedback", "audits:feedback_list", frozenset({P.READ_FEEDBACK})),
    ("Tools", "audits:tool_list", frozenset({P.SEE_TOOLS, P.MANAGE_TOOLS})),
    ("Search", "audits:search", frozenset({P.SEARCH_CASES})),
    (
        "Reports",
        "reports:report_list",
        frozenset({P.READ_PUBLISHED_REPORTS, P.SEE_REPORTS_IN_PREPARATION}),
    ),
    ("People", "accounts:person_list", frozenset({P.MANAGE_PEOPLE})),
    ("Teams", "cases:team_list", frozenset({P.MANAGE_TEAMS})),
    ("Access log", "accounts:access_log", frozenset({P.SEE_ACCESS_LOG})),
)


DEMO_MAIL = {"label": "Mail of the demonstration", "url": reverse_lazy("demo_mail")}


def page_context(request: HttpRequest) -> dict[str, Any]:
    """The council's name, whether this is the demo, and the navigation of the signed-in person."""
    return {
        "council_name": settings.COUNCIL_NAME,
        "demo": settings.DEMO,
        "duty_phone": settings.DUTY_PHONE,
        "out_of_hours_phone": settings.OUT_OF_HOURS_PHONE,
        "navigation": navigation(request),
        "account_roles": account_roles(request),
        "footer_links": [DEMO_MAIL] if settings.DEMO else [],
    }


def account_roles(request: HttpRequest) -> list[str]:
    """The roles of the signed-in person in words."""
    user = getattr(request, "user", None)
    return user.role_labels if user is not None and user.is_authenticated else []


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages that the signed-in person may open, the current one marked."""
    user = getattr(request, "user", None)
    if user is None:
        return []
    granted = permissions_of(user)
    items = [
        {"label": label, "url": reverse(name), "current": False}
        for label, name, needed in ITEMS
        if not granted.isdisjoint(needed)
    ]
    # The pages below a list belong to it; of two lists, one below the other, the longer address.
    above = [item for item in items if request.path.startswith(str(item["url"]))]
    if above:
        max(above, key=lambda item: len(str(item["url"])))["current"] = True
    return items
