"""The daily close on a real database: it agrees after a long story, finds every kind of damage, and closes each day once."""

import asyncio
import re
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from darkroom_credits.close.checks import CHECKS
from darkroom_credits.close.daily_close import DailyClose
from darkroom_credits.close.report import Report
from darkroom_credits.close.store import Close, ClosedElsewhere, previous_close, write_close
from sqlalchemy import text
from support.credit_books import CreditBooks, credit_books
from support.credit_events import item_finished, job_finished, requested
from support.credit_service import Credits, operator, tenant
from support.service import eventually

DOCS = Path(__file__).parents[3] / "docs" / "credits.md"
DAMAGE = {
    "ledger-entries": "DELETE FROM ledger_entries WHERE account = 'spent'",
    "balances": "UPDATE balances SET available = available + 5, granted = granted + 5",
    "statement": "UPDATE ledger_transactions SET available_after = available_after + 1 WHERE kind = 'hold'",
    "grants": "UPDATE grants SET remaining = remaining - 1 WHERE remaining > 0",
    "reservations": "UPDATE reservations SET amount = amount + 15 WHERE state = 'OPEN'",
    "settlements": "UPDATE reservations SET spent = spent + 15, amount = amount + 15 WHERE state = 'CLOSED'",
    "events": "DELETE FROM outbox WHERE sequence = (SELECT max(sequence) FROM outbox)",
    "events-unsent": "UPDATE outbox SET created_at = created_at - interval '1 hour'",
    "money": "INSERT INTO money_transactions (instance_id, kind, purchase_id, amount_minor, currency, created_at)"
    " SELECT instance_id, 'payment', id, 5, 'EUR', now() FROM purchases; INSERT INTO money_entries"
    " SELECT instance_id, id, 'card', 5 FROM money_transactions",
    "purchases": "UPDATE purchases SET state = 'PAID', payment_intent = 'pi', grant_id = (SELECT min(id) FROM grants)",
}


def daily(books: CreditBooks) -> DailyClose:
    return DailyClose(books.unit_of_work, books.metrics, None, clock=books.clock.now, after_seconds=300)


async def story(books: CreditBooks) -> None:
    """A job that has ended, one that holds, an adjustment, a purchase that nobody paid."""
    await books.grant("shop", 200)
    await books.take(requested(1, items=2), requested(2, items=3))
    await books.take(item_finished(1, 11), item_finished(1, 12, "release"), job_finished(1, items_spent=1, items=2))
    await books.adjust("shop", -20)
    await books.rows(
        "INSERT INTO purchases (id, instance_id, credits, amount_minor, currency, price_version, created_by, created_at)"
        " VALUES (gen_random_uuid(), 'shop', 100, 100, 'EUR', 1, 'a', now()) RETURNING id"
    )


def wrong(close: Close) -> dict[str, int]:
    return {one["check"]: one["differences"] for one in close.report["checks"] if one["differences"]}


async def sent(books: CreditBooks) -> None:
    """The relay, which does not run here, would have sent all events."""
    async with books.unit_of_work.begin() as transaction:
        await transaction.execute("UPDATE outbox SET published_at = now()")


async def test_books_in_order_close_without_a_difference_and_every_damage_is_found(books: CreditBooks, owner_url: str) -> None:
    await story(books)
    close = await daily(books).close_now("olga")
    assert (close.differences, close.day, close.asked_by, wrong(close)) == (0, None, "olga", {})
    # 200 granted: 15 spent, 45 held by the job that goes on, 20 adjusted away.
    accounts = {"available": 120, "held": 45, "spent": 15, "adjusted": 20, "granted": -200}
    assert close.report["accounts"] == accounts
    assert close.report["movements"] == {"grant": 200, "hold": 75, "spend": 15, "release": 15, "deduct": 20}
    assert (close.report["open_reservations"], close.report["stripe"]) == (1, "not-used")
    assert set(DAMAGE) == {check.name for check in CHECKS}
    for check, damage in DAMAGE.items():
        found = await _found_after(owner_url, damage)
        assert check in found, (check, found)


