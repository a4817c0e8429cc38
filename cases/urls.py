"""Addresses of this app."""

from __future__ import annotations

from cases.urls_conflicts import conflict_patterns
from cases.urls_imports import import_patterns
from cases.urls_people import people_patterns
from cases.urls_quarters import quarter_patterns

app_name = "cases"
urlpatterns = [*people_patterns, *conflict_patterns, *import_patterns, *quarter_patterns]
