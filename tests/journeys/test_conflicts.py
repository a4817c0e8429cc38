"""Conflicts in the browser: declared, listed, registered and ended; seen by axe, on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from cases.models import DeclaredConflict
from tests.cast import NOW, QUARTER, Cast, open_case
from tests.journeys.begun import begun_grading
from tests.journeys.visitor import PHONE, Visitor


def test_conflicts_are_declared_registered_and_ended(
    visit: Callable[[User], Visitor], tmp_path: Path
) -> None:
    cast = Cast()
    grading = begun_grading(cast)
    open_case(child_id="0042_7")
    auditor = visit(cast.auditor)
    auditor.open("/conflicts/yours/")
    auditor.picture(tmp_path / "own-empty.png")
    auditor.follow("Declare a conflict")
    auditor.press("Declare the conflict")
    auditor.sees("Type the child’s id")
    auditor.picture(tmp_path / "declare-errors.png")
    auditor.write("Child’s id", "0042_8")
    auditor.write("Why can you not grade this child’s file?", "I know the family.")
    auditor.press("Declare the conflict")
    auditor.picture(tmp_path / "own.png")

    analyst = visit(cast.analyst)
    analyst.open("/conflicts/")
    analyst.sees("In no list yet: check the id")
    analyst.follow("Register a conflict")
    analyst.page.get_by_label("Whose conflict is it?").select_option(label="Audrey Tor")
    analyst.write("Child’s id", "0042-7")
    analyst.write("Why can they not grade this child’s file?", "Told on the telephone: a cousin.")
    analyst.press("Register the conflict")
    analyst.sees("No child with this id is known here. Check the id.")
    analyst.picture(tmp_path / "register-error.png")
    analyst.write("Child’s id", "0042_7")
    analyst.press("Register the conflict")
    analyst.sees("The conflict of Audrey Tor is registered.")
    analyst.follow(re.compile("End the conflict of Audrey Tor with 0042_8"))
    analyst.write("Why is it ended?", "Mistyped: 0042_7 was meant.")
    analyst.picture(tmp_path / "end.png")
    analyst.press("End the conflict")
    analyst.picture(tmp_path / "list.png")

    # As it was before conflicts took files along, or where somebody is near in another way.
    DeclaredConflict.objects.create(
        user=cast.auditor, child=grading.audit.child, reason="An uncle.", declared_at=NOW
    )
    analyst.open(f"/quarters/{QUARTER}/allocation/")
    analyst.sees("With an auditor who is not independent any more")
    analyst.picture(tmp_path / "allocation.png")
    for visitor, name, address in (
        (auditor, "own", "/conflicts/yours/"),
        (auditor, "declare", "/conflicts/yours/declare/"),
        (analyst, "list", "/conflicts/"),
        (analyst, "allocation", f"/quarters/{QUARTER}/allocation/"),
    ):
        visitor.page.set_viewport_size(PHONE)
        visitor.open(address)
        visitor.picture(tmp_path / f"{name}-phone.png")
