"""Uploaded lists of open cases: the file, its rows while they are being checked, its problems."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.history import tracked
from cases.models.references import named_by_a_case


# Without the summary: it holds words of the file for a while, and a history is for good.
@tracked(exclude=["summary"])
class CaseImport(models.Model):
    """One list of open cases as of a date: uploaded → checked → confirmed, or refused or discarded.

    The file is deleted once it is confirmed, refused or discarded; its hash stays.
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Being checked"
        COLUMNS = "columns", "Waiting for its columns"  # nobody has said yet what they mean
        CHECKED = "checked", "Ready to confirm"
        CONFIRMED = "confirmed", "Confirmed"
        REFUSED = "refused", "Cannot be accepted"
        DISCARDED = "discarded", "Discarded"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    as_of = models.DateField("open cases as of")
    file = models.FileField(upload_to="imports/", blank=True)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64, blank=True)
    file_format = models.CharField(max_length=30, blank=True)
    # {"rows_read", "children", "open_cases", "by_service", "sheets", "dropped_columns",
    #  "opens", "moves", "closes": {service code: n}, "covers": the services of which the list holds
    #  all open cases, "covers_said": the same as somebody said it, "outdated": the services that a
    #  newer list was confirmed for, "to_name": sets of headings with columns that are not read,
    #  "reading": a fingerprint of what words and ids meant}
    summary = models.JSONField(default=dict, blank=True)
    refusal = models.TextField("why it cannot be accepted", blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(default=timezone.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-uploaded_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    status="confirmed", confirmed_at__isnull=False, confirmed_by__isnull=False
                )
                | (~Q(status="confirmed") & Q(confirmed_at__isnull=True)),
                name="confirmed_import_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refusal=""), name="refused_import_says_why"
            ),
        )
        triggers = named_by_a_case("last_import_id")

    def __str__(self) -> str:
        return f"{self.file_name}, as of {self.as_of:%d/%m/%Y}"

    @property
    def waits_for_services(self) -> bool:
        """Checked, and names of services have no meaning yet: it cannot be confirmed."""
        return self.status == self.Status.CHECKED and bool(self.summary.get("unknown_services"))


class StagedCase(models.Model):
    """One row of an uploaded list, as read; filled by COPY, emptied when the import ends."""

    # Not looked up row by row in the database: a list of a million is written in one transaction,
    # by which its import is locked. Nor indexed: nearly all rows are of the one list that is asked
    # for.
    case_import = models.ForeignKey(
        CaseImport,
        on_delete=models.CASCADE,
        related_name="staged",
        db_constraint=False,
        db_index=False,
    )
    sheet = models.CharField(max_length=60, blank=True)
    row = models.PositiveIntegerField()
    child_id = models.CharField(max_length=60)
    # Empty: an event, not a case; where the row is open, the list does not say its service.
    service_code = models.CharField(max_length=40, blank=True)
    is_open = models.BooleanField()
    team = models.CharField(max_length=120, blank=True)
    practitioner = models.CharField(max_length=150, blank=True)
    agency = models.BooleanField(null=True)
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    restricted = models.BooleanField(null=True)
    family_id = models.CharField(max_length=60, blank=True)
    age_years = models.SmallIntegerField(null=True)
    gender = models.CharField(max_length=40, blank=True)
    ethnicity = models.CharField(max_length=120, blank=True)
    disability = models.CharField(max_length=120, blank=True)
    disability_team = models.BooleanField(null=True)  # what the row says of its team
    transferred_in_on = models.DateField(null=True)
    transferred_in_from = models.CharField(max_length=120, blank=True)
    legal_status = models.CharField(max_length=120, blank=True)
    plan = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return f"{self.sheet} row {self.row}"


class OpenElsewhere(models.Model):
    """A list has a child open to a service, and the child's one open case is of another.

    Kept from one list to the next: when that case closes, because its own service's list no longer
    has the child, the child moves to this service instead of dropping out. Gone once a list that
    covers the service no longer has the child, or the child's case is of this service.
    """

    child = models.ForeignKey(
        "cases.Child", on_delete=models.CASCADE, related_name="open_elsewhere"
    )
    service = models.ForeignKey("cases.Service", on_delete=models.CASCADE, related_name="+")
    case_import = models.ForeignKey(CaseImport, on_delete=models.CASCADE, related_name="+")
    opened_on = models.DateField(null=True, blank=True)
    # The names as the list writes them; whose they are is looked up when the child moves.
    team = models.CharField(max_length=120, blank=True)
    practitioner = models.CharField(max_length=150, blank=True)
    agency = models.BooleanField(null=True)
    legal_status = models.CharField(max_length=120, blank=True)
    plan = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "open elsewhere"
        constraints = (
            models.UniqueConstraint(
                fields=("child", "service"), name="one_memory_for_each_child_and_service"
            ),
        )

    def __str__(self) -> str:
        return f"{self.child_id} is open to {self.service} as well"


class ImportProblem(models.Model):
    """One thing wrong in an uploaded list: where it is, what is wrong, what was done."""

    case_import = models.ForeignKey(CaseImport, on_delete=models.CASCADE, related_name="problems")
    sheet = models.CharField(max_length=60, blank=True)
    row = models.PositiveIntegerField(null=True)
    column = models.CharField(max_length=120, blank=True)
    message = models.CharField(max_length=500)
    # What stood in the cell, cut short; blanked some time after the list was confirmed.
    value = models.CharField(max_length=60, blank=True, db_default="", default="")
    severity = models.CharField(max_length=20)
    # What was done, where the severity does not say it all.
    done = models.CharField(max_length=200, blank=True, db_default="", default="")

    class Meta:
        ordering = ("sheet", "row", "pk")

    def __str__(self) -> str:
        return f"{self.sheet} row {self.row}: {self.message}"


@tracked()
class ImportMeaning(models.Model):
    """What councils' files mean by a word or a set of headings, as somebody decided in a preview.

    Remembered for every later list; never guessed.
    """

    class Kind(models.TextChoices):
        SERVICE = "service", "Name of a service"
        COLUMNS = "columns", "Column headings"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    # A service's name as it is looked up (cases.importers.codes.plain); for columns the SHA-256 of
    # the headings.
    key = models.CharField(max_length=200)
    said = models.TextField("as it stood in the file")
    # Service: {"service": code, "" for rows that open no case}. Columns: {"columns": {field:
    # heading}, "service": code where every row is of one service, else ""}.
    meaning = models.JSONField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("kind", "said")
        constraints = (
            models.UniqueConstraint(fields=("kind", "key"), name="one_meaning_for_each_word"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.said[:80]}"
