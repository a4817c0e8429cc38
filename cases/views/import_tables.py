"""Short lists that complete what lists of open cases say: children audited before this product."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SignedInRequest, allow
from accounts.policy import Permission
from accounts.rules.table_file import Plan
from accounts.views.uploads import TableUpload, confirm_page, empty_table, upload_page
from cases.operations.import_audited import register_audited_earlier
from cases.queries.audited_earlier import plan_for_audited_earlier
from cases.queries.calendar import local_date

may_import = allow(Permission.IMPORT_CASES)


def _audited_plan(text: str) -> Plan:
    return plan_for_audited_earlier(text, local_date(timezone.now())).plan


AUDITED_UPLOAD = TableUpload(
    title="Register children audited earlier",
    noun="child",
    plural="children",
    columns=(
        ("child_id", "The council’s own id of the child, as in your lists of open cases."),
        ("audited_on", "When the file was audited: 14/02/2025 or 2025-02-14."),
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
