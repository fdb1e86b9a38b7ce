"""The evidence of a small run in which all went well, for tests of the oracle to spoil.

Shop A: job 1 with item 11 (one attempt, DONE), item 12 (the first prediction failed, the second succeeded) and item 13 (refused
for good, charged); job 4 with item 41, which tries item 13 again and succeeds. Shop B: job 2 with item 21 (cancelled while it
waited, given back), job 3 refused for want of credits, job 5 with item 51 (given up after three attempts, charged), which an
operator has tried again for nothing as job 6 with item 61. B was paused between its jobs 2 and 5.
"""

from collections.abc import Mapping
from typing import Any

from chaos.evidence import (
    Asked,
    AttemptRow,
    BalanceRow,
    ClientView,
    EntryRow,
    Evidence,
    ItemRow,
    JobRow,
    LetterRow,
    LogEvent,
    PaidCall,
    Pause,
    PredictionRow,
    QueueRow,
    ReservationRow,
    SettlementRow,
)

A, B = "shop-a", "shop-b"


def good_run() -> Evidence:
    """All of it, each list by itself below."""
    return Evidence(
        cap=3,
        window_seconds=60.0,
        instances=frozenset({A, B}),
        calls=_calls(),
        asked=_asked(),
        cancels={2: 200},
        pauses=[Pause(instance_id=B, in_force_at=170.0, ended_at=390.0)],
        jobs=_jobs(),
        items=_items(),
        queue=_queue(),
        attempts=_attempts(),
        letters=[LetterRow(item_id=51, instance_id=B, state="redriven")],
        predictions=_predictions(),
        balances=[
            BalanceRow(instance_id=A, available=5, held=0, spent=60),
            BalanceRow(instance_id=B, available=20, held=0, spent=15),
        ],
        entries=_entries(),
        reservations=_reservations(),
        settlements=_settlements(),
        unsent={"credits": 0},
        lag={"darkroom.credits": 0},
        events=_events(),
        files={key: None for item, shop in ((11, A), (12, A), (41, A), (61, B)) for key in _keys(item, shop)},
        views=_views(),
    )


def _calls() -> list[PaidCall]:
    return [
        _call(1, at=100.0, attempt="a11", state="succeeded", began=100.0, ended=103.0),
        _call(2, at=101.0, attempt="a12", state="failed", began=101.0, ended=102.0),
        _call(3, at=105.0, attempt="a13", state="failed", began=105.0, ended=106.0),
        _call(4, at=160.0, attempt="b12", state="succeeded", began=160.0, ended=163.0),
        _call(11, at=300.0, attempt="a41", state="succeeded", began=300.0, ended=303.0),
        *(
            _call(number, at=at, attempt=f"{name}51", state="failed", began=at, ended=at + 2)
            for number, name, at in ((12, "a", 400.0), (13, "b", 470.0), (14, "c", 540.0))
        ),
        _call(15, at=610.0, attempt="a61", state="succeeded", began=610.0, ended=613.0),
    ]


def _asked() -> list[Asked]:
    return [
        Asked(instance_id=A, key="a", statuses=(201, 201), job_ids=frozenset({1})),
        Asked(instance_id=B, key="b", statuses=(202,), job_ids=frozenset({2})),
        Asked(instance_id=B, key="c", statuses=(402,), job_ids=frozenset({3})),
        Asked(instance_id=A, key="d", statuses=(201,), job_ids=frozenset({4}), retry_of=1),
        Asked(instance_id=B, key="e", statuses=(201,), job_ids=frozenset({5})),
    ]


def _jobs() -> list[JobRow]:
    return [
        _job(1, A, "DONE", total=3, done=2, failed=1, spent=3),
        _job(2, B, "CANCELED", total=1, canceled=1, stop_asked=True),
        _job(3, B, "FAILED", total=1, failed=1, decision="REJECTED"),
        _job(4, A, "DONE", total=1, done=1, spent=1, retry_of=1),
        _job(5, B, "FAILED", total=1, failed=1, spent=1),
        _job(6, B, "DONE", total=1, done=1, spent=1, price=0, retry_of=5, redriven=True),
    ]


def _items() -> list[ItemRow]:
    return [
        _item(11, 1, A, "DONE", "spend"),
        _item(12, 1, A, "DONE", "spend"),
        _item(13, 1, A, "FAILED", "spend"),
        _item(21, 2, B, "CANCELED", "release"),
        _item(31, 3, B, "FAILED", "release"),
        _item(41, 4, A, "DONE", "spend", image="13"),
        _item(51, 5, B, "FAILED", "spend"),
        _item(61, 6, B, "DONE", "spend", image="51"),
    ]


def _queue() -> list[QueueRow]:
    return [
        _queued(11, A, 1),
        _queued(12, A, 2),
        _queued(13, A, 1),
        _queued(21, B, 0, stop_asked_at=165.0),
        _queued(41, A, 1),
        _queued(51, B, 3),
        _queued(61, B, 1),
    ]


