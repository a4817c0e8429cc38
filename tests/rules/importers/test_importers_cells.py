"""Single cells: dates, ages, text, codes."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.importers import codes
from cases.importers.cells import Memo, age_at, clean_id, clean_text, read_age, read_date
from cases.importers.ethnicities import ethnicity_code
from cases.importers.headings import heading_key, is_personal
from tests.rules.importers.making import AS_OF


@pytest.mark.parametrize(
    "value",
    [
        date(2000, 1, 8), datetime(2000, 1, 8, 13, 5), "2000-01-08", "2000-01-08 00:00:00",
        "2000-01-08T09:30", "2000/01/08", "08/01/2000", "8/1/2000", "08-01-2000", "08.01.2000",
        "08-01-00", "8 Jan 2000", "08-Jan-2000", "8th January 2000", "08-JAN-00", "8 jan, 2000",
        "08/01/2000 00:00", "20000108", 20000108, 36533, 36533.0, 36533.75, "36533",
        "\u00a008/01/2000 ", "2000-01-08T00:00:00+00:00", "2000-01-08 09:30:00.000+0100",
    ],
)  # fmt: skip
def test_dates_in_the_shapes_councils_send(value: object) -> None:
    assert read_date(value, as_of=AS_OF) == (date(2000, 1, 8), True)


@pytest.mark.parametrize(
    "value", ["", None, " ", "#N/A", "NULL", "n/a", "-", "nan", time(0, 0), 0, 0.0]
)
def test_blanks_are_no_date_and_no_problem(value: object) -> None:
    assert read_date(value, as_of=AS_OF) == (None, True)


@pytest.mark.parametrize(
    "value",
    ["May be 8 Jan 2000", "13/13/2000", "31/02/2000", "03/25/2020", "8 Foo 2000", "2000", 12,
     True, time(9, 30), "01/01/0001", date(9999, 12, 31), "8/1-2000", float("inf")],
)  # fmt: skip
def test_what_is_no_date_is_said_to_be_none(value: object) -> None:
    assert read_date(value, as_of=AS_OF) == (None, False)


@pytest.mark.parametrize(
    ("text", "year"), [("01/01/26", 2026), ("01/01/27", 2027), ("01/01/28", 1928)]
)
def test_two_digit_years_lie_in_the_past_or_the_next_year(text: str, year: int) -> None:
    assert read_date(text, as_of=AS_OF)[0] == date(year, 1, 1)


@settings(max_examples=60)
@given(st.dates(date(1910, 1, 1), date(2027, 12, 31)))
def test_every_shape_of_a_date_reads_back(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    shapes = [day, day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d %b %Y}", f"{day:%d-%B-%Y}", serial]
    assert {read_date(shape, as_of=AS_OF) for shape in shapes} == {(day, True)}


@pytest.mark.parametrize("value", ['="00123"', "'00123", ' ="00123" ', "00123"])
def test_an_id_that_a_system_keeps_from_losing_its_zeros_is_that_id(value: str) -> None:
    assert clean_id(value) == "00123"


@settings(max_examples=200)
@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none(), st.datetimes()))
def test_no_cell_raises(value: object) -> None:
    read_date(value, as_of=AS_OF)
    read_age(value)
    text = clean_text(value)
    assert "\0" not in text
    assert text == text.strip()
    assert clean_text(text) == text
    clean_id(value)
    ethnicity_code(text)
    codes.yes_or_no(text)


@settings(max_examples=60)
@given(st.dates(date(2000, 1, 1), date(2026, 9, 30)))
def test_an_age_is_the_number_of_birthdays_passed(born: date) -> None:
    def birthday(year: int) -> date:
        try:
            return born.replace(year=year)
        except ValueError:  # 29 February, in a year without one
            return date(year, 3, 1)

    years = range(born.year + 1, AS_OF.year + 1)
    assert age_at(born, AS_OF) == sum(birthday(year) <= AS_OF for year in years)


def test_a_child_of_29_february_ages_on_1_march() -> None:
    assert age_at(date(2020, 2, 29), date(2026, 2, 28)) == 5
    assert age_at(date(2020, 2, 29), date(2026, 3, 1)) == 6


@pytest.mark.parametrize(
    ("value", "age"),
    [(6.138, 6), ("17", 17), (-1, -1), (-0.5, -1), ("unborn", -1), ("", None), ("#N/A", None)],
)
def test_ages_from_an_age_column(value: object, age: int | None) -> None:
    assert read_age(value) == (age, True)


@pytest.mark.parametrize("value", ["six", 200, -7, "nan?"])
def test_ages_that_are_none(value: object) -> None:
    assert read_age(value) == (None, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a) WBRI", "WBRI"), ("s) NOBT", "NOBT"), ("s) REFU", "REFU"), ("White British", "WBRI"),
        ("WBRI - White - British", "WBRI"), ("White - Irish [WIRI]", "WIRI"), ("BOTH", "BOTH"),
        ("p) BOTH", "BOTH"), ("both parents", "BOTH"), ("Chinese", "CHNE"), ("Martian", ""),
        ("", ""), ("A1 White British", "WBRI"), ("White British (A1)", "WBRI"), ("WENG", "WBRI"),
        ("White (British)", "WBRI"), ("A.A1)White - British", "WBRI"), ("E4", "NOBT"),
        ("(D.D13) Any Other Black Background", "BOTH"), ("Any Other Black [BOTH]", "BOTH"),
        ("Black / African / Caribbean / Black British/Caribbean", "BCRB"),
        ("TRAVIR - Traveller of Irish Heritage", "WIRT"), ("Not Stated - Refused", "REFU"),
        ("Non White British", ""), ("Black or Black British", ""), ("Mixed Asian", ""),
    ],
)  # fmt: skip
def test_ethnicity_is_matched_by_the_four_letters(text: str, code: str) -> None:
    assert ethnicity_code(text) == code


@pytest.mark.parametrize(
    ("text", "meant"),
    [("a) Yes", (True, True)), ("N", (False, True)), ("c) Unknown", (None, True)),
     ("", (None, True)), ("perhaps", (None, False))],
)  # fmt: skip
def test_yes_and_no(text: str, meant: tuple[bool | None, bool]) -> None:
    assert codes.yes_or_no(text) == meant


def test_agency_and_permanent_are_understood() -> None:
    assert codes.agency_status("Agency") == (True, True)
    assert codes.agency_status("Permanent") == (False, True)
    assert codes.agency_status("y") == (True, True)


def test_headings_are_compared_by_letters_and_digits() -> None:
    one = "Was the child offered a \u2018Return\u2019 Interview (Y/N)?"
    other = " was the child  offered a 'return' interview\u00a0(Y/N))?"
    assert heading_key(one) == heading_key(other)
    assert heading_key("Sum of Child Unique ID") == heading_key("Child Unique ID")


@pytest.mark.parametrize(
    "heading",
    ["Name", "Child's Name", "Child\u2019s name", "child_name", "Forename", "Surname", "First name",
     "Home address", "Placement postcode", "Post code", "NHS No", "UPN", "Mother's name",
     "E-mail", "Mobile", "Full Name", "Child Full Name", "child_full_name", "Known name",
     "Mother\u2019s surname", "Carer Full Name", "Foster Carer Surname", "Father First Name",
     "Parent/Carer Full Name", "Key person full name", "Young Person Forename",
     # Beside a worker's name a child's, or not sure whose.
     "Child and Worker Full Name", "Surname, Social Worker", "Full Name Social Worker Team",
     "Child Surname / Worker Surname", "Worker and Family Full Name", "Surname Worker Full Name",
     "Full name of the child\u2019s worker", "Mother\u2019s support worker surname",
     "Worker\u2019s child full name", "Service User Worker Surname", "Sibling Worker First Name",
     # Of a worker, but no name.
     "Worker Address", "Social worker e-mail", "Practitioner mobile phone",
     # As databases write them.
     "PersonName", "personname", "PERSONNAME", "NHSNumber", "nhs_no", "NHSNO", "HomeAddress",
     "homeaddress", "Address1", "AddressLine2", "ADDRESS_LINE_1", "ChildName", "ChildForename",
     "ClientSurname", "clientsurname", "CLIENTFORENAME", "MotherName", "UPNs", "UPNNumber",
     "UniquePupilNo", "uniquepupilno", "PostCode", "Postal code", "MobileNo", "ServiceUserName",
     "YoungPersonName", "FullNameOfChild", "tenantaddress", "FName", "EmailAddress", "NINumber",
     # And more words for the same.
     "Case Name", "Street", "Home town", "Town", "House number", "Contact tel", "Tel no",
     "Contact number", "Contact details", "Addresses", "Known as", "Alias", "UPRN", "ULN",
     "Placement street name", "Legal name", "Record name", "PERSON_NM", "Parent/Carer", "Kin",
     "YP Name", "CYP name", "Baby name", "Guardian name", "Next of kin", "Mum",
     "Mother\u2019s details",
     "SU name", "Learner name", "Birth name", "Former name", "Other names", "Full nm", "NAME_1",
     "Individual name", "Family Group Name", "Social security number", "National ID", "PCode",
     "Residing at"],
)  # fmt: skip
def test_personal_headings_are_recognised(heading: str) -> None:
    assert is_personal(heading)


@pytest.mark.parametrize(
    "heading",
    ["Team name", "Plan", "Placement Type", "Renamed team", "Worker Full Name", "Worker Surname",
     "Worker First Name", "worker_last_name", "Practitioner\u2019s Full Name", "Staff Forename",
     "Auditor Full Name", "Allocated Social Worker Surname", "Case Worker Last Name",
     "Worker (Surname)", "Full name (allocated worker)", "First name of the practitioner",
     "Worker Surname, Forename", "Worker First Name and Surname", "Family Support Worker Full Name",
     "Staff Member - Full Name", "WorkerFullName", "workersurname", "PRACTITIONERSURNAME",
     "SocialWorkerForename", "allocatedworkerfullname", "TeamName", "ServiceName", "PersonID",
     "ChildNumber", "Group number", "Months open", "Needs addressed", "StreetWork", "Ward",
     "CaseNumber", "ContactDate", "Mobility", "Placement town centre", "FamilyGroupNo"],
)  # fmt: skip
def test_other_headings_are_not(heading: str) -> None:
    assert not is_personal(heading)


def test_a_memo_is_bounded_and_tells_types_apart() -> None:
    calls: list[object] = []

    def describe(value: object) -> str:
        calls.append(value)
        return f"{type(value).__name__} {value}"

    memo: Memo[object, str] = Memo(describe, size=3)
    assert [memo("1"), memo["1"], memo("1")] == ["str 1"] * 3
    assert len(calls) == 1
    # Equal to one another, and never taken for one another.
    assert [memo(1), memo(1.0), memo(True), memo(1)] == ["int 1", "float 1.0", "bool True", "int 1"]
    assert memo(date(2026, 1, 2)) != memo(datetime(2026, 1, 2))
    assert len(memo) == 3
    memo("2")  # full: forgets, then goes on
    assert dict(memo) == {"2": "str 2"}
    seen = len(calls)
    memo("1")
    assert len(calls) == seen + 1
