"""A statutory return beside our open cases, on small files and on the real ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AccessRecord, User
from cases.importers.records import FileRefused
from cases.importers.returns import read_return
from cases.models import Case, Child, ChildAlias, Service
from config.launch import ROOT
from tests.cast import Cast, open_case

pytestmark = pytest.mark.django_db

AsUser = Callable[[User], Client]
PAGE = "/imports/returns/"
DATA = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not beside this project")

HEAD = "CHILD,DECOM,RNE,LS,DEC\n"
EPISODES = (
    HEAD
    + "L1,01/02/2024,S,C2,\n"
    + "L2,01/02/2024,S,C2,01/03/2024\n"
    + "L2,01/03/2024,P,C2,05/10/2025\n"
    + "L3,01/02/2024,S,V4,\n"
    + "L4,01/02/2024,S,V3,\n"
    + "L4,01/02/2024,S,C1,\n"
    + ",,,,\n"
)


def ssda903(episodes: str) -> bytes:
    """The same children and episodes as XML (SSDA903_CLA.xsd)."""
    children: dict[str, str] = {}
    for line in episodes.splitlines()[1:]:
        child_id, began, _, status, ended = line.split(",")
        children[child_id] = children.get(child_id, "") + (
            f"<EPISODE><DECOM>{began}</DECOM><RNE>S</RNE><LS>{status}</LS><DEC>{ended}</DEC>"
            "</EPISODE>"
        )
    return "".join(
        ['<?xml version="1.0"?><EXPSSDA903>']
        + [
            f"<CHILD><HEADER><CHILDID>{child_id}</CHILDID><UPN>A1</UPN></HEADER>{told}</CHILD>"
            for child_id, told in children.items()
        ]
        + ["</EXPSSDA903>"]
    ).encode()


def census(*children: str, collection: str = "CIN", head: str = "") -> bytes:
    return (
        f"{head}<Message><Header><CollectionDetails><Collection>{collection}</Collection>"
        "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails></Header>"
        f"<Children>{''.join(children)}</Children></Message>"
    ).encode()


def child(child_id: str, *referrals: str) -> str:
    details = "".join(f"<CINdetails>{referral}</CINdetails>" for referral in referrals)
    return (
        f"<Child><ChildIdentifiers><LAchildID>{child_id}</LAchildID><UPN>A123456789123</UPN>"
        f"</ChildIdentifiers>{details}</Child>"
    )


CLOSED = "<CINclosureDate>2026-02-01</CINclosureDate>"
LATER = "<CINclosureDate>2026-04-01</CINclosureDate>"
NO_ACTION = "<ReferralNFA>true</ReferralNFA>"


def test_a_census_has_who_has_an_open_referral_on_its_day() -> None:
    found = read_return(
        io.BytesIO(
            census(
                child("A", CLOSED),
                child("B", CLOSED, ""),
                child("C", LATER),
                child("D", NO_ACTION),
                child("0042", ""),
                child(""),
            )
        )
    )
    assert (found.kind, found.on, found.named) == ("cin", date(2026, 3, 31), 5)
    assert found.open == {"B", "C", "0042"}


@pytest.mark.parametrize(
    ("on", "open_then"),
    [
        (None, {"L1", "L4"}),
        (date(2025, 3, 31), {"L1", "L2", "L4"}),
        (date(2024, 2, 15), {"L1", "L2", "L4"}),
        (date(2024, 1, 31), set()),
    ],
)
def test_episodes_are_open_until_they_end_and_short_breaks_apart(
    on: date | None, open_then: set[str]
) -> None:
    found = read_return(io.BytesIO(EPISODES.encode("utf-8-sig")), on)
    assert found.open == open_then
    assert found.short_breaks == ({"L3"} if open_then else set())
    assert found.named == 4
    assert read_return(io.BytesIO(ssda903(EPISODES)), on) == found


@pytest.mark.parametrize("ended", ["NULL", "n/a", " ", "31/12/9999"])
@pytest.mark.parametrize("on", [None, date(2025, 3, 31)])
def test_what_databases_write_for_no_end_is_no_end(ended: str, on: date | None) -> None:
    found = read_return(io.BytesIO(f"{HEAD}L1,01/02/2024,S,C2,{ended}\n".encode()), on)
    assert found.open == {"L1"}


def test_episodes_in_the_other_encoding_of_spreadsheets_are_read() -> None:
    found = read_return(io.BytesIO(EPISODES.encode("utf-16")))
    assert found == read_return(io.BytesIO(EPISODES.encode()))
    xml = ssda903(EPISODES).decode()
    assert read_return(io.BytesIO(xml.encode("utf-16"))).open == found.open


@pytest.mark.parametrize("rows", [3, 3_000])
def test_an_open_quotation_mark_hides_no_child_of_a_return(rows: int) -> None:
    lines = "".join(f"M{n},01/02/2024,S,C2,\n" for n in range(rows))
    content = f'{HEAD}L1,01/02/2024,S,C2,\nL2,"01/02/2024,S,C2,\n{lines}'
    with pytest.raises(FileRefused, match="Line 3: A quotation mark is opened here"):
        read_return(io.BytesIO(content.encode()))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"CHILD,SEX,DOB\n1,2,01/01/2020\n", "choose the file of episodes"),
        (HEAD.encode(), "names no child"),
        (b"", "choose the file of episodes"),
        (b"\x00\x01\x02", "choose the file of episodes"),
        (census(collection="CSWW"), "neither a CIN census nor"),
        (b"<EXPSSDA903></EXPSSDA903>", "names no child"),
        (census(), "names no child"),
        (b"<Message><Child>", "not XML that can be read"),
        (census(child("A", ""), head='<!DOCTYPE a [<!ENTITY b "c">]>'), "not XML that can be read"),
    ],
)
def test_what_is_no_return_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read_return(io.BytesIO(content))


@real
@pytest.mark.parametrize(
    ("name", "named", "opened", "breaks"),
    [
        ("ssda903/d2i_episodes.csv", None, 1_191, 217),
        ("cin/CIN_Census_2024.xml", None, None, 0),
    ],
)
def test_real_returns(name: str, named: None, opened: int | None, breaks: int) -> None:
    with Path(DATA, name).open("rb") as content:
        found = read_return(content)
    assert found.named
    assert opened is None or len(found.open) == opened
    assert len(found.short_breaks) == breaks


# The page


def sent(client: Client, content: bytes, name: str, **data: Any) -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content), **data})


@pytest.fixture
def looked_after(cast: Cast) -> None:
    for child_id in ("L1", "L9"):
        open_case(cast.riverside, cast.practitioner, "looked_after", child_id)
    open_case(cast.riverside, cast.practitioner, "child_in_need", "N1")
    ended = open_case(cast.riverside, cast.practitioner, "looked_after", "L4")
    Case.objects.filter(pk=ended.pk).update(closed_on=date(2026, 6, 30))


def test_the_page_counts_and_lists_the_differences(
    cast: Cast, as_user: AsUser, looked_after: None
) -> None:
    page = sent(as_user(cast.analyst), EPISODES.encode(), "episodes.csv")
    shown = {figure["label"]: figure["value"] for figure in page.context["figures"]}
    assert shown == {
        "Open in the return": "2",
        "Open in both": "1",
        "In the return, not open here": "1",
        "Open here, not in the return": "1",
        "Only short breaks (V3, V4), left out": "1",
    }
    assert [each["children"] for each in page.context["lists"]] == [("L4",), ("L9",)]
    assert AccessRecord.objects.filter(user=cast.analyst, kind="read", reference="ssda903").exists()


def test_a_child_whom_the_return_names_twice_is_counted_once(
    cast: Cast, as_user: AsUser, looked_after: None
) -> None:
    owner = Child.objects.get(local_id="L1")
    ChildAlias.objects.create(other_id="OLD-1", child=owner)
    twice = f"{HEAD}L1,01/02/2024,S,C2,\nOLD-1,01/02/2024,S,C2,\n"
    page = sent(as_user(cast.analyst), twice.encode(), "episodes.csv")
    shown = {figure["label"]: figure["value"] for figure in page.context["figures"]}
    assert (shown["Open in the return"], shown["Open in both"]) == ("1", "1")


def test_the_day_of_the_return_counts_for_our_cases_too(
    cast: Cast, as_user: AsUser, looked_after: None
) -> None:
    day = {"on_day": "31", "on_month": "3", "on_year": "2026"}
    page = sent(as_user(cast.analyst), EPISODES.encode(), "episodes.csv", **day)
    assert [each["children"] for each in page.context["lists"]] == [(), ("L9",)]


@pytest.mark.parametrize("on", [{}, {"on_day": "31", "on_month": "3", "on_year": "2026"}])
def test_a_child_in_short_breaks_is_no_difference(
    cast: Cast, as_user: AsUser, looked_after: None, on: dict[str, str]
) -> None:
    open_case(cast.riverside, cast.practitioner, "looked_after", "L3")
    page = sent(as_user(cast.analyst), EPISODES.encode(), "episodes.csv", **on)
    assert page.context["lists"][1]["children"] == ("L9",)


def test_a_child_who_moved_since_the_day_counts_as_it_was(cast: Cast, as_user: AsUser) -> None:
    """In need on the day of the census, looked after since; and one who has left its services."""
    for child_id in ("N1", "N2"):
        case = open_case(cast.riverside, cast.practitioner, "child_in_need", child_id)
        service = "looked_after" if child_id == "N1" else "early_help"
        case.service = Service.objects.get(code=service)
        case.opened_on = date(2026, 5, 1)
        case.save()
    later = open_case(cast.riverside, cast.practitioner, "early_help", "N3")
    later.service = Service.objects.get(code="child_in_need")
    later.opened_on = date(2026, 5, 1)
    later.save()
    given = census(child("N1", ""), child("N2", ""))
    page = sent(as_user(cast.analyst), given, "census.xml")
    assert [each["children"] for each in page.context["lists"]] == [(), ()]
    shown = {figure["label"]: figure["value"] for figure in page.context["figures"]}
    assert shown["Open in both"] == "2"


def test_the_differences_can_be_downloaded_and_that_is_logged(
    cast: Cast, as_user: AsUser, looked_after: None
) -> None:
    given = census(child("=N2", ""), child("N1", ""))
    file = sent(as_user(cast.analyst), given, "census.xml", **{"as": "csv"})
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines == [
        "child id,where",
        '\'=N2,"In the return, not open here"',
        'L1,"Open here, not in the return"',
        'L4,"Open here, not in the return"',
        'L9,"Open here, not in the return"',
    ]
    assert "A123456789123" not in file.content.decode()
    assert AccessRecord.objects.filter(user=cast.analyst, kind="downloaded").exists()


def test_what_is_wrong_is_said_on_its_field(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.analyst)
    wrong = sent(client, b"a,b\n1,2\n", "x.csv", on_day="1", on_month="1", on_year="2999")
    assert wrong.context["form"].errors["on"] == ["The date must be today or in the past"]
    assert "choose the file of episodes" in str(
        sent(client, b"a,b\n1,2\n", "x.csv").context["form"].errors["file"]
    )
    assert client.post(PAGE, {}).context["form"].errors["file"] == ["Choose a file"]
