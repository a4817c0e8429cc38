"""The container's health checks: ``python -m config.launch.healthcheck web`` or ``beat``.

Exit code 0 where the process does its work, 1 with a line saying why where it does not. The
worker is asked by Celery itself (``celery inspect ping``).
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

WEB_PORT = 8000
BEAT_FOLDER = Path("/srv/beat")
BEAT_WRITES_WITHIN = 600.0  # seconds; beat writes its schedule down every three minutes


def web() -> str:
    """Empty where the web process, PostgreSQL and Redis answer; else what does not."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", WEB_PORT, timeout=10)
    try:
        connection.request("GET", "/health/ready/", headers={"Host": host})
        response = connection.getresponse()
        said = response.read(200).decode(errors="replace")
    except OSError as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if response.status == 200 else f"{response.status}: {said}"


def beat(now: float, folder: Path = BEAT_FOLDER) -> str:
    """Empty where beat wrote its schedule lately; ``now`` in seconds since 1970."""
    written = [path.stat().st_mtime for path in folder.glob("schedule*")]
    if not written:
        return "no schedule written yet"
    age = now - max(written)
    return "" if age < BEAT_WRITES_WITHIN else f"schedule last written {age:.0f} seconds ago"


if __name__ == "__main__":
    problem = web() if sys.argv[1:] == ["web"] else beat(time.time())
    if problem:
        print(problem)
        sys.exit(1)