async def test_the_statement_in_the_docs_rebuilds_a_balance_that_was_changed_by_hand(books: CreditBooks, owner_url: str) -> None:
    await story(books)
    [statement] = re.findall(r"```sql\n(UPDATE balances.+?)```", DOCS.read_text(), re.DOTALL)
    connection = await asyncpg.connect(owner_url)
    await connection.execute(f"SET session_replication_role = replica; {DAMAGE['balances']}")
    assert "balances" in wrong(await daily(books).close_now("olga"))
    await connection.execute(f"RESET session_replication_role; {statement.replace('SHOP', 'shop')}")
    await connection.close()
    assert wrong(await daily(books).close_now("olga")) == {}
    await books.assert_sound()


async def _found_after(owner_url: str, damage: str) -> list[str]:
    """Which checks find the damage, done by the server's own superuser past all triggers and taken back again."""
    connection = await asyncpg.connect(owner_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"SET LOCAL session_replication_role = replica; {damage}")
        found = []
        for check in CHECKS:
            sql = check.sql.replace("CAST(:sent_before AS timestamptz)", SENT_BEFORE)
            if await connection.fetch(sql):
                found.append(check.name)
        await transaction.rollback()
        return found
    finally:
        await connection.close()


SENT_BEFORE = "(now() - interval '10 minutes')"


async def test_each_day_is_closed_once_over_replicas_and_after_a_sleep_every_one_that_was_missed(
    books: CreditBooks, database_url: str
) -> None:
    books.clock.set("2026-03-01T10:00:00Z")
    await books.grant("shop", 100)
    await sent(books)
    assert await daily(books).catch_up() == 1
    books.clock.set("2026-03-04T00:05:00Z")
    await books.grant("shop", 7)
    await sent(books)
    async with credit_books(database_url, books.clock) as other:

        async def close(replica: CreditBooks) -> int:
            return await daily(replica).catch_up()

        closed = await asyncio.gather(close(books), close(other))
    # Whoever was late found the lock taken or the days closed, and comes again when it is due.
    assert sum(closed) + await daily(books).catch_up() == 3
    rows = await books.rows("SELECT day, differences, report -> 'accounts' ->> 'available' FROM closes ORDER BY day")
    # The first close is of the day before; the grant of the 4th is in no day that has ended.
    assert rows == [
        (date(2026, 2, 28), 0, None),
        (date(2026, 3, 1), 0, "100"),
        (date(2026, 3, 2), 0, "100"),
        (date(2026, 3, 3), 0, "100"),
    ]
    assert await daily(books).catch_up() == 0


async def test_a_day_that_was_closed_while_a_replica_waited_for_the_lock_is_not_closed_again(books: CreditBooks) -> None:
    books.clock.set("2026-03-02T10:00:00Z")

    async def close_late() -> None:
        async with books.unit_of_work.begin() as late:
            await late.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            assert await previous_close(late) is None  # from here on it sees the moment before the other's close
            assert await daily(books).catch_up() == 1
            await write_close(late, Report(checks=[]), day=date(2026, 3, 1), until=books.clock.now(), asked_by=None)

    with pytest.raises(ClosedElsewhere):
        await close_late()
    assert await books.rows("SELECT day FROM closes") == [(date(2026, 3, 1),)]


async def test_a_close_goes_on_from_the_one_before_and_finds_what_changed_since(books: CreditBooks, owner_url: str) -> None:
    books.clock.set("2026-03-01T10:00:00Z")
    await books.grant("shop", 100)
    books.clock.set("2026-03-02T10:00:00Z")
    await daily(books).catch_up()
    assert await books.rows("SELECT instance_id, available, held, granted FROM closed_accounts") == [("shop", 100, 0, -100)]
    await books.take(requested(1, items=2))
    assert wrong(await daily(books).close_now("olga")) == {}
    connection = await asyncpg.connect(owner_url)
    await connection.execute("UPDATE balances SET available = available - 1, spent = spent + 1")
    await connection.close()
    close = await daily(books).close_now("olga")
    assert wrong(close) == {"balances": 2, "grants": 1, "settlements": 1, "events": 2}
    [found] = [one for one in close.report["checks"] if one["check"] == "grants"]
    assert found["examples"] == [{"instance_id": "shop", "subject": "available", "expected": 70, "found": 69}]
    assert books.metrics.close_differences.labels("balances")._value.get() == 2


