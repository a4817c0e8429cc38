"""Audits ready to be begun, without the sampling in front of them."""

from __future__ import annotations

import pytest

from accounts.models import User
from audits.models import Audit
from audits.operations.tools import install_shipped_tools
from cases.models import AuditQuarter, Draw
from tests.cast import NOW, QUARTER, TODAY, Cast, open_case
from tests.integration.audits.auditing import Make, allocate, make_draw, sampled


@pytest.fixture
def tools(cast: Cast) -> None:
    """The shipped audit tools, published."""
    install_shipped_tools(by=User.objects.system(), now=NOW)


@pytest.fixture
def draw(cast: Cast) -> Draw:
    """A draw of the third quarter without any case yet."""
    quarter, _ = AuditQuarter.objects.get_or_create(
        label=QUARTER, defaults={"starts_on": TODAY.replace(day=1), "ends_on": TODAY}
    )
    return make_draw(quarter, cast.analyst)


@pytest.fixture
def make_audit(cast: Cast, tools: None, draw: Draw) -> Make:
    """make_audit(auditor=…, **case): an audit of Riverside's Pat Titioner, allocated."""

    def make(auditor: User | None = None, **facts: object) -> Audit:
        options = {"team": cast.riverside, "practitioner": cast.practitioner} | facts
        case = open_case(**options)  # type: ignore[arg-type]
        return allocate(sampled(draw, case), auditor or cast.auditor, cast.analyst)

    return make


@pytest.fixture
def audit(make_audit: Make) -> Audit:
    """One audit, allocated to Audrey Tor."""
    return make_audit(child_id="0042_7")
