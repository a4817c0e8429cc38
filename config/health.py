"""Health checks for the container platform."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse

from accounts.access import public


@public
def alive(request: HttpRequest) -> JsonResponse:
    """200 where the process answers."""
    return JsonResponse({"status": "alive"})


@public
def ready(request: HttpRequest) -> JsonResponse:
    """200 where PostgreSQL and Redis answer, else 503. Says which, and nothing else."""
    answers = {"database": _works(_ask_database), "redis": _works(_ask_redis)}
    status = 200 if all(answers.values()) else 503
    return JsonResponse(answers, status=status)


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    cache.get("health")


def _works(ask) -> bool:  # type: ignore[no-untyped-def]
    try:
        ask()
    except Exception:
        return False
    return True
