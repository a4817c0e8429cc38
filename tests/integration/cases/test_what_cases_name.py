"""What a case names exists and stays: the database refuses an orphan, whoever writes it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cases.models import Case, CaseImport, Child, Practitioner, Service, Team
from tests.cast import Cast, open_case, open_cases

NAMES = ("child_id", "service_id", "team_id", "practitioner_id", "last_import_id")
TABLES = (Child, Service, Team, Practitioner, CaseImport)
NOBODY = 987_654_321

pytestmark = pytest.mark.django_db


def run(sql: str, *values: int | None) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def full_case(cast: Cast) -> Case:
    """A case that names one of everything, none of which anything else names."""
    case = open_case()
    team = Team.objects.create(name="Named by a case")
    case.service = Service.objects.create(
        code="named", name="Named by a case", line=case.service.line, precedence=90
    )
    case.team = team
    case.practitioner = Practitioner.objects.create(name="Named By Case")
    case.last_import = CaseImport.objects.create(
        as_of="2026-10-01", file_name="list.csv", uploaded_by=cast.analyst
    )
    case.save()
    return case


@pytest.mark.parametrize("name", NAMES)
def test_a_case_cannot_be_inserted_that_names_nothing(cast: Cast, name: str) -> None:
    case = full_case(cast)
    Case.objects.filter(pk=case.pk).update(closed_on=timezone.now().date())
    columns = [str(f.column) for f in Case._meta.concrete_fields if f.column != "id"]
    copied = [f"{NOBODY}" if column == name else column for column in columns]
    with pytest.raises(IntegrityError, match=f"does not exist: {NOBODY}"):
        run(
            f"INSERT INTO cases_case ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(copied)} FROM cases_case WHERE id = %s",
            case.pk,
        )
    assert Case.objects.count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_case_cannot_be_changed_to_name_nothing(cast: Cast, name: str) -> None:
    case, _other = full_case(cast), open_case()
    with pytest.raises(IntegrityError, match=f"does not exist: {NOBODY}"):
        run(f"UPDATE cases_case SET {name} = %s WHERE id = %s", NOBODY, case.pk)  # noqa: S608
    case.refresh_from_db()
    assert getattr(case, name) != NOBODY


def test_one_orphan_among_many_is_found(cast: Cast) -> None:
    team = Team.objects.create(name="All of them").pk
    last = open_cases(39)[-1].pk
    with pytest.raises(IntegrityError, match="cases_team"):
        run("UPDATE cases_case SET team_id = CASE id WHEN %s THEN 0 ELSE %s END", last, team)
    assert run("UPDATE cases_case SET team_id = %s", team) == 39


@pytest.mark.parametrize(("name", "model"), list(zip(NAMES, TABLES, strict=True)))
def test_what_a_case_names_is_not_deleted_and_not_renumbered(
    cast: Cast, name: str, model: type[Child]
) -> None:
    case = full_case(cast)
    table, named = model._meta.db_table, getattr(case, name)
    for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET id = {NOBODY}"):  # noqa: S608
        with pytest.raises(IntegrityError, match=f"A case names this row of {table}"):
            run(f"{sql} WHERE id = %s", named)
    assert model.objects.filter(pk=named).exists()
    assert run(f"UPDATE {table} SET id = id WHERE id = %s", named) == 1  # noqa: S608


@pytest.mark.parametrize(("name", "model"), list(zip(NAMES, TABLES, strict=True)))
def test_what_no_case_names_can_be_deleted(cast: Cast, name: str, model: type[Child]) -> None:
    case = full_case(cast)
    named = getattr(case, name)
    run("DELETE FROM cases_case WHERE id = %s", case.pk)
    assert run(f"DELETE FROM {model._meta.db_table} WHERE id = %s", named) == 1  # noqa: S608


@pytest.mark.parametrize("model", TABLES)
def test_a_table_that_cases_name_is_not_emptied(cast: Cast, model: type[Child]) -> None:
    full_case(cast)
    table = model._meta.db_table
    # With all that refers to it by foreign keys; cases are not emptied by that.
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match=f"A case names this row of {table}"):
        run(f"TRUNCATE {table} CASCADE")
    assert model.objects.exists()
