"""The audit tools that ship with the product, as JSON files named CODE.vNUMBER.json."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from audits.rules.tool_schema import ToolDefinition, parse_tool_text

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"(?P<code>[a-z_]+)\.v(?P<number>[0-9]+)\.json")


@dataclass(frozen=True)
class ShippedTool:
    """A tool in the box: its version number, and the tool itself."""

    number: int
    definition: ToolDefinition


def shipped_tools() -> tuple[ShippedTool, ...]:
    """Every shipped tool, by code and number. Reads the files anew at each call."""
    found = [(match, path) for path in _FOLDER.iterdir() if (match := _NAME.fullmatch(path.name))]
    tools = [
        ShippedTool(int(match["number"]), parse_tool_text(path.read_text(encoding="utf-8")))
        for match, path in found
    ]
    return tuple(sorted(tools, key=lambda tool: (tool.definition.code, tool.number)))
