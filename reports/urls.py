"""Addresses of the committee reports."""

from __future__ import annotations

from django.urls import path

from reports import baseline_views, views

app_name = "reports"
urlpatterns = [
    path("", views.report_list, name="report_list"),
    path("new/", views.report_add, name="report_add"),
    path("baselines/", baseline_views.baseline_list, name="baseline_list"),
    path("baselines/new/", baseline_views.baseline_add, name="baseline_add"),
    path("baselines/history/", baseline_views.baseline_history, name="baseline_history"),
    path("baselines/download/", baseline_views.baseline_download, name="baseline_download"),
    path("baselines/upload/", baseline_views.baseline_upload, name="baseline_upload"),
    path(
        "baselines/upload/confirm/",
        baseline_views.baseline_upload_confirm,
        name="baseline_upload_confirm",
    ),
    path("baselines/template/", baseline_views.baseline_template, name="baseline_template"),
    path("baselines/<int:pk>/", baseline_views.baseline_change, name="baseline_change"),
    path("baselines/<int:pk>/remove/", baseline_views.baseline_remove, name="baseline_remove"),
    path("<int:pk>/", views.report, name="report"),
    path("<int:pk>/figures/<str:edition>/", views.figures, name="figures"),
    path("<int:pk>/words/", views.words, name="words"),
    path("<int:pk>/render/", views.render_start, name="render"),
    path("<int:pk>/approve/", views.approve, name="approve"),
    path("<int:pk>/publish/", views.publish, name="publish"),
    path("<int:pk>/take-back/", views.take_back, name="take_back"),
    path("<int:pk>/<str:edition>.pdf", views.download, name="download"),
]
