"""Where a part's program comes from: one on the PATH that is new enough, else the one in our wheels."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from darkroom_cli.stack.errors import StackError

VERSION_SECONDS = 10.0


def major_version(program: str | Path, *arguments: str, pattern: str) -> int | None:
    """The major version that the program states of itself, None when it cannot be asked."""
    try:
        answer = subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(pattern, answer.stdout + answer.stderr)
    return int(found.group(1)) if found else None


def on_path(name: str, *arguments: str, pattern: str, at_least: int) -> Path | None:
    """The program on the PATH, when it is new enough."""
    found = shutil.which(name)
    if found is None:
        return None
    version = major_version(found, *arguments, pattern=pattern)
    return Path(found) if version is not None and version >= at_least else None


def in_wheel(distribution: str, ending: str) -> Path:
    """The file of an installed distribution whose path ends so; raises `StackError` with the command that mends it."""
    try:
        for file in files(distribution) or []:
            if str(file).endswith(ending):
                return Path(str(file.locate())).resolve()
    except PackageNotFoundError:
        pass
    raise StackError(f"{ending} is missing: install it with `{sys.executable} -m pip install {distribution}`")
