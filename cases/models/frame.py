"""The quarter, and the frozen list of open cases it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.history import tracked
from cases.models.child import Case, Child
from cases.models.imports import CaseImport
from cases.models.people import Practitioner, Service, Team
from cases.models.references import not_emptied_while_named
from cases.rules.labels import stratum_label
from cases.rules.policy import STRATA_BY
from cases.rules.quarters import Quarter


@tracked()
class AuditQuarter(models.Model):
    """A quarter of the audit programme, and the policy numbers that were in force in it.

    The row that everything of a quarter is locked by, first of all.
    """

    label = models.CharField(max_length=7, unique=True)  # "2026-Q3"
    starts_on = models.DateField()
    ends_on = models.DateField()
    # {"cases": CasePolicy, "audits": AuditPolicy, "quality": …, "reports": …} as dicts; an app
    # that is missing here uses its defaults.
    policies = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-starts_on",)

    def __str__(self) -> str:
        return self.quarter.name

    @property
    def quarter(self) -> Quarter:
        """The quarter as the rules know it."""
        return Quarter.parse(self.label)


@tracked()
class SamplingFrame(models.Model):
    """The frozen list of open cases on a date. Its rows never change; its hash is published."""

    class Status(models.TextChoices):
        FROZEN = "frozen", "Frozen"
        SUPERSEDED = "superseded", "Superseded"

    quarter = models.ForeignKey(AuditQuarter, on_delete=models.PROTECT, related_name="frames")
    # Of a theme: the open cases of its cohort. None: all open cases, for the quarter's sample.
    theme = models.ForeignKey(
        "cases.Theme", on_delete=models.PROTECT, null=True, blank=True, related_name="frames"
    )
    number = models.PositiveSmallIntegerField()  # in its quarter; of themes from 101
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.FROZEN)
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    frozen_on = models.DateField("eligibility judged on")
    policy = models.JSONField()  # CasePolicy.as_dict()
    strata = models.JSONField(default=list, blank=True)  # their names, by code point
    # {stratum: name of its service}; empty where each service is a stratum.
    services_of_strata = models.JSONField(default=dict, blank=True)
    sha256 = models.CharField(max_length=64)
    # The ids of its entries, which follow upon each other in the order of their keys. None where
    # they do not: two frames that a trial version froze at the same moment.
    first_entry = models.BigIntegerField(null=True, blank=True)
    last_entry = models.BigIntegerField(null=True, blank=True)
    # Case keys (as in the entries) of practitioners audited in the quarter before.
    rested_practitioners = models.JSONField(default=list, blank=True)
    imports = models.ManyToManyField(CaseImport, related_name="frames", blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    supersede_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-quarter__starts_on", "-number")
        constraints = (
            models.UniqueConstraint(fields=("quarter", "number"), name="frames_are_numbered"),
            models.UniqueConstraint(
                fields=("quarter",),
                condition=Q(status="frozen", theme__isnull=True),
                name="one_live_frame_per_quarter",
            ),
            models.UniqueConstraint(
                fields=("theme",), condition=Q(status="frozen"), name="one_live_frame_per_theme"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="superseded", superseded_at__isnull=False, superseded_by__isnull=False
                )
                | Q(status="frozen", superseded_at__isnull=True, superseded_by__isnull=True),
                name="superseded_frame_has_who_and_when",
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(
                name="frozen_is_frozen",
                exclude=["status", "superseded_at", "superseded_by", "supersede_reason"],
            ),
            pgtrigger.Protect(name="keep_frames", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"Frame {self.number} of {self.quarter}"

    @property
    def range_of_entries(self) -> range | None:
        """The ids of its entries; None where they do not follow upon each other."""
        if self.first_entry is None or self.last_entry is None:
            return None
        return range(self.first_entry, self.last_entry + 1)

    def service_of(self, stratum: str) -> str:
        """The name of the service that a stratum of this frame belongs to."""
        return str(self.services_of_strata.get(stratum, stratum))

    def stratum_words(self, stratum: str) -> str:
        """A stratum as it is shown; files and hashes have its name."""
        return stratum_label(stratum, self.policy.get("strata_by", "service"))

    @property
    def strata_by(self) -> str:
        """What the frame is divided by, in words: "service and team"."""
        return STRATA_BY[self.policy.get("strata_by", "service")]


@tracked()
class HashMail(models.Model):
    """That a frame's hash was mailed, to whom by role, and when: before there was a seed."""

    frame = models.ForeignKey(SamplingFrame, on_delete=models.PROTECT, related_name="hash_mails")
    roles = models.JSONField()  # codes, in the order of accounts.roles
    people = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("frame", "sent_at", "pk")
        triggers = (
            pgtrigger.Protect(name="sent_is_sent", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.frame}, hash mailed"


FACTS = (
    "opened_on", "age_years", "gender", "ethnicity", "disability", "transferred_in_on",
    "transferred_in_from", "legal_status", "plan", "agency", "practitioner_caseload",
)  # fmt: skip


class FrameEntries(models.QuerySet["FrameEntry"]):
    """Entries of frames."""

    def of(self, frame: SamplingFrame) -> Self:
        """Those of ``frame``, found by their ids: there is no index by frame."""
        found, ids = self.filter(frame=frame), frame.range_of_entries
        return found if ids is None else found.filter(pk__range=(ids[0], ids[-1]))


class FrameEntry(models.Model):
    """One open case in a frame, as it was on the day. Immutable.

    A frame may hold a million, and checking six references of each takes longer than all the rest.
    The database holds them without: one statement over the open cases makes the rows of a frame,
    and a trigger on what they name (`named_by_a_frame`) keeps it from being deleted. Why:
    docs/decisions/0009.
    """

    frame = models.ForeignKey(
        SamplingFrame,
        on_delete=models.PROTECT,
        related_name="entries",
        db_constraint=False,
        db_index=False,
    )  # found by the frame's range of ids: `FrameEntries.of`
    # HMAC of the child id under the installation's secret; sorted byte by byte, as it is hashed.
    key = models.CharField(max_length=64, db_collation="C")
    child = models.ForeignKey(
        Child,
        on_delete=models.PROTECT,
        related_name="frame_entries",
        db_constraint=False,
        db_index=False,
    )
    case = models.ForeignKey(
        Case,
        on_delete=models.PROTECT,
        related_name="frame_entries",
        db_constraint=False,
        db_index=False,
    )
    stratum = models.CharField(max_length=220)  # a service's name, or that and more
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    practitioner = models.ForeignKey(
        Practitioner,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    practitioner_key = models.CharField(max_length=64, blank=True)
    family_key = models.CharField(max_length=64, blank=True)
    not_eligible = models.CharField(max_length=40, blank=True)  # reason code; empty: eligible
    # What the case looked like: fields as on Case and Practitioner.
    opened_on = models.DateField(null=True)
    age_years = models.SmallIntegerField(null=True)
    gender = models.CharField(max_length=40, blank=True)
    ethnicity = models.CharField(max_length=120, blank=True)
    disability = models.CharField(max_length=120, blank=True)
    transferred_in_on = models.DateField(null=True)
    transferred_in_from = models.CharField(max_length=120, blank=True)
    legal_status = models.CharField(max_length=120, blank=True)
    plan = models.CharField(max_length=120, blank=True)
    agency = models.BooleanField(null=True)  # None: no practitioner
    practitioner_caseload = models.IntegerField("practitioner's open cases", null=True)

    objects = FrameEntries.as_manager()

    class Meta:
        verbose_name_plural = "frame entries"
        ordering = ("key",)
        triggers = (
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete),
            not_emptied_while_named("cases_sampledcase", "cases_inclusionprobability"),
        )

    def __str__(self) -> str:
        return self.key[:12]

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of how the case looked, by the names in `FACTS`; dates in ISO 8601."""
        return known_facts({name: getattr(self, name) for name in FACTS})


def known_facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON data of what is known: without what is None or empty, dates in ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value is not None and value != ""
    }
