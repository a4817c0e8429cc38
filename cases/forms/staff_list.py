"""Forms of the staff list's pages."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path, PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from cases.forms.imports import ENDINGS, WRONG_ENDING
from cases.importers.records import MEGABYTE, FileRefused
from cases.importers.staff_list import LIMITS, StaffList, read_staff


class StaffUploadForm(forms.Form):
    """The council's staff list; ``cleaned_data["file"]`` is what was read."""

    file = forms.FileField(
        label="Staff list",
        help_text="A CSV file, or a workbook (.xlsx, .xls or .ods) whose first sheet is the list.",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages={
            "required": "Choose a file",
            "empty": "The file you chose is empty",
            "max_length": "The name of the file is too long: shorten it to 200 characters",
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_file(self) -> StaffList:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LIMITS.max_bytes:
            raise ValidationError(
                f"The file must be smaller than {LIMITS.max_bytes // MEGABYTE} MB"
            )
        ending = PurePath(file.name or "").suffix.lower()
        if ending not in ENDINGS:
            raise ValidationError(WRONG_ENDING)
        with tempfile.NamedTemporaryFile(suffix=ending) as kept:
            for chunk in file.chunks():
                kept.write(chunk)
            kept.flush()
            try:
                return read_staff(Path(kept.name), today=self.today)
            except FileRefused as refused:
                raise ValidationError(str(refused)) from refused