async def test_a_line_that_is_written_late_is_the_next_closes_and_no_difference(books: CreditBooks) -> None:
    """Whatever a slow clock says: a line written after a day was closed is in a later day, once."""
    books.clock.set("2026-03-01T10:00:00Z")
    await books.grant("shop", 100)
    books.clock.set("2026-03-02T00:05:00Z")
    await sent(books)
    await daily(books).catch_up()
    books.clock.set("2026-03-01T23:58:00Z")  # a replica whose clock is seven minutes slow
    await books.grant("shop", 5)
    await books.grant("new shop", 3)
    for day in ("2026-03-03T00:05:00Z", "2026-03-04T00:05:00Z", "2026-03-05T00:05:00Z"):
        books.clock.set(day)
        await sent(books)
        assert await daily(books).catch_up() == 1
    rows = await books.rows("SELECT day, differences, report -> 'accounts' ->> 'available' FROM closes ORDER BY day")
    assert rows == [
        (date(2026, 3, 1), 0, "100"),
        (date(2026, 3, 2), 0, "108"),
        (date(2026, 3, 3), 0, "108"),
        (date(2026, 3, 4), 0, "108"),
    ]
    moved = await books.rows("SELECT report -> 'movements' ->> 'grant' FROM closes ORDER BY day")
    assert moved == [("100",), ("8",), (None,), (None,)]
    # An account in which nothing moves is not written again.
    assert await books.rows("SELECT instance_id, available FROM closed_accounts ORDER BY close_id, instance_id") == [
        ("shop", 100),
        ("new shop", 3),
        ("shop", 105),
    ]


async def test_lines_whose_times_cross_midnight_the_other_way_round_are_no_difference(books: CreditBooks) -> None:
    for at in ("2026-03-02T00:00:01Z", "2026-03-01T23:59:59Z", "2026-03-02T00:00:02Z"):
        books.clock.set(at)
        await books.grant("shop", 10)
    for day in ("2026-03-02T00:05:00Z", "2026-03-03T00:05:00Z"):
        books.clock.set(day)
        await sent(books)
        assert await daily(books).catch_up() == 1
    rows = await books.rows("SELECT differences, report -> 'accounts' ->> 'available' FROM closes ORDER BY day")
    assert rows == [(0, "20"), (0, "30")], "the account is cut after the last line of the day, by the ledger's order"


async def test_a_line_that_does_not_go_on_from_the_cut_is_found(books: CreditBooks) -> None:
    books.clock.set("2026-03-01T10:00:00Z")
    await books.grant("shop", 100)
    books.clock.set("2026-03-02T00:05:00Z")
    await sent(books)
    await daily(books).catch_up()
    assert await books.rows("SELECT available FROM closed_accounts") == [(100,)]
    await books.grant("shop", 5)
    assert wrong(await daily(books).close_now("olga")) == {}
    async with books.unit_of_work.begin() as transaction:
        # A line as nobody writes it: it leaves out the line before.
        await transaction.execute(
            "INSERT INTO ledger_transactions"
            " (instance_id, kind, amount, available_change, available_after, created_by, created_at)"
            " VALUES ('shop', 'grant', 1, 1, 1, 'x', now())"
        )
    assert wrong(await daily(books).close_now("olga")) == {"ledger-entries": 1, "statement": 1}


