"""The addresses of the service, and beside them the bare views that benchmarks/pages.py needs."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from accounts.access import signed_in
from audits.models import Grading

# What the pages of a grading ask, by number: choices, long texts, short answers. Each fact to check
# of a standard is one more choice with a text beside it.
QUESTIONS = {"standard": (1, 2, 0), "details": (2, 4, 3), "overall": (1, 2, 1)}
CHOICES = [(str(number), f"Grade {number}") for number in range(5)]
ANSWERS = CHOICES[:3]


@cache
def plain_form(kind: str, facts: int) -> type[forms.Form]:
    """A form of Django's own fields, as many of each sort as the page ``kind`` has."""
    choices, texts, short = QUESTIONS[kind]
    fields: dict[str, Any] = {
        f"choice{n}": forms.ChoiceField(
            choices=CHOICES if n < choices else ANSWERS, widget=forms.RadioSelect, required=False
        )
        for n in range(choices + facts)
    }
    texts += facts
    fields |= {
        f"text{n}": forms.CharField(widget=forms.Textarea, required=False) for n in range(texts)
    }
    fields |= {f"short{n}": forms.CharField(required=False) for n in range(short)}
    fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
    return type("PlainForm", (forms.Form,), fields)


@signed_in
def plain_page(request: HttpRequest, pk: int, kind: str, facts: int) -> HttpResponse:
    """One row from the database in a plain form."""
    row = Grading.objects.get(pk=pk)
    shown = {"version": row.version, "text0": row.summary, "choice0": "2"}
    form = plain_form(kind, facts)(initial=shown)
    return render(request, "bare.html", {"form": form})


@signed_in
def update_row(request: HttpRequest, pk: int) -> HttpResponse:
    """One row updated with one value of the post."""
    Grading.objects.filter(pk=pk).update(summary=request.POST["text"])
    return HttpResponse("Saved")


urlpatterns = [
    path("bare/<int:pk>/update/", update_row),
    path("bare/<int:pk>/<str:kind>/<int:facts>/", plain_page),
    path("", include("config.urls")),
]
