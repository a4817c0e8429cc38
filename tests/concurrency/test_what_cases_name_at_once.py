"""A case and the deletion of what it names, at the same moment: never an orphan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from cases.models import Case, Team
from tests.cast import open_case


def run(sql: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


class Beside:
    """Something done in a thread with a connection of its own; ``refused`` is what it met."""

    def __init__(self, what: Callable[[], None]) -> None:
        self.refused: DatabaseError | None = None
        self._what = what
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._what()
        except DatabaseError as refused:
            self.refused = refused
        finally:
            connection.close()

    def must_wait(self) -> None:
        """Fail where it ends although somebody else is in the middle of the opposite."""
        until = time.monotonic() + 20
        while not waiting():
            assert self._thread.is_alive(), "It did not wait."
            assert time.monotonic() < until, "It neither waits nor ends."
            time.sleep(0.02)

    def end(self) -> None:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


def waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND relation = 'cases_case'::regclass)"
        )
        return bool(cursor.fetchone()[0])


def test_what_somebody_is_naming_is_not_deleted(committed: None) -> None:
    case, team = open_case(), Team.objects.create(name="Named in this moment")
    with transaction.atomic():
        run("UPDATE cases_case SET team_id = %s", team.pk)
        deleting = Beside(lambda: run("DELETE FROM cases_team WHERE id = %s", team.pk))
        deleting.must_wait()
    deleting.end()
    assert isinstance(deleting.refused, IntegrityError)
    assert Case.objects.get(pk=case.pk).team == team


def test_what_somebody_is_deleting_is_not_named(committed: None) -> None:
    case, team = open_case(), Team.objects.create(name="Deleted in this moment")
    with transaction.atomic():
        run("DELETE FROM cases_team WHERE id = %s", team.pk)
        naming = Beside(lambda: run("UPDATE cases_case SET team_id = %s", team.pk))
        naming.must_wait()
    naming.end()
    assert isinstance(naming.refused, IntegrityError)
    assert Case.objects.get(pk=case.pk).team is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cases_case SET gender = 'F'",
        "INSERT INTO cases_case SELECT * FROM cases_case WHERE false",
        "DELETE FROM cases_child",
    ],
)
def test_an_old_snapshot_is_not_trusted(committed: None, sql: str) -> None:
    """A transaction that sees what was there when it began could name what has been deleted since,
    or delete what has been named since."""
    case = open_case()
    with pytest.raises(DatabaseError, match="READ COMMITTED"):
        from_an_old_snapshot(sql)
    case.refresh_from_db()
    assert case.gender == ""


def from_an_old_snapshot(sql: str) -> None:
    with transaction.atomic():
        run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        run(sql)
