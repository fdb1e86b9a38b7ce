"""How commands speak: results on stdout, everything else on stderr, one way to fail."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from darkroom_cli.settings import StackSettings, WrongSetting
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.selection import WrongSelection

FAILED = 1
WRONG_USE = 2


def tell(text: str) -> None:
    """A line for the person in front; never part of a result."""
    print(text, file=sys.stderr, flush=True)


def show_json(document: object) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def fail(text: str, code: int = FAILED) -> NoReturn:
    tell(f"darkroom: {text}")
    raise SystemExit(code)


@contextmanager
def told_errors() -> Iterator[None]:
    """Expected failures end the command with words instead of a traceback."""
    try:
        yield
    except (WrongSetting, WrongSelection) as error:
        fail(str(error), WRONG_USE)
    except StackError as error:
        fail(str(error))


def settings() -> StackSettings:
    """This command's settings; wrong ones end it."""
    with told_errors():
        return StackSettings.from_environment()
