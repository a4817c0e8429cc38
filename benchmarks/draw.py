"""Freezing the frame and drawing the sample, against one SQL statement over the same rows.

    ./run bench draw [--n 1000000]

Makes N open cases with practitioners (17 cases each), families, restricted records, recent ones
and a quarter before; then freezes the frame and draws, with rotation, families, reserves and
storage, as the worker does. The yardstick is one statement in the same PostgreSQL that hashes a
ticket for every open case (SHA-256) and ranks the tickets in each service, without storing
anything. The open cases lie in their tables, where freezing has to begin. Over the rows of the
frame, which half of the measured work has made, the same statement is given as well; and by a
single process, since PostgreSQL works on a big one with several at once, which it cannot do where
rows are stored. Smaller frames come first, to show how time grows. Every line is one JSON object,
the last is that of N:

    {"name", "n", "seconds", "baseline_seconds", "ratio", "peak_mb"}

``seconds`` holds both transactions to the end of their commits; ``baseline_seconds`` is the median
of three; ``peak_mb`` the most memory that this process ever had, in 2**20 bytes.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import sys
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import django

SIZES = (10_000, 100_000, 1_000_000)
QUARTER, BEFORE = "2026-Q3", "2026-Q2"
NOW, NOW_BEFORE = datetime(2026, 10, 5, 9, tzinfo=UTC), datetime(2026, 7, 6, 9, tzinfo=UTC)
SEED = "dice: 3 1 6 6 2"

# Only the first of a hundred cases are open in the quarter before, so that making it takes no time.
# No trigger fires, for the same reason: of foreign keys, or of the history.
CASES = """
SET session_replication_role = replica;
INSERT INTO cases_team (name, works_with_disability)
SELECT 'Team ' || n, false FROM generate_series(1, %(n)s / 170 + 1) n;
INSERT INTO cases_practitioner (name, staff_number, team_id, agency)
SELECT 'Practitioner ' || n, '', t.id, n %% 7 = 0 FROM generate_series(1, %(n)s / 17 + 1) n
JOIN cases_team t ON t.name = 'Team ' || (n / 10 + 1);
INSERT INTO cases_child (local_id, audit_reference)
SELECT 'C' || n, CASE WHEN n %% 11 = 0 THEN '2026-Q1-' || n ELSE '' END
FROM generate_series(1, %(n)s) n;
CREATE TEMP TABLE worker AS
SELECT row_number() OVER (ORDER BY id) AS n, id, team_id FROM cases_practitioner;
CREATE TEMP TABLE service AS
SELECT row_number() OVER (ORDER BY id) AS n, id, count(*) OVER () AS services FROM cases_service;
INSERT INTO cases_case (child_id, service_id, team_id, practitioner_id, opened_on, closed_on,
  restricted, family_id, age_years, gender, ethnicity, disability, transferred_in_from,
  legal_status, plan)
SELECT c.id, s.id, w.team_id, w.id, date '2026-09-30' - (c.n * 7919 %% 900)::int,
  CASE WHEN c.n %% 100 <> 0 THEN date '2026-07-01' END, c.n %% 53 = 0,
  CASE WHEN c.n %% 3 < 2 THEN 'F' || c.n / 3 ELSE '' END, c.n %% 18, 'Female',
  'White British', '', '', '', 'Child protection plan'
