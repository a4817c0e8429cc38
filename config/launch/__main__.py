"""The command line: which command, in which instance."""

from __future__ import annotations

import sys
from pathlib import Path

from config.launch import LaunchError
from config.launch.checks import check
from config.launch.demo import demo
from config.launch.instance import DEFAULT_HOME
from config.launch.locks import lock
from config.launch.manage import bench, manage
from config.launch.processes import Interrupted
from config.launch.testing import test

USAGE = """\
usage: ./run [--home DIR] COMMAND …

  demo [--port N] [--fresh]   start everything, fill a council, print the sign-ins; Ctrl-C stops it
  test [pytest arguments]     run the tests against servers of their own
  manage COMMAND …            run a manage.py command against the demo's servers
  check                       format, lint, types, imports, templates, migrations, locks, assets
  bench [NAME …]              run a benchmark from benchmarks/
  lock [--check | --upgrade]  compile requirements.lock and requirements-dev.lock

  --home DIR                  keep a separate instance in DIR, empty and migrated on first use
                              (demo, manage, bench); the demo's own lies in .instance
"""


def split_home(words: list[str]) -> tuple[Path | None, list[str]]:
    """Take ``--home DIR`` or ``--home=DIR`` out of a command line, up to a bare ``--``.

    Answers the folder (None where not given) and the other words. LaunchError without a folder.
    """
    home: Path | None = None
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest += [word, *remaining]
        elif word == "--home" or word.startswith("--home="):
            folder = word.partition("=")[2] if "=" in word else next(remaining, "")
            if not folder:
                raise LaunchError("--home needs a folder.")
            home = Path(folder)
        else:
            rest.append(word)
    return home, rest


def main(words: list[str]) -> int:
    """Run one command; its exit code. 2 for a command line that makes no sense."""
    home, rest = split_home(words)
    command, arguments = (rest[0], rest[1:]) if rest else ("--help", [])
    match command:
        case "demo":
            return demo(home or DEFAULT_HOME, arguments)
        case "manage":
            return manage(home or DEFAULT_HOME, arguments)
        case "bench":
            return bench(home, arguments)
        case "test":
            return test(arguments)
        case "check":
            return check(arguments)
        case "lock":
            return lock(arguments)
        case "help" | "--help" | "-h":
            print(USAGE, end="")
            return 0
    print(f"./run: there is no command {command!r}.\n\n{USAGE}", end="", file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except LaunchError as error:
        print(f"./run: {error}", file=sys.stderr)
        code = 1
    except (Interrupted, KeyboardInterrupt):
        code = 130
    sys.exit(code)
