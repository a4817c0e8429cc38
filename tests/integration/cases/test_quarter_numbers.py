"""The numbers of a quarter on their page, and the order of services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from cases.models import AuditQuarter, Service
from cases.operations.frame import lock_quarter
from cases.queries.policy import case_policy
from cases.rules.policy import CasePolicy
from cases.rules.quarters import Quarter
from quality.queries.policy import policy_of
from tests.cast import QUARTER, Cast

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
PAGE = f"/quarters/{QUARTER}/numbers/"
CHANGE = f"{PAGE}change/"


def text_of(response: Any) -> str:
    return response.content.decode()


def typed(client: Client) -> dict[str, Any]:
    """What the form would send if nothing were changed."""
    form = client.get(CHANGE).context["form"]
    return {name: value for name in form.fields if (value := form[name].value()) is not None}


def stored() -> AuditQuarter:
    return AuditQuarter.objects.get(label=QUARTER)


class TestChanging:
    def test_sent_unchanged_it_changes_nothing(self, cast: Cast, as_user: AsUser) -> None:
        client = as_user(cast.lead)
        assert client.post(CHANGE, typed(client)).status_code == 302
        assert stored().policies == {}

    def test_numbers_of_every_app_are_changed_and_the_page_says_who_did(
        self, cast: Cast, as_user: AsUser
    ) -> None:
        client = as_user(cast.lead)
        said = typed(client) | {
            "cases-rate": "7.5%",
            "cases-rotation": "no",
            "cases-rounding": "nearest",
            "cases-strata_by": "team",
            "cases-excluded-0-field": "legal_status",
            "cases-excluded-0-values": "V3\r\nV4",
            "cases-excluded-0-because": "Short breaks are audited elsewhere.",
            "audits-reply_working_days": "12",
            "quality-moderation_random_share": "1/4",
            "reports-age_band_days": "5, 10",
        }
        assert client.post(CHANGE, said).status_code == 302
        policy = case_policy(stored())
        assert (str(policy.rate), policy.rotation, policy.rounding) == ("3/40", False, "nearest")
        assert policy.strata_by == "team"
        assert policy.excluded[0].values == ("V3", "V4")
        assert str(policy_of(stored()).moderation_random_share) == "1/4"
        shown = text_of(as_user(cast.analyst).get(PAGE))
        for words in (
            "7.5%",
            "legal status is V3 or V4",
            "25%",
            "5, 10",
            "Service and team",
            "Quentin Lead",
        ):
            assert words in shown
        assert "Change the numbers" not in shown
        # Only what was changed is stored, and what was changed back is in the list as well.
        assert stored().policies["audits"] == {"reply_working_days": 12}
        client.post(CHANGE, typed(client) | {"cases-rate": "5%", "cases-excluded-0-field": "",
                    "cases-excluded-0-values": "", "cases-excluded-0-because": ""})  # fmt: skip
        assert case_policy(stored()).excluded == ()
        assert text_of(client.get(PAGE)).count("Share of open cases audited") == 3

    def test_services_are_left_out_by_their_names(self, cast: Cast, as_user: AsUser) -> None:
        """Which is what every list and page calls them."""
        client = as_user(cast.lead)
        said = {
            "cases-excluded-1-field": "service",
            "cases-excluded-1-values": "early help\r\nearly_help",
            "cases-excluded-1-because": "Audited by a partner.",
        }
        assert client.post(CHANGE, typed(client) | said).status_code == 302
        assert case_policy(stored()).excluded[1].values == ("early_help",)
        assert typed(client)["cases-excluded-1-values"] == "Early Help"
        assert client.post(CHANGE, typed(client)).status_code == 302
        assert case_policy(stored()).excluded[1].values == ("early_help",)

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"cases-rate": "0%"}, "must be more than 0%"),
            ({"cases-rate": "lots"}, "is not a sampling rate"),
            ({"cases-rate": ""}, "this must be filled in"),
            ({"cases-minimum_weeks_open": "-1"}, ": enter a whole number from 0 to 10,000"),
            ({"cases-minimum_weeks_open": "six"}, ": enter a whole number from 0 to 10,000"),
            ({"quality-moderation_random_share": "120%"}, "more than all of them"),
            ({"reports-age_band_days": "10, 5"}, "must rise"),
            ({"reports-age_band_days": "ten"}, "whole numbers with commas"),
            ({"audits-read_back_months": "2"}, "must not be fewer than those judged"),
            ({"cases-excluded-1-field": "team"}, "Write why these cases are left out"),
            ({"cases-excluded-1-because": "Why"}, "Choose what cases are left out by"),
            (
                {
                    "cases-excluded-1-field": "service",
                    "cases-excluded-1-values": "Early Help\r\nNonsense",
                    "cases-excluded-1-because": "Audited elsewhere",
                },
                "There is no service called Nonsense",
            ),
            (
                {
                    "cases-excluded-1-field": "team",
                    "cases-excluded-1-values": "riverside\r\nNo such team",
                    "cases-excluded-1-because": "Audited elsewhere",
                },
                "There is no team called No such team",
            ),
        ],
    )
    def test_what_makes_no_sense_is_said_and_nothing_is_lost(
        self, cast: Cast, as_user: AsUser, said: dict[str, str], words: str
    ) -> None:
        client = as_user(cast.lead)
        answer = client.post(CHANGE, typed(client) | {"audits-reply_working_days": "13"} | said)
        assert words in text_of(answer)
        assert 'value="13"' in text_of(answer)
        assert not AuditQuarter.objects.filter(label=QUARTER).exists()

    def test_two_at_once(self, cast: Cast, as_user: AsUser) -> None:
        client = as_user(cast.lead)
        first, second = typed(client), typed(client)
        client.post(CHANGE, first | {"cases-rate": "6%"})
        told = client.post(CHANGE, second | {"cases-reserve_minimum": "3"})
        assert "Somebody else changed this" in text_of(told)
        assert "6%" in text_of(told)
        again = second | {"cases-reserve_minimum": "3", "cases-rate": "6%"}
        again["seen"] = told.context["form"]["seen"].value()
        assert client.post(CHANGE, again).status_code == 302
        assert (str(case_policy(stored()).rate), case_policy(stored()).reserve_minimum) == (
            "3/50",
            3,
        )


def test_a_quarter_begins_with_the_numbers_of_the_one_before(cast: Cast, as_user: AsUser) -> None:
    before = Quarter.parse(QUARTER).previous()
    AuditQuarter.objects.create(
        label=before.label,
        starts_on=before.starts,
        ends_on=before.ends,
        policies={"cases": {"rate": "1/10"}},
    )
    assert "10%" in text_of(as_user(cast.analyst).get(PAGE))
    assert str(case_policy(lock_quarter(Quarter.parse(QUARTER))).rate) == "1/10"
    AuditQuarter.objects.filter(label=before.label).update(policies={})
    assert str(case_policy(stored()).rate) == "1/10"


def test_a_frame_of_an_older_version_is_still_read() -> None:
    """Its stored numbers have an order of services that is the services' own now."""
    old = CasePolicy().as_dict() | {"service_order": ["looked_after"]}
    assert CasePolicy.from_dict(old) == CasePolicy()


def test_the_order_of_services_is_changed_one_place_at_a_time(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.administrator)

    def order() -> list[str]:
        return list(Service.objects.order_by("precedence").values_list("code", flat=True))

    before = order()
    for code, direction in ((before[1], "up"), (before[1], "up"), (before[-1], "down")):
        client.post(f"/services/{code}/move/", {"direction": direction})
    assert order() == [before[1], before[0], *before[2:]]
    client.post(f"/services/{before[1]}/move/", {"direction": "down"})
    assert order() == before
    shown = text_of(client.get("/services/"))
    assert "Order of precedence" in shown
