"""`python -m olist.dashboards.powerbi [--check] [FOLDER]`: write the Power BI project, or tell whether it is what would be written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from olist.dashboards.model import load_model
from olist.dashboards.powerbi.project import project
from olist.dashboards.powerbi.writing import differences, write
from olist.dashboards.spec import load_spec
from olist.errors import OlistError
from olist.settings import PROJECT


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done or the same, 1 different, 2 a specification that is wrong."""
    parser = argparse.ArgumentParser(prog="python -m olist.dashboards.powerbi", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=PROJECT / "powerbi", help="where the project lies")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the files differ")
    given = parser.parse_args(arguments)
    try:
        files = project(load_spec(), load_model())
    except OlistError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if given.check:
        different = differences(files, given.folder)
        sys.stdout.writelines(f"{path}\n" for path in different)
        return 1 if different else 0
    write(files, given.folder)
    sys.stdout.write(f"{len(files)} files in {given.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
