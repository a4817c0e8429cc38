"""A list of open cases from upload to confirmed, against a bare COPY of the same rows.

    ./run bench imports [--n 1000000] [--workbook 100000]

The list is the template's CSV with N open cases, a practitioner for each 17 of them. It is uploaded
into an instance without cases, read, checked, counted, compared and staged by the one job, then
taken over by the other: N children and cases are stored, with the history of each. Both jobs run
one after the other in a process of its own, as in a worker. The yardstick is one COPY of the same
file into a table of text without an index in the same PostgreSQL. Smaller lists come first, to show
how time and memory grow. What a process does once, at its first upload, is done before.

Of a workbook with the same columns two things are measured against the reader library by itself,
going through all rows of it: reading, from the file to rows that are checked and could be stored
(``reading_workbook``), and upload and check as of a list, which counts, compares and stages as well
(``imports_workbook``). Every line is one JSON object, the last is that of the list of N:

    {"name", "n", "seconds", "baseline_seconds", "ratio", "peak_mb"}

``seconds`` is from the beginning of the upload to the last commit; ``baseline_seconds`` the median
of three; ``peak_mb`` the most memory the worker's process ever had, in 2**20 bytes. What took the
time goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import django

from benchmarks._lists import AS_OF, HEADINGS, write_csv, write_workbook

SIZES = (20_000, 100_000, 1_000_000)
COLUMNS = ", ".join(f"{name} text" for name in HEADINGS)
EMPTY = (
    "TRUNCATE cases_case, cases_child, cases_practitioner, cases_team, cases_caseimport, cases_job,"
    " cases_caseevent, cases_caseimportevent CASCADE"
)


def main() -> None:
    """Measure a workbook, the lists shorter than N, and that of N; or be the worker of one."""
    parser = argparse.ArgumentParser(prog="run bench imports", description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000_000, help="how many open cases")
    parser.add_argument("--workbook", type=int, default=100_000, help="how many in the workbook")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--check", help=argparse.SUPPRESS)
    parser.add_argument("--confirm", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    django.setup()
    logging.disable(logging.WARNING)
    if given.read:
        read_seconds = median(lambda: read_and_check(given.read))
        print(json.dumps({"read_seconds": read_seconds, "peak_mb": peak_mb()}))
        return
    if given.check:
        print(json.dumps(work(given.check, confirm=given.confirm)))
        return
    from cases.models import Child

    if Child.objects.exists():
        sys.exit("This instance holds children. The benchmark empties tables: give it its own.")
    measure_list(100)
    for line in measure_workbook(given.workbook):
        print(json.dumps(line), flush=True)
    for size in [*(size for size in SIZES if size < given.n), given.n]:
        print(json.dumps(measure_list(size)), flush=True)


def measure_list(size: int) -> dict[str, object]:
    """Upload, check and confirm a CSV of ``size`` rows; the tables are empty before and after."""
    from cases.models import Case

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.csv"
        write_csv(path, size)
        upload, worked = taken(path, "--confirm")
        stored = Case.objects.filter(closed_on=None).count()
        baseline = median(lambda: copy_rows(path))
    if stored != size:
        sys.exit(f"{stored} of {size} cases are stored.")
    return result("imports", size, whole(upload, worked), baseline, **worked)


def measure_workbook(size: int) -> Iterator[dict[str, object]]:
    """Read a workbook of ``size`` rows; upload and check it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.xlsx"
        write_workbook(path, size)
        baseline = median(lambda: read_rows(path))
        read = worker("--read", str(path))
        seconds = read.pop("read_seconds")
        yield result("reading_workbook", size, seconds, baseline, **read)
        upload, worked = taken(path)
        yield result("imports_workbook", size, whole(upload, worked), baseline, **worked)


def taken(path: Path, *options: str) -> tuple[float, dict[str, Any]]:
    """The seconds of the upload, and what the worker said of its jobs."""
    from django.core.files import File
    from django.utils import timezone

    from accounts.models import User
    from cases.operations.imports import upload_list

    execute(EMPTY)
    begun = perf_counter()
    with path.open("rb") as content:
        job = upload_list(
            file=File(content, path.name), as_of=AS_OF, by=User.objects.system(), now=timezone.now()
        )
    upload = perf_counter() - begun
    return upload, worker("--check", str(job.pk), *options)


