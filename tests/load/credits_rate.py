"""How many reservations and settlements a second the books of credits take, in batches, on a database of their own.

`python -m load.credits_rate` from `tests/`. Measures the handler with its transaction and outbox rows, without Kafka. With
fsync as the given server has it: name one by DARKROOM_DATABASE_URL, else the tests' own (fsync off) is used.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence

from darkroom_contracts.event import Event
from support.credit_books import CreditBooks, credit_books
from support.credit_events import item_finished, job_finished, received, requested
from support.service import migrated
from support.stack import ensure_parts, fresh_database

BATCH = 500
PRICE = 15
ITEMS = 10


def rounds(events: Sequence[Event]) -> list[Sequence[Event]]:
    return [events[start : start + BATCH] for start in range(0, len(events), BATCH)]


async def measure(books: CreditBooks, name: str, events: Sequence[Event]) -> None:
    """Take all events in batches and print the rate."""
    batches = [[received(event) for event in batch] for batch in rounds(events)]
    cpu, started = time.process_time(), time.perf_counter()
    for batch in batches:
        await books.take_received(batch)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    rate, each = len(events) / seconds, 1000 * cpu / len(events)
    print(f"{name:<58} {rate:>8,.0f}/s  {each:.3f} ms CPU of this process each")


async def run(jobs: int, tenants: int) -> None:
    """Reservations, then settlements, over many tenants and over one; then a tenant whose kinds alternate."""
    with ensure_parts() as parts:
        async with fresh_database(parts, "rate") as url, credit_books(await migrated("credits", url)) as books:
            shops = [f"shop-{number:03}" for number in range(tenants)]
            for shop in [*shops, "hot", "alternating"]:
                await books.grant(shop, jobs * ITEMS * PRICE)
            owners = [shops[job % tenants] for job in range(jobs)]
            await whole_story(books, f"{tenants} tenants", owners, first_job=0)
            await whole_story(books, "one hot tenant", ["hot"] * jobs, first_job=jobs)
            await measure(books, "one tenant, request/item/end of one-item jobs in turn", alternating(jobs, 2 * jobs))
            await books.assert_sound()


async def whole_story(books: CreditBooks, of: str, owners: Sequence[str], *, first_job: int) -> None:
    jobs = list(enumerate(owners, first_job))
    await measure(books, f"reservations, {of}", [requested(job, instance_id=shop, items=ITEMS) for job, shop in jobs])
    items = [item_finished(job, item, instance_id=shop) for item in range(ITEMS) for job, shop in jobs]
    await measure(books, f"settlements, {of}, each of another job than the last", items)
    ends = [job_finished(job, items_spent=ITEMS, instance_id=shop, items=ITEMS) for job, shop in jobs]
    await measure(books, f"ends of jobs, {of}", ends)


def alternating(jobs: int, first_job: int) -> list[Event]:
    events: list[Event] = []
    for job in range(first_job, first_job + jobs):
        end = job_finished(job, items_spent=1, instance_id="alternating")
        events += [requested(job, instance_id="alternating"), item_finished(job, 1, instance_id="alternating"), end]
    return events


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--tenants", type=int, default=30)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.jobs, arguments.tenants))
