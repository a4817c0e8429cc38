"""Two administrators at the same moment: somebody who can give roles back always remains."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.models import User
from accounts.operations import Refused, add_person, change_person
from accounts.queries import administrators
from accounts.roles import Role
from tests.cast import NOW, Cast, person


@pytest.fixture
def cast(committed: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: None)
    return Cast()


def test_two_administrators_cannot_remove_each_other(cast: Cast) -> None:
    second = person("Second Administrator", Role.ADMINISTRATOR)
    together = Barrier(2)
    stopped: list[Exception] = []

    def remove(by: User, other: User) -> None:
        by = User.objects.get(pk=by.pk)
        facts = {"name": other.name, "email": other.email, "now": NOW}
        together.wait()
        try:
            change_person(user=other, **facts, roles=[], active=True, by=by)  # type: ignore[arg-type]
        except (Refused, PermissionDenied) as error:
            stopped.append(error)
        finally:
            connection.close()

    run(
        Thread(target=remove, args=(cast.administrator, second)),
        Thread(target=remove, args=(second, cast.administrator)),
    )
    assert administrators().count() == 1
    assert len(stopped) == 1


def test_one_address_is_given_out_once(cast: Cast) -> None:
    together = Barrier(2)
    stopped: list[Exception] = []

    def add(name: str) -> None:
        by = User.objects.get(pk=cast.administrator.pk)
        together.wait()
        try:
            add_person(
                email="new@northmoor.test", name=name, roles=[], password=None, by=by, now=NOW
            )
        except Refused as error:
            stopped.append(error)
        finally:
            connection.close()

    run(Thread(target=add, args=("First",)), Thread(target=add, args=("Second",)))
    assert User.objects.filter(email="new@northmoor.test").count() == 1
    assert len(stopped) == 1


def run(*threads: Thread) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