def _attempts() -> list[AttemptRow]:
    return [
        _attempt("a11", 11, 1, "DONE", at=99.9),
        _attempt("a12", 12, 1, "FAILED", at=100.9),
        _attempt("a13", 13, 1, "FAILED", at=104.9),
        _attempt("b12", 12, 2, "DONE", at=159.9),
        _attempt("a41", 41, 1, "DONE", at=299.9),
        _attempt("a51", 51, 1, "FAILED", at=399.9),
        _attempt("b51", 51, 2, "FAILED", at=469.9),
        _attempt("c51", 51, 3, "FAILED", at=539.9),
        _attempt("a61", 61, 1, "DONE", at=609.9),
    ]


def _entries() -> list[EntryRow]:
    return [
        *_booked(A, 1, "grant", None, available=65, granted=-65),
        *_booked(A, 2, "hold", 1, available=-45, held=45),
        *_booked(A, 3, "spend", 1, held=-45, spent=45),
        *_booked(B, 4, "grant", None, available=35, granted=-35),
        *_booked(B, 5, "hold", 2, available=-15, held=15),
        *_booked(B, 6, "release", 2, available=15, held=-15),
        *_booked(A, 7, "hold", 4, available=-15, held=15),
        *_booked(A, 8, "spend", 4, held=-15, spent=15),
        *_booked(B, 10, "hold", 5, available=-15, held=15),
        *_booked(B, 11, "spend", 5, held=-15, spent=15),
    ]


def _reservations() -> list[ReservationRow]:
    return [
        ReservationRow(job_id=1, instance_id=A, state="CLOSED", amount=45, spent=45, released=0),
        ReservationRow(job_id=2, instance_id=B, state="CLOSED", amount=15, spent=0, released=15),
        ReservationRow(job_id=3, instance_id=B, state="REJECTED", amount=0, spent=0, released=0),
        ReservationRow(job_id=4, instance_id=A, state="CLOSED", amount=15, spent=15, released=0),
        ReservationRow(job_id=5, instance_id=B, state="CLOSED", amount=15, spent=15, released=0),
        ReservationRow(job_id=6, instance_id=B, state="CLOSED", amount=0, spent=0, released=0),
    ]


def _settlements() -> list[SettlementRow]:
    return [
        SettlementRow(job_id=1, item_id=11, charge="spend", amount=15),
        SettlementRow(job_id=1, item_id=12, charge="spend", amount=15),
        SettlementRow(job_id=1, item_id=13, charge="spend", amount=15),
        SettlementRow(job_id=2, item_id=21, charge="release", amount=15),
        SettlementRow(job_id=4, item_id=41, charge="spend", amount=15),
        SettlementRow(job_id=5, item_id=51, charge="spend", amount=15),
        SettlementRow(job_id=6, item_id=61, charge="spend", amount=0),
    ]


def _events() -> list[LogEvent]:
    return [
        _event(A, "CreditsGranted", 1, grantId=1, reason="test", amount=65, balances=_balances(65, 0, 0)),
        _event(A, "CreditsReserved", 2, jobId=1, amount=45, balances=_balances(20, 45, 0)),
        _event(A, "CreditsSettled", 3, jobId=1, spent=45, released=0, balances=_balances(20, 0, 45)),
        _event(B, "CreditsGranted", 4, grantId=2, reason="test", amount=35, balances=_balances(35, 0, 0)),
        _event(B, "CreditsReserved", 5, jobId=2, amount=15, balances=_balances(20, 15, 0)),
        _event(B, "CreditsSettled", 6, jobId=2, spent=0, released=15, balances=_balances(35, 0, 0)),
        _event(A, "ItemFinished", 7, jobId=1, itemId=11, status="DONE"),
        _event(A, "ItemFinished", 8, jobId=1, itemId=12, status="DONE"),
        _event(A, "ItemFinished", 8, jobId=1, itemId=12, status="DONE"),  # the same one, sent twice
        _event(A, "ItemFinished", 9, jobId=1, itemId=13, status="FAILED"),
        _event(B, "ItemFinished", 10, jobId=2, itemId=21, status="CANCELED"),
        _event(A, "JobFinished", 11, jobId=1, status="DONE"),
        _event(B, "JobFinished", 12, jobId=2, status="CANCELED"),
        _event(B, "JobFinished", 13, jobId=3, status="FAILED"),
        _event(B, "ItemRequested", 14, jobId=2, itemId=21),
        _event(B, "JobCancelRequested", 15, jobId=2),
        *_retried(),
        *_redriven(),
    ]


