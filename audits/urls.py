"""Addresses of this app. An audit is named by its reference, never by a child's id."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from audits.views import (
    audit,
    feedback,
    feedback_rates,
    grading,
    lists,
    themes,
    tool_parts,
    tool_preview,
    tools,
)

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

of_theme = [
    path("", themes.theme_detail, name="theme_detail"),
    path("change/", themes.theme_change, name="theme_change"),
    path("freeze/", themes.theme_freeze, name="theme_freeze"),
    path("screen/", themes.theme_screen, name="theme_screen"),
    path("mail/", themes.theme_mail_hash, name="theme_mail_hash"),
    path("draw/", themes.theme_draw, name="theme_draw"),
    path("allocate/", themes.theme_allocate, name="theme_allocate"),
    path("findings/", themes.theme_findings, name="theme_findings"),
]

of_version = [
    path("", tools.tool_version, name="tool_version"),
    path("changes/", tools.tool_changes, name="tool_changes"),
    path("preview/", tool_preview.tool_preview, name="tool_preview"),
    path("tool.json", tools.tool_export, name="tool_export"),
    path("publish/", tools.tool_publish, name="tool_publish"),
    path("delete/", tools.tool_delete, name="tool_delete"),
    path("limits/", tool_parts.limits, name="tool_limits"),
    path("sections/", tool_parts.section, name="tool_section_add"),
    path("sections/<slug:part>/", tool_parts.section, name="tool_section"),
    path("standards/", tool_parts.standard, name="tool_standard_add"),
    path("standards/<slug:part>/", tool_parts.standard, name="tool_standard"),
    path("move/<slug:part>/", tool_parts.move, name="tool_move"),
    path("sections/<slug:part>/remove/", tool_parts.remove_section, name="tool_section_remove"),
    path("standards/<slug:part>/remove/", tool_parts.remove_standard, name="tool_standard_remove"),
]

urlpatterns = [
    path("tools/", tools.tool_list, name="tool_list"),
    path("tools/import/", tools.tool_import, name="tool_import"),
    path("tools/<slug:code>/draft/", tools.tool_draft, name="tool_draft"),
    path("tools/<slug:code>/<int:number>/", include(of_version)),
    path("themes/", themes.theme_list, name="theme_list"),
    path("themes/themes.csv", themes.theme_download, name="theme_download"),
    path("themes/new/", themes.theme_add, name="theme_add"),
    path("themes/<int:pk>/", include(of_theme)),
    path("audits/", lists.audit_list_page, name="audit_list"),
    path("audits/export.csv", lists.audit_export, name="audit_export"),
    path("audits/search/", lists.search, name="search"),
    path("audits/feedback/", feedback.feedback_list, name="feedback_list"),
    path("audits/feedback/rates/", feedback_rates.rates, name="feedback_rates"),
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
