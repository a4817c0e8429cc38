"""Addresses below /people/."""

from __future__ import annotations

from django.urls import path

from accounts.views import access_log, people

app_name = "accounts"
urlpatterns = [
    path("", people.person_list, name="person_list"),
    path("download/", people.person_download, name="person_download"),
    path("add/", people.person_add, name="person_add"),
    path("upload/", people.person_upload, name="person_upload"),
    path("upload/confirm/", people.person_upload_confirm, name="person_upload_confirm"),
    path("upload/template/", people.person_template, name="person_template"),
    path("access-log/", access_log.access_log, name="access_log"),
    path("access-log/download/", access_log.access_log_download, name="access_log_download"),
    path("<int:pk>/", people.person_change, name="person_change"),
    path("<int:pk>/invite/", people.person_invite, name="person_invite"),
]