def _views() -> list[ClientView]:
    return [
        ClientView(
            instance_id=A,
            items={11: "DONE", 12: "DONE", 13: "FAILED", 41: "DONE"},
            jobs={1: "DONE", 4: "DONE"},
            complaints=[],
        ),
        ClientView(
            instance_id=B,
            items={21: "CANCELED", 51: "FAILED", 61: "DONE"},
            jobs={2: "CANCELED", 3: "FAILED", 5: "FAILED", 6: "DONE"},
            complaints=[],
        ),
    ]


def _predictions() -> list[PredictionRow]:
    return [
        PredictionRow(attempt_id="a11", item_id=11, instance_id=A, state="STORED"),
        PredictionRow(attempt_id="a12", item_id=12, instance_id=A, state="FAILED"),
        PredictionRow(attempt_id="a13", item_id=13, instance_id=A, state="FAILED"),
        PredictionRow(attempt_id="b12", item_id=12, instance_id=A, state="STORED"),
    ]


def _retried() -> list[LogEvent]:
    return [
        _event(A, "CreditsReserved", 16, jobId=4, amount=15, balances=_balances(5, 15, 45)),
        _event(A, "CreditsSettled", 17, jobId=4, spent=15, released=0, balances=_balances(5, 0, 60)),
        _event(A, "ItemFinished", 18, jobId=4, itemId=41, status="DONE"),
        _event(A, "JobFinished", 19, jobId=4, status="DONE"),
    ]


def _redriven() -> list[LogEvent]:
    return [
        _event(B, "CreditsReserved", 20, jobId=5, amount=15, balances=_balances(20, 15, 0)),
        _event(B, "CreditsSettled", 21, jobId=5, spent=15, released=0, balances=_balances(20, 0, 15)),
        _event(B, "ItemGivenUp", 22, jobId=5, itemId=51),
        _event(B, "ItemFinished", 23, jobId=5, itemId=51, status="FAILED"),
        _event(B, "JobFinished", 24, jobId=5, status="FAILED"),
        _event(B, "DeadLettersRedriven", 25, jobId=5, itemIds=[51], deadLetterIds=["l"], redriveId="r", redrivenBy="op"),
        _event(B, "CreditsReserved", 26, jobId=6, amount=0, balances=_balances(20, 0, 15)),
        _event(B, "CreditsSettled", 27, jobId=6, spent=0, released=0, balances=_balances(20, 0, 15)),
        _event(B, "ItemFinished", 28, jobId=6, itemId=61, status="DONE"),
        _event(B, "JobFinished", 29, jobId=6, status="DONE"),
    ]


def _call(seq: int, *, at: float, attempt: str, state: str, began: float, ended: float) -> PaidCall:
    return PaidCall(
        seq=seq,
        at=at,
        account="0001",
        status=201,
        prediction_id=f"p{seq}",
        attempt_id=attempt,
        state=state,
        began=began,
        ended=ended,
    )


def _job(number: int, shop: str, status: str, *, total: int, decision: str = "RESERVED", price: int = 15, **more: Any) -> JobRow:
    values: dict[str, Any] = {"done": 0, "failed": 0, "canceled": 0, "spent": 0} | more
    return JobRow(id=number, instance_id=shop, status=status, decision=decision, price=price, total=total, **values)


def _keys(item: int, shop: str) -> tuple[str, str]:
    return f"results/{shop}/{item}.jpg", f"results/{shop}/{item}-thumb.jpg"


def _item(number: int, job: int, shop: str, status: str, charge: str, *, image: str | None = None) -> ItemRow:
    result, thumbnail = _keys(number, shop) if status == "DONE" else (None, None)
    return ItemRow(
        id=number,
        job_id=job,
        instance_id=shop,
        image_id=image or str(number),
        status=status,
        charge=charge,
        result_key=result,
        thumbnail_key=thumbnail,
    )


def _queued(item: int, shop: str, counted: int, *, stop_asked_at: float | None = None) -> QueueRow:
    return QueueRow(
        item_id=item, instance_id=shop, state="ENDED", attempts_counted=counted, attempts_max=3, stop_asked_at=stop_asked_at
    )


def _attempt(name: str, item: int, number: int, state: str, *, at: float) -> AttemptRow:
    return AttemptRow(id=name, item_id=item, number=number, state=state, granted_at=at, prediction_id=f"p-{name}", code=None)


def _booked(shop: str, number: int, kind: str, job: int | None, **amounts: int) -> list[EntryRow]:
    return [
        EntryRow(instance_id=shop, transaction_id=number, kind=kind, job_id=job, account=account, amount=amount)
        for account, amount in amounts.items()
    ]


def _balances(available: int, held: int, spent: int) -> Mapping[str, int]:
    return {"available": available, "held": held, "spent": spent}


def _event(shop: str, name: str, number: int, **data: Any) -> LogEvent:
    return LogEvent(
        topic="darkroom.jobs",
        key=shop,
        id=f"event-{number}",
        type=f"darkroom.{name}.v1",
        sequence=number,
        at=f"2026-01-01T00:00:{number:02}.000Z",
        data={"instanceId": shop, **data},
    )
