"""The progress display in the terminal: counts done, and the other states in words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from darkroom_cli.demo.follow import Progress

WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("PENDING",), "waiting"),
    (("RUNNING",), "starting"),
    (("PROCESSING",), "at the studio"),
    (("FAILED", "CANCELED"), "failed"),
)


@contextmanager
def progress_bar(total: int, console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show a bar for as long as the context lasts; call the result with what is known of the job."""
    columns = (TextColumn("{task.description}", justify="left"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("waiting for the turn", total=total)

        def show(job: Progress) -> None:
            words = [f"{job.count(*statuses)} {word}" for statuses, word in WORDS if job.count(*statuses)]
            ended = job.count("DONE", "FAILED", "CANCELED")
            bar.update(task, completed=ended, description=", ".join(words) or "all done")

        yield show