FROM (SELECT id, substr(local_id, 2)::bigint AS n FROM cases_child) AS c
JOIN worker w ON w.n = c.n / 17 + 1
JOIN service s ON s.n = c.n * 31 %% services + 1;
DROP TABLE worker, service;
RESET session_replication_role;
"""
OPEN_ALL = """
SET session_replication_role = replica;
UPDATE cases_case SET closed_on = NULL WHERE closed_on IS NOT NULL;
RESET session_replication_role;
"""
AUDITED = "UPDATE cases_sampledcase SET status = 'audited' WHERE role = 'selected'"
ANALYZE = "VACUUM FULL ANALYZE cases_child, cases_case, cases_practitioner, cases_team"
EMPTY = (
    "TRUNCATE cases_case, cases_child, cases_practitioner, cases_team, cases_auditquarter CASCADE"
)

RANKED = """
SELECT stratum, count(*), max(place) FROM (
  SELECT stratum, row_number() OVER (PARTITION BY stratum ORDER BY ticket) AS place FROM (
    SELECT stratum, sha256(convert_to(%(seed)s || key, 'UTF8')) AS ticket FROM ({rows}) AS each
  ) AS tickets
) AS ranked GROUP BY stratum
"""
OF_THE_FRAME = "SELECT stratum, key FROM cases_frameentry WHERE frame_id = %(frame)s"
OPEN = """
SELECT service.name AS stratum, child.local_id AS key FROM cases_case AS cases
JOIN cases_child AS child ON child.id = cases.child_id
JOIN cases_service AS service ON service.id = cases.service_id WHERE cases.closed_on IS NULL
"""


def main() -> None:
    """Measure the sizes below N, and N."""
    parser = argparse.ArgumentParser(prog="run bench draw", description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000_000, help="how many open cases")
    largest = parser.parse_args().n
    django.setup()
    from cases.models import Child

    if Child.objects.exists():
        sys.exit("This instance holds children. The benchmark empties tables: give it its own.")
    logging.disable(logging.WARNING)
    for size in [*(size for size in SIZES if size < largest), largest]:
        print(json.dumps(measure(size)), flush=True)


def measure(size: int) -> dict[str, object]:
    """Freeze and draw ``size`` open cases; the tables are empty before and after."""
    from accounts.models import User
    from cases.operations.draw import draw_sample
    from cases.operations.frame import freeze_frame
    from cases.rules.quarters import Quarter

    by = User.objects.system()
    execute(CASES, n=size)
    execute(ANALYZE)  # or statistics that were taken while the tables were empty plan the freeze
    before = Quarter.parse(BEFORE)
    freeze_frame(quarter=before, by=by, now=NOW_BEFORE)
    draw_sample(quarter=before, seed=f"{SEED}, before", by=by, now=NOW_BEFORE)
    execute(AUDITED)
    execute(OPEN_ALL)
    execute(ANALYZE)
    execute("CHECKPOINT")  # what making them left to be written is not the draw's to write

    started = perf_counter()
    frame = freeze_frame(quarter=Quarter.parse(QUARTER), by=by, now=NOW)
    frozen = perf_counter()
    draw = draw_sample(quarter=Quarter.parse(QUARTER), seed=SEED, by=by, now=NOW)
    seconds = perf_counter() - started

    execute("VACUUM ANALYZE cases_frameentry")
    baseline = baseline_seconds(OPEN, frame.pk, size)
    of_frame = baseline_seconds(OF_THE_FRAME, frame.pk, size)
    execute("SET max_parallel_workers_per_gather = 0")
    by_one = baseline_seconds(OPEN, frame.pk, size)
    execute("RESET max_parallel_workers_per_gather")
    selected, reserves = (draw.cases.filter(role=role).count() for role in ("selected", "reserve"))
    execute(EMPTY)
    return {
        "name": "draw",
        "n": size,
        "seconds": round(seconds, 2),
        "baseline_seconds": round(baseline, 3),
        "ratio": round(seconds / baseline, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "baseline_over_frame": round(of_frame, 3),
        "ratio_over_frame": round(seconds / of_frame, 2),
        "baseline_by_one_process": round(by_one, 3),
        "ratio_by_one_process": round(seconds / by_one, 2),
        "freeze_seconds": round(frozen - started, 2),
        "selected": selected,
        "reserves": reserves,
    }


def baseline_seconds(rows: str, frame: int, size: int) -> float:
    """How long PostgreSQL takes to hash and rank ``rows``, as SQL: the median of three."""
    seconds = []
    for _ in range(3):
        started = perf_counter()
        ranked = execute(
            RANKED.format(rows=rows), frame=frame, seed=f"case-file-audit ticket 1\n{SEED}\n"
        )
        seconds.append(perf_counter() - started)
        if sum(row[1] for row in ranked) != size:
            sys.exit("The yardstick did not rank every case.")
    return statistics.median(seconds)


def execute(sql: str, **values: str | int) -> list[tuple[Any, ...]]:
    """Run SQL by itself; the rows of the last statement, where it has any."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


if __name__ == "__main__":
    main()
