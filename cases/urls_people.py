"""Addresses of services, teams, practitioners and graders."""

from __future__ import annotations

from django.urls import path

from cases.views import people, staff, staff_list

people_patterns = [
    path("teams/", people.team_list, name="team_list"),
    path("teams/add/", people.team_add, name="team_add"),
    path("teams/download/", people.team_download, name="team_download"),
    path("teams/upload/", people.team_upload, name="team_upload"),
    path("teams/upload/confirm/", people.team_upload_confirm, name="team_upload_confirm"),
    path("teams/upload/template/", people.team_template, name="team_template"),
    path("teams/<int:pk>/", people.team_change, name="team_change"),
    path("services/", people.service_list, name="service_list"),
    path("services/download/", people.service_download, name="service_download"),
    path("services/upload/", people.service_upload, name="service_upload"),
    path("services/upload/confirm/", people.service_upload_confirm, name="service_upload_confirm"),
    path("services/upload/template/", people.service_template, name="service_template"),
    path("services/<slug:code>/", people.service_change, name="service_change"),
    path("services/<slug:code>/move/", people.service_move, name="service_move"),
    path("practitioners/", staff.practitioner_list, name="practitioner_list"),
    path("practitioners/add/", staff.practitioner_add, name="practitioner_add"),
    path("practitioners/download/", staff.practitioner_download, name="practitioner_download"),
    path("practitioners/<int:pk>/", staff.practitioner_change, name="practitioner_change"),
    path("staff-list/", staff_list.staff_list, name="staff_list"),
    path("staff-list/upload/", staff_list.staff_upload, name="staff_upload"),
    path(
        "staff-list/upload/confirm/", staff_list.staff_upload_confirm, name="staff_upload_confirm"
    ),
    path("staff-list/upload/template/", staff_list.staff_template, name="staff_template"),
    path(
        "staff-list/unmatched/",
        staff_list.staff_unmatched_download,
        name="staff_unmatched_download",
    ),
    path("graders/", staff.grader_list, name="grader_list"),
    path("graders/add/", staff.grader_add, name="grader_add"),
    path("graders/download/", staff.grader_download, name="grader_download"),
    path("graders/<int:pk>/", staff.grader_change, name="grader_change"),
]