async def test_the_first_close_after_one_of_an_older_version_begins_anew_and_tells_only_what_moved_since(
    books: CreditBooks,
) -> None:
    """An older version carried sums as of a time and cut no account; what it left out is not missing any more."""
    books.clock.set("2026-03-01T10:00:00Z")
    await books.grant("shop", 100)
    async with books.unit_of_work.begin() as transaction:
        await transaction.execute(
            "WITH close AS (INSERT INTO closes (day, until, closed_at, differences, report)"
            " VALUES ('2026-03-01', '2026-03-02Z', now(), 0, '{\"checks\": []}') RETURNING id)"
            " INSERT INTO close_balances SELECT id, 'shop', account, amount FROM close,"
            " (VALUES ('available', 95), ('granted', -95)) AS line (account, amount)"
        )
    books.clock.set("2026-03-02T10:00:00Z")
    await books.grant("shop", 7)
    await sent(books)
    books.clock.set("2026-03-03T00:05:00Z")
    assert await daily(books).catch_up() == 1
    [[day, differences, report]] = await books.rows("SELECT day, differences, report FROM closes ORDER BY id DESC LIMIT 1")
    assert (day, differences, report["accounts"]["available"], report["movements"]) == (date(2026, 3, 2), 0, 107, {"grant": 7})


async def test_a_close_reads_the_lines_after_the_cuts_and_not_the_whole_ledger(books: CreditBooks, owner_url: str) -> None:
    """The planner's choice, not a time: both tables of the ledger are read by their keys."""
    await books.grant("shop", 100)
    connection = await asyncpg.connect(owner_url)
    await connection.execute(
        "INSERT INTO ledger_transactions"
        " (instance_id, kind, amount, available_change, available_after, created_by, created_at)"
        " SELECT 'shop', 'grant', 1, 1, 100 + number, 'x', now() FROM generate_series(1, 20000) AS number;"
        " INSERT INTO ledger_entries SELECT instance_id, id, account, sign FROM ledger_transactions,"
        " (VALUES ('available', 1), ('granted', -1)) AS leg (account, sign) WHERE created_by = 'x';"
        " ANALYZE ledger_transactions; ANALYZE ledger_entries"
    )
    for check in CHECKS[:3]:
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {check.sql}"))
        assert "Seq Scan on ledger" not in plan, f"{check.name}:\n{plan}"
    await connection.close()


async def test_two_closes_at_once_are_one(books: CreditBooks) -> None:
    async with books.unit_of_work.begin() as transaction:
        await transaction.execute("SELECT pg_advisory_xact_lock(:lock)", {"lock": 0x0DA2_C105})
        with pytest.raises(ClosedElsewhere):
            await daily(books).close_now("olga")
    assert await books.rows("SELECT 1 FROM closes") == []


async def test_an_operator_sees_the_closes_and_asks_for_one(credits: Credits) -> None:
    async def yesterday_is_closed() -> bool:
        found = await credits.client.get("/api/operator/credits/closes", headers=operator())
        return [one["askedBy"] for one in found.json()["closes"]] == [None]

    # The service does that by itself when it starts; meanwhile nobody else can close.
    await eventually(yesterday_is_closed)
    answer = await credits.client.post("/api/operator/credits/closes", headers=operator())
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["differences"], body["askedBy"], body["day"]) == (0, "olga", None)
    assert {one["check"] for one in body["checks"]} == {*(check.name for check in CHECKS), "stripe"}
    # Two sample shops on `starter`.
    assert (body["accounts"]["available"], body["tenants"]) == (10_000, 2)
    shown = await credits.client.get("/api/operator/credits/closes?limit=1", headers=operator())
    assert shown.json()["closes"] == [body]
    assert (await credits.client.get("/api/operator/credits/closes", headers=tenant("shop"))).status_code == 403
    lines = (await credits.client.get("/metrics")).text.splitlines()
    assert 'darkroom_credits_close_differences{check="balances"} 0.0' in lines
    assert datetime.fromisoformat(body["until"]) <= datetime.now(UTC)
