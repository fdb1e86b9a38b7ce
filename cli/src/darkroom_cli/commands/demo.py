"""`darkroom demo`: a real job of sample photographs through the whole stack, followed to its end."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt
from rich.console import Console
from rich.table import Table

from darkroom_cli.console import settings, tell, told_errors
from darkroom_cli.demo.bar import progress_bar
from darkroom_cli.demo.follow import send_and_follow
from darkroom_cli.demo.sheet import write_contact_sheet
from darkroom_cli.demo.shop import DemoFailed, Shop
from darkroom_cli.demo.timeline import Step, steps_of_job, way_of_item
from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.launch import up as bring_up
from darkroom_cli.stack.selection import parse_only
from darkroom_cli.stack.signing import JWT_KEY, WIX_KEY, key_from_home
from darkroom_cli.stack.status import status_document

INSTANCE = "demo"
PROMPT = "Clean white background, soft natural shadow, true colours"
CREDITS_WANTED = 1_000
TOP_UP = 5_000
IMAGES_MAX = 10
TOKEN_LIFE = timedelta(hours=1)
CLOCK_SLACK = timedelta(seconds=2)

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    images: Annotated[int, typer.Option(min=1, max=IMAGES_MAX, help="how many photographs")] = IMAGES_MAX,
) -> None:
    """Start the stack if need be, send a sample job, follow it, show the result; the stack is left running."""
    with told_errors():
        chosen = settings()
        tell("starting the local stack (the first time it fetches Kafka's jars) …")
        bring_up(chosen, only=parse_only(None), replicas={}, tell=tell)
        status = status_document(chosen.home)
        try:
            _run(chosen, status, images)
        except httpx.TransportError as error:
            raise DemoFailed(
                f"the platform does not answer ({error}); look with `darkroom status` and `darkroom logs`"
            ) from error


def _run(chosen: StackSettings, status: dict[str, Any], images: int) -> None:
    console = Console(stderr=True, highlight=False)
    token = make_instance_token(INSTANCE, key=_signing_key(chosen), now=datetime.now(UTC), ttl=TOKEN_LIFE)
    shop = Shop(status["web"], token)
    try:
        credits_before = _enough_credits(chosen, status, shop)
        product = shop.choose_product(images)
        photographs = product.photographs[:images]
        tell(f"\n{product.name}: sending {len(photographs)} photographs as the shop “{INSTANCE}” ({credits_before:,} credits)")
        began = datetime.now(UTC)
        with progress_bar(len(photographs), console) as show:
            following = send_and_follow(
                shop, status["ws"], token, send=lambda: shop.send(product, photographs, PROMPT), show=show
            )
            detail = asyncio.run(following)
        folder = _save(chosen.home / "demo" / str(detail["job"]["id"]), shop, detail)
        _show_way(console, status["kafka"], detail, began - CLOCK_SLACK)
        _show_end(status, detail, folder, credits_before, shop.available_credits())
    finally:
        shop.close()


def _signing_key(chosen: StackSettings) -> str:
    key = chosen.environ.get("DARKROOM_WIX_APP_SECRET", DEVELOPMENT_KEY)
    if key != DEVELOPMENT_KEY:
        raise DemoFailed("DARKROOM_WIX_APP_SECRET is not the development key: the demo signs in on local stacks only")
    return key_from_home(Home(chosen.home), WIX_KEY) or key


def _enough_credits(chosen: StackSettings, status: dict[str, Any], shop: Shop) -> int:
    """The demo's credits; topped up by an operator's grant when many demos have used them."""
    available = shop.available_credits()
    if available >= CREDITS_WANTED:
        return available
    key = key_from_home(Home(chosen.home), JWT_KEY) or DEVELOPMENT_KEY
    operator = make_jwt("operators", key=key, now=datetime.now(UTC), ttl=TOKEN_LIFE, roles=("operator",))
    answer = httpx.post(
        f"{status['services']['credits']}/api/operator/credits/{INSTANCE}/grants",
        json={"amount": TOP_UP, "reason": "demo"},
        headers={"Authorization": f"Bearer {operator}"},
        trust_env=False,
    )
    if answer.status_code not in {200, 201}:
        raise DemoFailed(
            f"no credits left and none could be granted ({answer.status_code}); `darkroom credits grant {INSTANCE} 5000`"
        )
    return shop.available_credits()


def _save(folder: Path, shop: Shop, detail: dict[str, Any]) -> Path:
    """Originals, results and the contact sheet; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs: list[tuple[bytes, bytes]] = []
    for number, item in enumerate(detail["items"], 1):
        before = shop.download(item["imageUrl"])
        (folder / f"{number:02}_before.jpg").write_bytes(before)
        if item["status"] == "DONE":
            after = shop.download(item["optimizedImageUrl"])
            suffix = Path(item["optimizedImageUrl"]).suffix or ".jpg"
            (folder / f"{number:02}_after{suffix}").write_bytes(after)
            pairs.append((before, after))
    if pairs:
        write_contact_sheet(pairs, folder / "contact_sheet.jpg")
    return folder


def _show_way(console: Console, kafka: str, detail: dict[str, Any], since: datetime) -> None:
    job_id, item = int(detail["job"]["id"]), detail["items"][0]
    steps = asyncio.run(steps_of_job(kafka, job_id=job_id, instance_id=INSTANCE, since=since))
    way = way_of_item(steps, job_id=job_id, item_id=int(item["id"]))
    if not way:
        return
    table = Table(title="\nThe way of the first picture, from the event log", box=None, title_justify="left", pad_edge=False)
    for title in ("event", "told by", "after", "step"):
        table.add_column(title, justify="right" if title in {"after", "step"} else "left", header_style="dim")
    for step, before in zip(way, [way[0], *way], strict=False):
        table.add_row(step.event, step.service, _milliseconds(way[0], step), _milliseconds(before, step))
    console.print(table)


def _milliseconds(start: Step, end: Step) -> str:
    return f"{(end.at - start.at).total_seconds() * 1000:,.0f} ms"


def _show_end(status: dict[str, Any], detail: dict[str, Any], folder: Path, before: int, after: int) -> None:
    job = detail["job"]
    failed = [item for item in detail["items"] if item["status"] != "DONE"]
    print(f"job {job['id']} {job['status']}: {job['completedImages']} of {job['totalImages']} done, {len(failed)} failed")
    for item in failed:
        print(f"  {item['imageId']}: {item.get('error') or item['status']}")
    print(f"credits {before:,} → {after:,}")
    print(f"instance {INSTANCE}")
    print(f"pictures {folder}")
    print(f"web {status['web']}")
    print("the stack is left running: `darkroom status`, `darkroom logs -f`, `darkroom down`")
    if failed:
        raise DemoFailed(f"{len(failed)} pictures failed; their reasons stand above")
