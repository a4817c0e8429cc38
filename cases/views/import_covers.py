"""Saying of which services a list holds all open cases."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, allow
from accounts.operations import Refused
from accounts.policy import Permission
from cases.forms.imports import CoversForm
from cases.operations.imports import cover_services
from cases.queries.imports import every_service, imports_visible_to
from cases.views.imports import detail_page


@allow(Permission.IMPORT_CASES)
@require_POST
def import_covers(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say which services the list covers, and compare it again."""
    case_import = get_object_or_404(imports_visible_to(request.user), pk=pk)
    form = CoversForm(request.POST, services=every_service(case_import))
    if form.is_valid():
        try:
            job = cover_services(
                case_import=case_import,
                covers=form.cleaned_data["covers"],
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error("covers", str(refused))
        else:
            return redirect("cases:job_detail", pk=job.pk)
    return detail_page(request, case_import, covers_form=form)
