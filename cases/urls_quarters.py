"""Addresses of quarters, draws, sampled cases and replacements; part of cases.urls."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from cases.views import (
    draws,
    frame_cases,
    numbers,
    passed_over,
    planner,
    quarters,
    replacements,
    screen,
    waiting,
)


class QuarterConverter(StringConverter):
    """ "2026-Q3"."""

    regex = r"[0-9]{4}-Q[1-4]"


register_converter(QuarterConverter, "quarter")

quarter_patterns = [
    path("quarters/", quarters.quarter_list, name="quarter_list"),
    path("quarters/quarters.csv", quarters.quarter_download, name="quarter_download"),
    path("quarters/<quarter:label>/", quarters.quarter_detail, name="quarter_detail"),
    path("quarters/<quarter:label>/plan/", planner.quarter_plan, name="quarter_plan"),
    path("quarters/<quarter:label>/numbers/", numbers.quarter_numbers, name="quarter_numbers"),
    path(
        "quarters/<quarter:label>/numbers/change/",
        numbers.quarter_numbers_change,
        name="quarter_numbers_change",
    ),
    path("quarters/<quarter:label>/frame/", quarters.quarter_frame, name="quarter_frame"),
    path("quarters/<quarter:label>/frame/freeze/", quarters.quarter_freeze, name="quarter_freeze"),
    path(
        "quarters/<quarter:label>/frame/mail/", screen.quarter_mail_hash, name="quarter_mail_hash"
    ),
    path(
        "quarters/<quarter:label>/frames/<int:number>/cases/",
        frame_cases.frame_cases,
        name="frame_cases",
    ),
    path(
        "quarters/<quarter:label>/frames/<int:number>/cases.csv",
        frame_cases.frame_cases_download,
        name="frame_cases_download",
    ),
    path("quarters/<quarter:label>/screen/", screen.quarter_screen, name="quarter_screen"),
    path("quarters/<quarter:label>/draw/", quarters.quarter_draw, name="quarter_draw"),
    path(
        "quarters/<quarter:label>/allocation/",
        quarters.quarter_allocation,
        name="quarter_allocation",
    ),
    path(
        "quarters/<quarter:label>/allocation/allocate/",
        quarters.quarter_allocate,
        name="quarter_allocate",
    ),
    path("quarters/<quarter:label>/draws/<int:number>/", draws.draw_detail, name="draw_detail"),
    path(
        "quarters/<quarter:label>/draws/<int:number>/cases.csv", draws.draw_cases, name="draw_cases"
    ),
    path(
        "quarters/<quarter:label>/draws/<int:number>/without-an-auditor.csv",
        waiting.waiting_download,
        name="waiting_download",
    ),
    path(
        "quarters/<quarter:label>/draws/<int:number>/passed-over.csv",
        passed_over.passed_over_download,
        name="passed_over_download",
    ),
    path(
        "quarters/<quarter:label>/draws/<int:number>/certificate.json",
        draws.draw_certificate,
        name="draw_certificate",
    ),
    path(
        "quarters/<quarter:label>/draws/<int:number>/certificate.pdf",
        draws.draw_certificate_pdf,
        name="draw_certificate_pdf",
    ),
    path(
        "quarters/<quarter:label>/draws/<int:number>/chances/",
        draws.draw_chances,
        name="draw_chances",
    ),
    path("sampled/<int:pk>/", draws.sampled_case, name="sampled_case"),
    path("sampled/<int:pk>/auditor/", draws.reallocate, name="reallocate"),
    path(
        "sampled/<int:pk>/replacement/",
        replacements.replacement_request,
        name="replacement_request",
    ),
    path("replacements/", replacements.replacement_list, name="replacement_list"),
    path(
        "replacements/replacements.csv",
        replacements.replacement_download,
        name="replacement_download",
    ),
    path("replacements/<int:pk>/", replacements.replacement_detail, name="replacement_detail"),
    path(
        "replacements/<int:pk>/decide/",
        replacements.replacement_decide,
        name="replacement_decide",
    ),
]
