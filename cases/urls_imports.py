"""Addresses of imports and jobs; part of cases.urls."""

from __future__ import annotations

from django.urls import path

from cases.views import import_covers, import_tables, imports, jobs, other_ids, returns
from cases.views import import_meanings as meanings

import_patterns = [
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new/", imports.import_upload, name="import_upload"),
    path("imports/template/", imports.import_template_help, name="import_template_help"),
    path("imports/template/cases.csv", imports.import_template, name="import_template"),
    path("imports/audited-earlier/", import_tables.audited_upload, name="audited_upload"),
    path(
        "imports/audited-earlier/confirm/",
        import_tables.audited_upload_confirm,
        name="audited_upload_confirm",
    ),
    path(
        "imports/audited-earlier/template/", import_tables.audited_template, name="audited_template"
    ),
    path("imports/other-ids/", other_ids.other_id_list, name="other_id_list"),
    path("imports/other-ids/upload/", import_tables.other_ids_upload, name="other_ids_upload"),
    path(
        "imports/other-ids/upload/confirm/",
        import_tables.other_ids_upload_confirm,
        name="other_ids_upload_confirm",
    ),
    path(
        "imports/other-ids/template/", import_tables.other_ids_template, name="other_ids_template"
    ),
    path("imports/other-ids/<int:pk>/remove/", other_ids.other_id_remove, name="other_id_remove"),
    path("imports/meanings/", meanings.meaning_list, name="meaning_list"),
    path("imports/meanings/<int:pk>/forget/", meanings.meaning_forget, name="meaning_forget"),
    path("imports/complete/", import_tables.gaps_upload, name="gaps_upload"),
    path(
        "imports/complete/confirm/", import_tables.gaps_upload_confirm, name="gaps_upload_confirm"
    ),
    path("imports/complete/template/", import_tables.gaps_template, name="gaps_template"),
    path("imports/complete/cases.csv", import_tables.gaps_download, name="gaps_download"),
    path("imports/returns/", returns.return_check, name="return_check"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/confirm/", imports.import_confirm, name="import_confirm"),
    path("imports/<int:pk>/services/", meanings.import_services, name="import_services"),
    path("imports/<int:pk>/covers/", import_covers.import_covers, name="import_covers"),
    path("imports/<int:pk>/columns/", meanings.import_columns, name="import_columns"),
    path("imports/<int:pk>/check-again/", imports.import_check_again, name="import_check_again"),
    path("imports/<int:pk>/discard/", imports.import_discard, name="import_discard"),
    path("imports/<int:pk>/problems.csv", imports.import_problems, name="import_problems"),
    path("imports/<int:pk>/new-names.csv", imports.import_new_names, name="import_new_names"),
    path("jobs/<uuid:pk>/", jobs.job_detail, name="job_detail"),
    path("jobs/<uuid:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<uuid:pk>/try-again/", jobs.job_try_again, name="job_try_again"),
]
