"""How it starts: private servers, the demo, one-off commands, tests and checks.

Standard library only. ``run`` hands over to ``python -m config.launch`` once .venv is in step.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class LaunchError(Exception):
    """Something that whoever typed the command can put right; its text is all they are shown."""
