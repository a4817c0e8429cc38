"""The certificate, and the verifier that repeats the draw without our code."""

from __future__ import annotations

import ast
import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import verify_draw
from cases.rules.certificate import CertificateMeta, export
from cases.rules.frame import Frame
from cases.rules.policy import DrawPolicy
from cases.rules.sampling import draw
from config.launch import ROOT
from tests.rules.cases.frames import POLICIES, SEEDS, council, frames

PROGRAM = ROOT / "cases" / "verify_draw.py"
META = CertificateMeta(
    reference="2026-Q3 draw 1",
    council="Northmoor County Council",
    frozen_at=datetime(2026, 10, 5, 8, 30, tzinfo=UTC),
    drawn_at=datetime(2026, 10, 6, 13, 0, tzinfo=UTC),
    seed_committed=True,
    seed_witnesses="A. Nyström and B. Okafor",
)


def certificate(
    frame: Frame | None = None, seed: str = "4 2 6 1", policy: DrawPolicy | None = None
) -> dict[str, Any]:
    """A certificate as it comes out of a file."""
    frame = frame or council(400, seed=3)
    result = draw(frame, seed, policy or DrawPolicy())
    data: dict[str, Any] = json.loads(json.dumps(export(frame, result, META)))
    return data


def verified(data: dict[str, Any]) -> None:
    """Verify a copy: the verifier writes tickets into the cases it was given."""
    verify_draw.verify(copy.deepcopy(data))


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    return certificate()


def run(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The program as a stranger starts it: no site packages, nothing of ours on the path."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), str(path), *options],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def saved(path: Path, data: object) -> Path:
    file = path / "certificate.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


# The program


def test_verified(tmp_path: Path, good: dict[str, Any]) -> None:
    done = run(saved(tmp_path, good))
    assert (done.returncode, done.stdout) == (0, "verified\n")
    assert good["frame"]["sha256"] in done.stderr
    assert "4 2 6 1" in done.stderr


def test_a_difference_is_named(tmp_path: Path, good: dict[str, Any]) -> None:
    data = copy.deepcopy(good)
    key = data["result"]["drawn"][0]["key"]
    data["tickets"][key] = "0" * 64
    done = run(saved(tmp_path, data))
    assert done.returncode == 1
    assert done.stdout.startswith(f"not verified: ticket of case {key}: computed ")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--seed", "4 2 6 1"), 0),
        (("--seed", "4 2 6 2"), 1),
        (("--frame-sha256", "0" * 64), 1),
    ],
)
def test_what_was_published_is_compared(
    tmp_path: Path, good: dict[str, Any], options: tuple[str, ...], code: int
) -> None:
    assert run(saved(tmp_path, good), *options).returncode == code


def test_the_published_hash_may_be_in_capitals_and_in_groups(
    tmp_path: Path, good: dict[str, Any]
) -> None:
    published = good["frame"]["sha256"].upper()
    groups = " ".join(published[place : place + 8] for place in range(0, 64, 8))
    for written in (published, groups, groups.replace(" ", "\n", 1)):
        assert run(saved(tmp_path, good), "--frame-sha256", written).returncode == 0


