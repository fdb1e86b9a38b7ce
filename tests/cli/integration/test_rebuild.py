"""`darkroom audit balances` reads a topic in which others have written, too."""

from dataclasses import replace
from datetime import UTC, datetime

from darkroom_cli.rebuild import rebuild
from darkroom_contracts.balances import Sums
from darkroom_contracts.credits import Balances, CreditsGranted, CreditsReserved
from darkroom_contracts.envelope import wrap
from support.kafka import Log

GRANTED = CreditsGranted(
    instance_id="shop-a", grant_id=1, amount=100, reason="test", balances=Balances(available=100, held=0, spent=0)
)


def reserved(job_id: int, *, available: int, held: int) -> CreditsReserved:
    balances = Balances(available=available, held=held, spent=0)
    return CreditsReserved(instance_id="shop-a", job_id=job_id, amount=10, balances=balances)


async def test_records_that_are_no_known_events_are_skipped_and_counted(log: Log) -> None:
    await log.publish(GRANTED, reserved(1, available=90, held=10))
    await log.send_raw("darkroom.credits", b"\xff", key=b"shop-a", headers=[])
    await log.send_raw("darkroom.credits", b"{}", key=b"\x00\x01", headers=[("ce_id", b"\xff\xfe")])
    event = reserved(2, available=80, held=20)
    for type_name in ("darkroom.CreditsTeleported.v1", "darkroom.CreditsReserved.v9"):
        await log.send([(event, replace(wrap(event, source="/t", now=datetime.now(UTC)), type=type_name))])
    forged = [(name, value.encode()) for name, value in wrap(event, source="/t", now=datetime.now(UTC)).headers().items()]
    await log.send_raw("darkroom.credits", event.to_json(), key=b"shop-b", headers=forged)
    await log.publish(event)

    rebuilt = await rebuild(log.bootstrap, prefix=log.prefix)

    assert rebuilt.balances == {"shop-a": Sums(available=80, held=20)}
    assert (rebuilt.events, rebuilt.skipped, rebuilt.disagreements_count) == (3, 5, 0)
