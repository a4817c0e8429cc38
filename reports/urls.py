"""Addresses of the committee reports."""

from __future__ import annotations

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("", views.report_list, name="report_list"),
    path("new/", views.report_add, name="report_add"),
    path("<int:pk>/", views.report, name="report"),
    path("<int:pk>/figures/<str:edition>/", views.figures, name="figures"),
    path("<int:pk>/words/", views.words, name="words"),
    path("<int:pk>/render/", views.render_start, name="render"),
    path("<int:pk>/approve/", views.approve, name="approve"),
    path("<int:pk>/publish/", views.publish, name="publish"),
    path("<int:pk>/take-back/", views.take_back, name="take_back"),
    path("<int:pk>/<str:edition>.pdf", views.download, name="download"),
]