def test_a_seed_that_differs_is_said_to_be_the_readers(
    tmp_path: Path, good: dict[str, Any]
) -> None:
    done = run(saved(tmp_path, good), "--seed", "4 2 6 2")
    assert done.stdout == "not verified: seed: you say 4 2 6 2, the file says 4 2 6 1\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"format": "case-file-audit draw"}',
        b'{"format": "case-file-audit draw", "version": 2}',
        b'{"format": "case-file-audit draw", "version": true}',
        b'{"format": "something else", "version": 1}',
        b'{"version": 1, "version": 1}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_what_is_no_certificate(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "certificate.json"
    file.write_bytes(content)
    done = run(file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("This is not a certificate that can be verified: ")
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing.json").returncode == 2
    assert run(tmp_path).returncode == 2


def test_it_is_python_3_8_and_nothing_but_its_standard_library() -> None:
    tree = ast.parse(PROGRAM.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    known = "__future__ argparse collections fractions hashlib io json re sys typing unicodedata"
    assert imported == set(known.split())


def test_nothing_beside_it_hides_a_module_of_the_standard_library() -> None:
    """Started as a file, Python looks for modules in the folder of the file first."""
    beside = {path.stem for path in PROGRAM.parent.iterdir()} - {"__init__", "__pycache__"}
    assert beside & sys.stdlib_module_names == set()


# Every draw of ours is verified


@settings(max_examples=150)
@given(frames(), SEEDS, POLICIES)
def test_the_verifier_draws_the_same(frame: Frame, seed: str, policy: DrawPolicy) -> None:
    verified(certificate(frame, seed, policy))


@settings(max_examples=30)
@given(st.integers(0, 10**6), SEEDS)
def test_the_verifier_draws_the_same_for_a_council(number: int, seed: str) -> None:
    verified(certificate(council(300, seed=number), seed))


def test_order_of_rows_in_the_file_means_nothing(good: dict[str, Any]) -> None:
    data = copy.deepcopy(good)
    random.Random(1).shuffle(data["frame"]["cases"])
    data["frame"]["strata"].reverse()
    data["frame"]["rested"].reverse()
    verified(data)


# What was altered is found

Change = Callable[[dict[str, Any]], object]


def eligible_case(data: dict[str, Any]) -> dict[str, Any]:
    case: dict[str, Any] = next(c for c in data["frame"]["cases"] if not c["not_eligible"])
    return case


def swapped(data: dict[str, Any]) -> None:
    """Two cases change places in the draw order, ranks and all."""
    first, second = data["result"]["drawn"][:2]
    first["rank"], second["rank"] = second["rank"], first["rank"]
    data["result"]["drawn"][:2] = [second, first]


CHANGES: dict[str, Change] = {
    "ticket": lambda d: d["tickets"].update({eligible_case(d)["key"]: "f" * 64}),
    "ticket missing": lambda d: d["tickets"].pop(eligible_case(d)["key"]),
    "ticket too many": lambda d: d["tickets"].update(nobody="0" * 64),
    "case's key": lambda d: eligible_case(d).update(key="cafe"),
    "case's stratum": lambda d: eligible_case(d).update(stratum=d["frame"]["strata"][-1] + "x"),
    "case's eligibility": lambda d: eligible_case(d).update(not_eligible="restricted"),
    "case's practitioner": lambda d: eligible_case(d).update(practitioner="p999"),
    "case's family": lambda d: eligible_case(d).update(family="f0000"),
    "case missing": lambda d: d["frame"]["cases"].pop(),
    "case twice": lambda d: d["frame"]["cases"].append(dict(d["frame"]["cases"][0])),
    "case more": lambda d: d["frame"]["cases"].append(eligible_case(d) | {"key": "new"}),
    "no case": lambda d: d["frame"]["cases"].clear(),
    "stratum more": lambda d: d["frame"]["strata"].append("Another"),
    "stratum twice": lambda d: d["frame"]["strata"].append(d["frame"]["strata"][0]),
    "rested": lambda d: d["frame"]["rested"].pop(),
    "quarter": lambda d: d["frame"].update(quarter="2026-Q4"),
    "date": lambda d: d["frame"].update(frozen_on="2026-10-06"),
    "frame's hash": lambda d: d["frame"].update(sha256="0" * 64),
    "seed": lambda d: d.update(seed="4 2 6 2"),
    "seed with space": lambda d: d.update(seed="4 2 6 1 "),
    "no seed": lambda d: d.update(seed=""),
    "seed of two lines": lambda d: d.update(seed="4\n2"),
    "seed not in normal form": lambda d: d.update(seed="A\u030a"),
    "rate": lambda d: d["policy"].update(rate="1/10"),
    "rate of nothing": lambda d: d["policy"].update(rate="0/1"),
    "rate over everything": lambda d: d["policy"].update(rate="2/1"),
    "rate as a float": lambda d: d["policy"].update(rate=0.05),
    "rounding": lambda d: d["policy"].update(rounding="nearest"),
    "rounding unheard of": lambda d: d["policy"].update(rounding="down"),
    "minimum": lambda d: d["policy"].update(minimum_per_stratum=30),
    "minimum without effect": lambda d: d["policy"].update(minimum_per_stratum=0),
    "minimum negative": lambda d: d["policy"].update(minimum_per_stratum=-1),
    "reserve share": lambda d: d["policy"].update(reserve_share="1/1"),
    "reserve minimum": lambda d: d["policy"].update(reserve_minimum=20),
    "rotation": lambda d: d["policy"].update(rotation=False),
    "family rule": lambda d: d["policy"].update(one_per_family=False),
    "setting missing": lambda d: d["policy"].pop("rotation"),
    "setting more": lambda d: d["policy"].update(favourites=True),
    "order": swapped,
    "drawn missing": lambda d: d["result"]["drawn"].pop(),
    "lowest terms": lambda d: d["policy"].update(
        rate="/".join(str(2 * int(number)) for number in d["policy"]["rate"].split("/"))
    ),
    "drawn twice": lambda d: d["result"]["drawn"].append(dict(d["result"]["drawn"][-1])),
    "drawn case": lambda d: d["result"]["drawn"][0].update(key=d["result"]["drawn"][1]["key"]),
    "role": lambda d: d["result"]["drawn"][0].update(role="reserve"),
    "rank": lambda d: d["result"]["drawn"][0].update(rank=0),
    "pass": lambda d: d["result"]["drawn"][0].update(pass_number=9),
    "ticket of drawn": lambda d: d["result"]["drawn"][0].update(ticket="x"),
    "passed over missing": lambda d: d["result"]["passed_over"].pop(),
    "passed over code": lambda d: d["result"]["passed_over"][0].update(code="other"),
    "count": lambda d: next(iter(d["result"]["strata"].values())).update(open=1),
    "reason": lambda d: next(iter(d["result"]["strata"].values()))["not_eligible"].popitem(),
    "stratum's result": lambda d: d["result"]["strata"].popitem(),
    "result's hash": lambda d: d["result"].update(sha256="0" * 64),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_alteration_is_found(good: dict[str, Any], change: Change) -> None:
    data = copy.deepcopy(good)
    change(data)
    assert data != good
    with pytest.raises(verify_draw.Difference):
        verify_draw.verify(data)


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every single value in the file that verification is about."""
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    else:
        yield path
    for name, value in items:
        if path or name not in ("about", "seed_committed"):
            yield from leaves(value, (*path, name))


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return f"{value}1" if value else "x"


def test_no_value_can_be_changed_unnoticed() -> None:
    small = certificate(council(25, seed=5))
    for path in leaves(small):
        data = copy.deepcopy(small)
        place = data
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = other(place[path[-1]])
        with pytest.raises((verify_draw.Difference, verify_draw.Unreadable)):
            verify_draw.verify(data)


# What is said beside the answer


def test_what_is_not_covered_is_said(good: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "draw.json"
    path.write_text(json.dumps(good), encoding="utf-8")
    said = run(path)
    assert said.stdout == "verified\n"
    assert "not covered, statements of the council: about, seed_committed\n" in said.stderr
    assert "WARNING" not in said.stderr
    assert "ignored" not in said.stderr


def test_a_seed_known_or_seen_by_nobody_is_warned_of(good: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "draw.json"
    about = {**good["about"], "seed_made": "unwitnessed"}
    data = {**good, "about": about, "seed_committed": False, "chances": {}, "praise": "best ever"}
    data["frame"] = {**good["frame"], "approved": "by all"}
    data["result"] = {**good["result"], "remark": "fair"}
    path.write_text(json.dumps(data), encoding="utf-8")
    said = run(path)
    assert (said.returncode, said.stdout) == (0, "verified\n")
    assert "WARNING: the seed was known before the frame was frozen" in said.stderr
    assert "WARNING: nobody is recorded who saw the seed made" in said.stderr
    assert "about, seed_committed, chances\n" in said.stderr
    assert (
        "ignored, not known to this program: 'praise', 'frame.approved', 'result.remark'"
        in said.stderr
    )


def test_a_frame_frozen_after_its_draw_is_found(good: dict[str, Any]) -> None:
    late = {**good["about"], "frozen_at": "2026-10-06T13:00:01Z"}
    with pytest.raises(verify_draw.Difference, match="after the draw"):
        verified({**good, "about": late})
    verified({**good, "about": {**late, "frozen_at": late["drawn_at"]}})
    with pytest.raises(verify_draw.Unreadable):
        verified({**good, "about": {**late, "frozen_at": "yesterday"}})
    verified({**good, "about": {}})  # a statement, which need not be there


# The certificate itself


def test_the_certificate_is_the_same_for_every_order_of_the_rows() -> None:
    frame = council(200, seed=3)
    turned = replace(frame, cases=tuple(reversed(frame.cases)))
    assert certificate(turned) == certificate(frame)


def test_it_says_how_the_draw_came_about(good: dict[str, Any]) -> None:
    assert good["seed_committed"] is True
    assert good["about"] == {
        "reference": "2026-Q3 draw 1",
        "council": "Northmoor County Council",
        "frozen_at": "2026-10-05T08:30:00Z",
        "drawn_at": "2026-10-06T13:00:00Z",
        "seed_witnesses": "A. Nyström and B. Okafor",
        "reason": "",
    }


def test_a_result_of_another_frame_is_refused() -> None:
    result = draw(council(50, seed=1), "seed", DrawPolicy())
    with pytest.raises(ValueError, match="not drawn from this frame"):
        export(council(50, seed=2), result, META)


def test_a_time_needs_its_zone() -> None:
    frame = council(20, seed=1)
    with pytest.raises(ValueError, match="time zone"):
        export(
            frame,
            draw(frame, "seed", DrawPolicy()),
            replace(META, drawn_at=datetime(2026, 10, 6)),
        )