def worker(*options: str) -> dict[str, Any]:
    """What this program says as a process of its own."""
    command = [sys.executable, "-m", "benchmarks.imports", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def work(job: str, *, confirm: bool) -> dict[str, object]:
    """Do a job that checks a list and, where asked, one that confirms it, as a worker does."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from cases.models import CaseImport
    from cases.operations.imports import confirm_list

    statements: dict[str, float] = defaultdict(float)

    def timed(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        begun = perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            statements[" ".join(sql.split())[:60]] += perf_counter() - begun

    with connection.execute_wrapper(timed):
        check_seconds, confirm_seconds = finished(job), 0.0
        if confirm:
            confirming = confirm_list(
                case_import=CaseImport.objects.get(),
                compared_with=0,
                understood=True,
                by=User.objects.system(),
                now=timezone.now(),
            )
            confirm_seconds = finished(str(confirming.pk))
    slowest = sorted(statements.items(), key=lambda item: -item[1])[:12]
    for sql, seconds in slowest:
        print(f"{seconds:8.2f} s  {sql}", file=sys.stderr)
    return {
        "check_seconds": round(check_seconds, 2),
        "confirm_seconds": round(confirm_seconds, 2),
        "peak_mb": peak_mb(),
    }


def peak_mb() -> int:
    """The most memory that this process ever had; getrusage would count the parent's as well."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def finished(pk: str) -> float:
    """How many seconds a job took; ends the benchmark where it failed."""
    from cases.models import Job
    from cases.operations.jobs import run_job

    begun = perf_counter()
    run_job(pk)
    seconds = perf_counter() - begun
    job = Job.objects.get(pk=pk)
    if job.status != Job.Status.SUCCEEDED or job.result["status"] == "refused":
        sys.exit(f"{job} ended as {job.status}: {job.error or job.result}")
    return seconds


def copy_rows(path: Path) -> None:
    """One bare COPY of the file."""
    from django.db import connection

    execute(f"DROP TABLE IF EXISTS bare_rows; CREATE TABLE bare_rows ({COLUMNS})")
    with path.open(encoding="utf-8") as text, connection.cursor() as cursor:
        cursor.copy_expert("COPY bare_rows FROM STDIN (FORMAT csv, HEADER)", text)
    execute("DROP TABLE bare_rows")


def read_and_check(path: Path) -> None:
    """A file as the product reads it, up to rows that could be stored."""
    from cases.importers import read
    from cases.operations.bulk import uncollected

    with uncollected():  # as a worker does
        for _ in read(path, as_of=AS_OF).pieces():
            pass


def read_rows(path: Path) -> None:
    """The reader library by itself."""
    import python_calamine

    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    for _ in workbook.get_sheet_by_index(0).iter_rows():
        pass


def median(what: Callable[[], None]) -> float:
    """The median seconds of three times."""
    times = []
    for _ in range(3):
        begun = perf_counter()
        what()
        times.append(perf_counter() - begun)
    return statistics.median(times)


def whole(upload: float, worked: dict[str, Any]) -> float:
    """The seconds from the beginning of an upload to the last commit."""
    worked["upload_seconds"] = round(upload, 2)
    return float(upload + worked["check_seconds"] + worked["confirm_seconds"])


def result(
    name: str, size: int, seconds: float, baseline: float, *, peak_mb: int, **more: float
) -> dict[str, object]:
    """One line of the benchmark."""
    return {
        "name": name,
        "n": size,
        "seconds": round(seconds, 2),
        "baseline_seconds": round(baseline, 3),
        "ratio": round(seconds / baseline, 2),
        "peak_mb": peak_mb,
        **more,
    }


def execute(sql: str) -> None:
    """Run SQL by itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)


if __name__ == "__main__":
    main()
