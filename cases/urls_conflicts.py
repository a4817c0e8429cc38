"""Addresses of declared conflicts; part of cases.urls. None names a child."""

from __future__ import annotations

from django.urls import path

from cases.views import conflicts

conflict_patterns = [
    path("conflicts/", conflicts.conflict_list, name="conflict_list"),
    path("conflicts/conflicts.csv", conflicts.conflict_download, name="conflict_download"),
    path("conflicts/register/", conflicts.conflict_register, name="conflict_register"),
    path("conflicts/<int:pk>/end/", conflicts.conflict_end, name="conflict_end"),
    path("conflicts/yours/", conflicts.own_conflict_list, name="own_conflicts"),
    path("conflicts/yours/declare/", conflicts.conflict_declare, name="conflict_declare"),
]
