"""Two administrators with the same form open: the second is told, and nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from cases.models import Team
from tests.cast import Cast


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page.content.decode())
    assert found
    return found[1]


@pytest.mark.django_db
def test_second_change_of_a_person_is_told_what_the_first_did(cast: Cast, as_user: Any) -> None:
    site, path = as_user(cast.administrator), f"/people/{cast.auditor.pk}/"
    given = {"name": "Audrey Tor", "email": cast.auditor.email, "active": "yes"}
    opened = hidden(site.get(path), "seen")
    first = {**given, "roles": ["auditor", "moderator"], "seen": opened}
    assert site.post(path, first).status_code == 302
    second = {**given, "roles": ["practitioner"], "seen": opened}
    page = site.post(path, second)
    assert "Roles: Auditor, Moderator" in page.content.decode()
    assert re.search(r'value="practitioner"[^>]*checked', page.content.decode())
    assert User.objects.get(pk=cast.auditor.pk).roles == {Role.AUDITOR, Role.MODERATOR}
    again = {**second, "seen": hidden(page, "seen")}
    assert site.post(path, again).status_code == 302
    assert User.objects.get(pk=cast.auditor.pk).roles == {Role.PRACTITIONER}


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["team", "service", "practitioner", "grader"])
def test_second_change_of_anything_else_is_told_too(cast: Cast, as_user: Any, what: str) -> None:
    grader = cast.auditor.grader
    forms: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "team": (f"/teams/{cast.riverside.pk}/", {"name": "A"}, {"name": "B"}),
        "service": ("/services/early_help/", {"head": ""}, {"head": cast.head.pk}),
        "practitioner": (f"/practitioners/{cast.practitioner.pk}/", {"name": "A"}, {"name": "B"}),
        "grader": (f"/graders/{grader.pk}/", {"capacity": "1"}, {"capacity": "2"}),
    }
    path, first, second = forms[what]
    site = as_user(cast.administrator)
    opened = {"seen": hidden(site.get(path), "seen")}
    assert site.post(path, {**first, **opened}).status_code == 302
    page = site.post(path, {**second, **opened})
    assert "Somebody else changed this after you opened the page" in page.content.decode()
    assert site.post(path, {**second, "seen": hidden(page, "seen")}).status_code == 302


@pytest.mark.django_db
def test_other_refusals_do_not_count_as_having_seen(cast: Cast, as_user: Any) -> None:
    site, path = as_user(cast.administrator), f"/teams/{cast.riverside.pk}/"
    opened = hidden(site.get(path), "seen")
    page = site.post(path, {"name": "Hilltop", "seen": opened})
    Team.objects.filter(pk=cast.riverside.pk).update(works_with_disability=True)
    page = site.post(path, {"name": "Other", "seen": hidden(page, "seen")})
    assert "Disability team: yes" in page.content.decode()
