"""Reading JSON that people edit: every fault is collected, with its path and a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Problem:
    """One fault: where it is ("sections[0].title"; "" is the whole document), and what it is."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidDefinition(ValueError):
    """The definition cannot be accepted; `problems` holds every fault found, in order."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class Node:
    """One JSON object at a path. Reading a wrong value notes a problem and gives a stand-in.

    The stand-ins ("" , 0, False, empty) let reading go on to the next fault; `done` then raises,
    so that they never reach anybody.
    """

    def __init__(
        self, value: object, path: str = "", problems: list[Problem] | None = None
    ) -> None:
        self.path = path
        self.problems: list[Problem] = [] if problems is None else problems
        self.value: Mapping[str, Any] = {}
        if isinstance(value, Mapping):
            self.value = value
        else:
            self.problem("must be an object in curly brackets")

    def at(self, key: str) -> str:
        """The path of one of this object's keys."""
        return f"{self.path}.{key}" if self.path else key

    def problem(self, message: str, key: str = "") -> None:
        """Note a fault of this object, or of one of its keys."""
        self.problems.append(Problem(self.at(key) if key else self.path, message))

    def done(self) -> None:
        """Raise `InvalidDefinition` if anything was noted."""
        if self.problems:
            raise InvalidDefinition(self.problems)

    def only(self, *keys: str) -> None:
        """Every key must be one of these: a misspelt key would be lost without a word."""
        for key in self.value:
            if key not in keys:
                self.problem("is not a known field here", str(key))

    def text(self, key: str, *, longest: int = 4000) -> str:
        """A text that is not blank, without spaces around it or control characters."""
        return self._text_of(self._required(key), self.at(key), longest)

    def line(self, key: str, *, longest: int) -> str:
        """The same in one line: a title, a label, a question."""
        return self._line_of(self._required(key), self.at(key), longest)

    def key(self, key: str, *, longest: int) -> str:
        """A key of this object that its author named freely: a text in one line."""
        return self._line_of(key, self.at(key), longest)

    def code(self, key: str) -> str:
        """A code: small letters, digits and underscores, at most 40, a letter first."""
        value = self._required(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not _CODE.fullmatch(value):
            self.problem(
                "must be a code of small letters, digits and underscores, beginning with a letter,"
                " of at most 40 characters",
                key,
            )
            return ""
        return value

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        """One of a few given texts."""
        value = self._required(key)
        if value is None:
            return ""
        if not isinstance(value, str) or value not in allowed:
            self.problem(f"must be one of {', '.join(allowed)}", key)
            return ""
        return value

    def integer(self, key: str, lowest: int, highest: int) -> int:
        """A whole number within bounds, both included."""
        value = self._required(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            self.problem(f"must be a whole number from {lowest} to {highest}", key)
            return 0
        return value

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self._required(key)
        if value is not None and not isinstance(value, bool):
            self.problem("must be true or false", key)
        return value is True

    def child(self, key: str) -> Node:
        """The object under a key."""
        value = self._required(key)
        return Node({} if value is None else value, self.at(key), self.problems)

    def children(self, key: str, *, at_least_one: str = "") -> Iterator[Node]:
        """The objects of a list; `at_least_one` is what to say of an empty one."""
        values = self._list(key)
        if values == [] and at_least_one:
            self.problem(at_least_one, key)
        for index, value in enumerate(values or ()):
            yield Node(value, f"{self.at(key)}[{index}]", self.problems)

    def lines(self, key: str, *, longest: int = 500) -> tuple[str, ...]:
        """A list of texts of one line each, of at least one."""
        values = self._list(key)
        if values == []:
            self.problem("must hold at least one text", key)
        return tuple(
            self._line_of(value, f"{self.at(key)}[{index}]", longest)
            for index, value in enumerate(values or ())
        )

    def _required(self, key: str) -> Any:
        value = self.value.get(key)
        if value is None:
            self.problem("is missing", key)
        return value

    def _list(self, key: str) -> list[Any] | None:
        value = self._required(key)
        if value is not None and not isinstance(value, list):
            self.problem("must be a list in square brackets", key)
            return None
        return value

    def _line_of(self, value: object, path: str, longest: int) -> str:
        text = self._text_of(value, path, longest)
        if "\n" in text:
            self.problems.append(Problem(path, "must be one line"))
        return text

    def _text_of(self, value: object, path: str, longest: int) -> str:
        fault = _fault_of_text(value, longest)
        if fault:
            self.problems.append(Problem(path, fault))
        return value if isinstance(value, str) else ""


def _fault_of_text(value: object, longest: int) -> str:
    if value is None:
        return ""  # noted as missing already
    if not isinstance(value, str):
        return "must be a text in quotation marks"
    if not value.strip():
        return "must not be blank"
    if value != value.strip():
        return "must not begin or end with a space"
    if len(value) > longest:
        return f"must have at most {longest} characters; it has {len(value)}"
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char != "\n" for char in value):
        return "holds a control character"
    return ""
