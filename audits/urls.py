"""Addresses of this app. An audit is named by its reference, never by a child's id."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from audits.views import audit, feedback, grading, lists

app_name = "audits"


class ReferenceConverter:
    """ "2026-Q3-0042"."""

    regex = r"[0-9]{4}-Q[1-4]-[0-9]{4,}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "audit_reference")

of_grading = [
    path("", grading.grading, name="grading"),
    path("before/", grading.before, name="grading_before"),
    path("standards/<slug:code>/", grading.standard, name="grading_standard"),
    path("details/", grading.details, name="grading_details"),
    path("overall/", grading.overall, name="grading_overall"),
    path("concern/", grading.concern, name="grading_concern"),
    path("check/", grading.check, name="grading_check"),
    path("submit/", grading.submit, name="grading_submit"),
    path("submitted/", grading.submitted, name="grading_submitted"),
]

of_audit: list[URLPattern | URLResolver] = [
    path("", audit.audit_page, name="audit"),
    path("history/", audit.history, name="history"),
    path("begin/", audit.begin, name="begin"),
    path("conflict/", audit.conflict, name="conflict"),
    path("reopen/", audit.reopen, name="reopen"),
    path("withdraw/", audit.withdraw, name="withdraw"),
    path("feedback/", feedback.release, name="release_feedback"),
    path("gradings/<int:pk>/", include(of_grading)),
]

urlpatterns = [
    path("audits/", lists.audit_list_page, name="audit_list"),
    path("audits/export.csv", lists.audit_export, name="audit_export"),
    path("audits/search/", lists.search, name="search"),
    path("audits/feedback/", feedback.feedback_list, name="feedback_list"),
    path("audits/feedback/<audit_reference:reference>/", feedback.feedback, name="feedback"),
    path(
        "audits/feedback/<audit_reference:reference>/read/",
        feedback.mark_read,
        name="feedback_read",
    ),
    path(
        "audits/feedback/<audit_reference:reference>/reply/",
        feedback.reply,
        name="feedback_reply",
    ),
    path("audits/<audit_reference:reference>/", include(of_audit)),
]
