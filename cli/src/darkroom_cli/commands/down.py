"""`darkroom down`: stop the local stack in the reverse order of its start."""

import typer

from darkroom_cli.console import settings, tell, told_errors
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.launch import down as bring_down

app = typer.Typer(add_completion=False)


@app.command()
def down() -> None:
    """Stop everything; the data stay in DARKROOM_HOME."""
    with told_errors():
        tell("stopped" if bring_down(Home(settings().home)) else "nothing runs")
