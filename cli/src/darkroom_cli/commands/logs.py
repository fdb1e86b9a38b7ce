"""`darkroom logs`: the last lines of each process, or of one, and whatever comes next."""

import time
from pathlib import Path
from typing import Annotated

import typer

from darkroom_cli.console import fail, settings, told_errors
from darkroom_cli.stack.home import Home, read_json
from darkroom_cli.stack.logfiles import last_lines

app = typer.Typer(add_completion=False)
LINES_OF_ONE = 200
LINES_OF_EACH = 15
FOLLOW_SECONDS = 0.2


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="a process, e.g. credits or predictor-2; default: all")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="go on as lines come in, until Ctrl-C")] = False,
    lines: Annotated[int | None, typer.Option("-n", "--lines", min=1, help="how many of each to begin with")] = None,
) -> None:
    """Show logs; they lie in DARKROOM_HOME/logs, each bounded in size."""
    with told_errors():
        home = Home(settings().home)
        files = _files(home, name)
    if not files:
        known = ", ".join(sorted(_files(home, ""))) or "none yet; start the stack with `darkroom up`"
        fail(f"no log of {name!r}; there are: {known}" if name else f"no logs: {known}")
    for title, file in files.items():
        if len(files) > 1:
            typer.secho(f"--- {title} ({file})", dim=True)
        for line in last_lines(file, lines or (LINES_OF_ONE if len(files) == 1 else LINES_OF_EACH)):
            print(line)
    if follow:
        _follow(files)


def _files(home: Home, name: str) -> dict[str, Path]:
    """Log files by the process' name; `predictor` means all its replicas."""
    found = {file.stem: file for file in sorted(home.logs.glob("*.log"))}
    for task in (read_json(home.state) or {}).get("tasks", []):
        if task["log"].removesuffix(".log") in found and task["name"] != task["key"]:
            found[task["name"]] = found.pop(task["log"].removesuffix(".log"))
    if not name:
        return found
    return {title: file for title, file in found.items() if title == name or title.rpartition("-")[0] == name}


def _follow(files: dict[str, Path]) -> None:
    offsets = {title: file.stat().st_size for title, file in files.items()}
    width = max(map(len, files))
    try:
        while True:
            for title, file in files.items():
                with file.open("rb") as log:
                    # Shorter than where we were: the log was cut to its bound.
                    log.seek(offsets[title] if offsets[title] <= file.stat().st_size else 0)
                    for line in log:
                        print(f"{title:<{width}} │ " * (len(files) > 1) + line.decode(errors="replace"), end="", flush=True)
                    offsets[title] = log.tell()
            time.sleep(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        return
