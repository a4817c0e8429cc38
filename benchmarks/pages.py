"""The pages of a grading and its saving by itself, against bare Django views in the same process.

    ./run bench pages

The form is each of its pages once: twelve standards, strengths with family and practitioner,
overall grade. Its yardstick is as many pages, each an authenticated view that reads one row and
renders a plain ``forms.Form`` with as many fields of the same sort by Django's own form templates,
in a page of nothing else, through the same middleware. The yardstick of saving is an authenticated
view that updates one row. Requests go through Django's test client and take turns with their
yardstick, so that a busy machine slows both alike; of the rounds, the median counts.

One line for each number of audits, then the ratios. A growth is the time with 100,000 audits by the
time with 1,000, both as multiples of their yardstick, which does not look at the other audits:

    {"name": "pages", "ratios": {"form", "autosave", "form_growth", "autosave_growth"}}
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import django

FEW, MANY = 1_000, 100_000
ROUNDS, SAVES = 20, 150  # how often each is measured; the median counts
BARE = "<!doctype html><title>Bare</title><form method='post'>{% csrf_token %}{{ form }}</form>"


@dataclass(frozen=True)
class Measured:
    """Milliseconds, median: all pages of the form, one save, and their yardsticks."""

    form: float
    plain_form: float
    autosave: float
    bare_update: float

    @property
    def form_ratio(self) -> float:
        """The form as a multiple of the plain one."""
        return self.form / self.plain_form

    @property
    def autosave_ratio(self) -> float:
        """A save as a multiple of a bare update."""
        return self.autosave / self.bare_update


def settle_django() -> None:
    """Django as in production, with the bare views added."""
    from django.conf import settings

    django.setup()
    settings.DEBUG = settings.DEMO = False
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.ROOT_URLCONF = "benchmarks._addresses"
    own = settings.TEMPLATES[0]
    loaders = [
        ("django.template.loaders.locmem.Loader", {"bare.html": BARE}),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    own["OPTIONS"]["loaders"] = [("django.template.loaders.cached.Loader", loaders)]
    own.pop("APP_DIRS")
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore", message="No directory at")


def taking_turns(rounds: int, *works: Callable[[], None]) -> list[float]:
    """The median milliseconds of each of ``works``, done in turn ``rounds`` times."""
    times: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 2):  # the first two warm up
        for work, taken in zip(works, times, strict=True):
            begun = perf_counter()
            work()
            if number > 1:
                taken.append((perf_counter() - begun) * 1000)
    return [statistics.median(taken) for taken in times]


def measure(grading: Any, rounds: int, saves: int) -> Measured:
    """The form and its saving with the audits that are there now."""
    from django.test import Client

    client = Client()
    client.force_login(grading.grader)
    base = f"/audits/{grading.audit.reference}/gradings/{grading.pk}/"
    facts = {
        each.standard.code: len(each.standard.checks)
        for each in grading.standard_grades.select_related("standard")
    }
    pages = [*(f"{base}standards/{code}/" for code in facts), f"{base}details/", f"{base}overall/"]
    kinds = [*(f"standard/{number}" for number in facts.values()), "details/0", "overall/0"]
    plain = [f"/bare/{grading.pk}/{kind}/" for kind in kinds]

    def look_at(addresses: list[str]) -> None:
        for address in addresses:
            answer = client.get(address)
            if answer.status_code != 200:
                raise SystemExit(f"{address} answered {answer.status_code}")

    form, plain_form = taking_turns(rounds, lambda: look_at(pages), lambda: look_at(plain))
    save, update = _saver(client, pages[0], grading), _updater(client, grading)
    return Measured(form, plain_form, *taking_turns(saves, save, update))


def _saver(client: Any, address: str, grading: Any) -> Callable[[], None]:
    answer = grading.standard_grades.get(standard__code=address.split("/")[-2])
    version, text = answer.version, answer.evidence

    def save() -> None:
        nonlocal version
        fields = {"version": version, "grade": "good", "evidence": f"{text} {version}"}
        saved = client.post(address, fields, headers={"HX-Request": "true"})
        version += 1
        if f'value="{version}"' not in saved.content.decode():
            raise SystemExit(f"A save answered {saved.status_code}: {saved.content.decode()}")

    return save


def _updater(client: Any, grading: Any) -> Callable[[], None]:
    count = 0

    def update() -> None:
        nonlocal count
        count += 1
        client.post(f"/bare/{grading.pk}/update/", {"text": f"A text of some length {count}"})

    return update


def main() -> None:
    """Measure with few audits, then with many, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=FEW, help="the smaller number of audits")
    parser.add_argument("--many", type=int, default=MANY, help="the larger number of audits")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of all pages of the form")
    parser.add_argument("--saves", type=int, default=SAVES, help="of one page")
    arguments = parser.parse_args()
    settle_django()
    from benchmarks._audits import fill_up, one_to_grade

    grading = one_to_grade()
    found = {}
    rounds, saves = arguments.rounds, arguments.saves
    measure(grading, rounds, saves)  # counts for nothing: the first one is cold
    for audits in (arguments.few, arguments.many):
        print(f"Inserting up to {audits:,} audits", file=sys.stderr, flush=True)
        fill_up(grading, audits)
        found[audits] = measure(grading, rounds, saves)
        figures = {name: round(value, 2) for name, value in asdict(found[audits]).items()}
        print(json.dumps({"audits": audits, "milliseconds": figures}), flush=True)
    few, many = found[arguments.few], found[arguments.many]
    ratios = {
        "form": many.form_ratio,
        "autosave": many.autosave_ratio,
        "form_growth": many.form_ratio / few.form_ratio,
        "autosave_growth": many.autosave_ratio / few.autosave_ratio,
    }
    rounded = {name: round(value, 3) for name, value in ratios.items()}
    print(json.dumps({"name": "pages", "ratios": rounded}))


if __name__ == "__main__":
    main()
