"""Uploaded files: fetched for reading, told apart by hash, deleted when nobody knows them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, cast

from django.core.files.base import File
from django.core.files.storage import default_storage

from cases.importers import FileRefused
from cases.importers.csv_lists import pack
from cases.models import CaseImport

FOLDER = "imports/"
GONE = "The file has been deleted. Upload it again."


def sha256_of(file: File[bytes]) -> str:
    """The SHA-256 of an open file in hex; the file is at its start again afterwards."""
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


@contextmanager
def packed(files: Sequence[File[bytes]]) -> Iterator[File[bytes]]:
    """Several CSV files as one archive, to be kept as one file."""
    with tempfile.TemporaryFile() as archive:
        pack([(Path(file.name or "").name, cast(IO[bytes], file)) for file in files], archive)
        archive.seek(0)
        yield File(archive)


@contextmanager
def one_path(paths: Sequence[Path]) -> Iterator[Path]:
    """The path of one file as it is; several CSV files as one archive, deleted afterwards."""
    if len(paths) == 1:
        yield paths[0]
        return
    with tempfile.NamedTemporaryFile() as archive, ExitStack() as opened:
        contents = [opened.enter_context(path.open("rb")) for path in paths]
        pack([(path.name, content) for path, content in zip(paths, contents, strict=True)], archive)
        archive.flush()
        yield Path(archive.name)


@contextmanager
def local_file(case_import: CaseImport) -> Iterator[Path]:
    """The uploaded file as a path, fetched first where storage is not a folder.

    Raises FileRefused where it is no longer there.
    """
    if not case_import.file:
        raise FileRefused(GONE)
    try:
        path = Path(case_import.file.path)
    except NotImplementedError:
        with tempfile.NamedTemporaryFile() as copy, case_import.file.open("rb") as content:
            shutil.copyfileobj(content, copy)
            copy.flush()
            yield Path(copy.name)
        return
    if not path.exists():
        raise FileRefused(GONE)
    yield path


def delete_strays(now: datetime, *, older_than: timedelta) -> int:
    """Delete old files that belong to no import; returns how many.

    Such a file is what is left of an upload, or a deletion, cut off in the middle.
    """
    try:
        names = [f"{FOLDER}{name}" for name in default_storage.listdir(FOLDER)[1]]
    except FileNotFoundError:
        return 0
    known = set(CaseImport.objects.exclude(file="").values_list("file", flat=True))
    strays = [
        name
        for name in names
        if name not in known and default_storage.get_modified_time(name) < now - older_than
    ]
    for name in strays:
        default_storage.delete(name)
    return len(strays)
