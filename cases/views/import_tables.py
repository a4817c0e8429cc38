"""Short lists that complete what lists of open cases say.

Children audited before this product; other ids of children; teams and practitioners of cases that
came without.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.exports import csv_download
from accounts.policy import Permission
from accounts.rules.table_file import Plan
from accounts.views.uploads import TableUpload, confirm_page, empty_table, upload_page
from cases.importers.gaps import REQUIRED as GAPS_HEADINGS
from cases.operations.import_audited import register_audited_earlier
from cases.operations.import_gaps import complete_gaps
from cases.operations.import_other_ids import register_other_ids
from cases.queries.audited_earlier import plan_for_audited_earlier
from cases.queries.calendar import local_date
from cases.queries.gaps import incomplete_cases, plan_for_gaps
from cases.queries.other_ids import plan_for_other_ids
from cases.views.people import log_download

may_import = allow(Permission.IMPORT_CASES)


def _audited_plan(text: str) -> Plan:
    return plan_for_audited_earlier(text, local_date(timezone.now())).plan


AUDITED_UPLOAD = TableUpload(
    title="Register children audited earlier",
    noun="child",
    plural="children",
    columns=(
        ("child_id", "The council’s own id of the child, as in your lists of open cases."),
        (
            "audited_on",
            "When the file was audited: 14/02/2025. Not known: the last day it can have been.",
        ),
    ),
    note="These children’s files were audited before this service was in use. Frames frozen from "
    "now on count them as already audited, so they are not drawn again. A line without a date "
    "takes a child off the register. Children who are not in the file stay as they are.",
    plan=_audited_plan,
    apply=register_audited_earlier,
    list_name="cases:import_list",
    list_label="Imports",
    upload_name="cases:audited_upload",
    confirm_name="cases:audited_upload_confirm",
    template_name="cases:audited_template",
)


@may_import
@require_http_methods(["GET", "POST"])
def audited_upload(request: SignedInRequest) -> HttpResponse:
    """Upload a list of children audited earlier and see what it would change."""
    return upload_page(request, AUDITED_UPLOAD)


@may_import
@require_POST
def audited_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Register the children that were shown."""
    return confirm_page(request, AUDITED_UPLOAD)


@may_import
@require_GET
def audited_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the list of children audited earlier."""
    return empty_table(AUDITED_UPLOAD)


def _other_ids_plan(text: str) -> Plan:
    return plan_for_other_ids(text).plan


OTHER_IDS_UPLOAD = TableUpload(
    title="Say which other ids children have",
    noun="other id",
    plural="other ids",
    columns=(
        ("child_id", "The id that stands for the child here, such as the social care system’s."),
        ("other_id", "Another id of the same child, for example that of the early help system."),
    ),
    note="What any list says under another id is about the child from then on, so that the child "
    "has one open case and is audited once. Where both ids are known here already, the open case "
    "under the other id ends or goes on under the first, and an earlier audit counts for the "
    "child. An id under which a child was audited or drawn stays, whichever column it is in.",
    plan=_other_ids_plan,
    apply=register_other_ids,
    list_name="cases:other_id_list",
    list_label="Other ids of children",
    upload_name="cases:other_ids_upload",
    confirm_name="cases:other_ids_upload_confirm",
    template_name="cases:other_ids_template",
)  # fmt: skip


@may_import
@require_http_methods(["GET", "POST"])
def other_ids_upload(request: SignedInRequest) -> HttpResponse:
    """Upload other ids of children and see what that would change."""
    return upload_page(request, OTHER_IDS_UPLOAD)


@may_import
@require_POST
def other_ids_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Register the other ids that were shown."""
    return confirm_page(request, OTHER_IDS_UPLOAD)


@may_import
@require_GET
def other_ids_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the list of other ids."""
    return empty_table(OTHER_IDS_UPLOAD)


def _gaps_plan(text: str) -> Plan:
    return plan_for_gaps(text).plan


GAPS_UPLOAD = TableUpload(
    title="Complete open cases",
    noun="case",
    plural="cases",
    columns=(
        ("child_id", "The council’s own id of the child, as in your lists of open cases."),
        ("team", "The team that holds the case."),
        ("practitioner", "The allocated worker, written as in your staff list."),
    ),
    note="Only what a case lacks is filled in: a team or a practitioner that a case has already "
    "stays. A name that is not known is added as a team or a practitioner, never as an account. "
    "Lines that cannot be used, and children who have no open case here, are left out and listed.",
    plan=_gaps_plan,
    apply=complete_gaps,
    list_name="cases:import_list",
    list_label="Imports",
    upload_name="cases:gaps_upload",
    confirm_name="cases:gaps_upload_confirm",
    template_name="cases:gaps_template",
)


@may_import
@require_http_methods(["GET", "POST"])
def gaps_upload(request: SignedInRequest) -> HttpResponse:
    """Upload teams and practitioners of cases that lack them, and see what that would change."""
    return upload_page(request, GAPS_UPLOAD)


@may_import
@require_POST
def gaps_upload_confirm(request: SignedInRequest) -> HttpResponse:
    """Complete the cases as shown."""
    return confirm_page(request, GAPS_UPLOAD)


@may_import
@require_GET
def gaps_template(request: SignedInRequest) -> HttpResponse:
    """The headings of the list that completes cases."""
    return empty_table(GAPS_UPLOAD)


@may_import
@require_GET
def gaps_download(request: SignedInRequest) -> HttpResponse:
    """The cases to be completed, as the file to be filled in and uploaded."""
    rows = [
        [case.child.local_id, case.team or "", case.practitioner or ""]
        for case in incomplete_cases()
    ]
    return csv_download(log_download(request, "cases-to-complete"), GAPS_HEADINGS, rows)
