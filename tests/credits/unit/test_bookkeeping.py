"""The rules of holds and settlements, on books in memory."""

from collections.abc import Sequence

from darkroom_contracts.credits import Balances, CreditsRejected, CreditsReserved, CreditsSettled
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import ItemFinished, JobFinished, JobRequested
from darkroom_credits.bookkeeping import Books, Posted, enter
from darkroom_credits.grants import Grant
from darkroom_credits.ledger import Account
from hypothesis import given
from hypothesis import strategies as st
from support.credit_events import NOW, item_finished, job_finished, received, requested

Entry = JobRequested | ItemFinished | JobFinished


def books_with(*grants: int, instance_id: str = "shop") -> Books:
    granted = [Grant(id=number, instance_id=instance_id, remaining=amount) for number, amount in enumerate(grants, 1)]
    account = Account(instance_id=instance_id, available=sum(grants), renews_at=NOW)
    return Books(NOW, {instance_id: account}, {instance_id: granted}, {}, {}, set())


def entered(books: Books, *events: Entry) -> list[Event]:
    before = len(books.facts)
    enter(books, [Posted(event, received(event).envelope) for event in events])
    return [fact for fact, _ in books.facts[before:]]


def test_a_job_that_can_be_paid_is_held_whole() -> None:
    assert entered(books_with(100), requested(1, items=4)) == [
        CreditsReserved(instance_id="shop", job_id=1, amount=60, balances=Balances(available=40, held=60, spent=0))
    ]


def test_a_job_that_costs_one_credit_too_many_takes_nothing_and_says_what_is_missing() -> None:
    assert entered(books_with(59), requested(1, items=4)) == [
        CreditsRejected(instance_id="shop", job_id=1, needed=60, balances=Balances(available=59, held=0, spent=0), renews_at=NOW)
    ]


def test_a_refused_job_does_not_keep_a_smaller_one_behind_it_from_starting() -> None:
    facts = entered(books_with(20), requested(1, items=2), requested(2))
    assert [type(fact) for fact in facts] == [CreditsRejected, CreditsReserved]


def test_balances_run_through_a_batch() -> None:
    facts = entered(books_with(45), requested(1), requested(2), requested(3), requested(4))
    told = [fact.balances.available for fact in facts if isinstance(fact, CreditsReserved | CreditsRejected)]
    assert told == [30, 15, 0, 0]


def test_the_settlements_of_one_job_in_a_batch_are_one_event() -> None:
    books = books_with(45)
    entered(books, requested(1, items=3))
    assert entered(books, item_finished(1, 11), item_finished(1, 12, "release"), item_finished(1, 13)) == [
        CreditsSettled(instance_id="shop", job_id=1, spent=30, released=15, balances=Balances(available=15, held=0, spent=30))
    ]


def test_credits_given_back_pay_for_a_job_that_is_asked_for_after_them_in_the_same_batch() -> None:
    books = books_with(15)
    entered(books, requested(1))
    facts = entered(books, item_finished(1, 11, "release"), requested(2))
    assert [type(fact) for fact in facts] == [CreditsSettled, CreditsReserved]


def test_an_item_is_settled_once() -> None:
    books = books_with(30)
    entered(books, requested(1, items=2), item_finished(1, 11))
    assert entered(books, item_finished(1, 11)) == []
    assert books.accounts["shop"].balances() == Balances(available=0, held=15, spent=15)


def test_the_end_of_a_job_covers_items_that_were_never_told_of() -> None:
    books = books_with(45)
    entered(books, requested(1, items=3), item_finished(1, 11))
    assert entered(books, job_finished(1, items_spent=2, items=3)) == [
        CreditsSettled(instance_id="shop", job_id=1, spent=15, released=15, balances=Balances(available=15, held=0, spent=30))
    ]


def test_an_item_after_the_end_of_its_job_changes_nothing() -> None:
    books = books_with(45)
    entered(books, requested(1, items=3), job_finished(1, items_spent=1, items=3))
    assert entered(books, item_finished(1, 11, "release"), job_finished(1, items_spent=3, items=3)) == []
    assert books.accounts["shop"].balances() == Balances(available=30, held=0, spent=15)


def test_the_end_of_a_refused_job_changes_nothing() -> None:
    books = books_with(10)
    entered(books, requested(1))
    assert entered(books, job_finished(1, items_spent=0)) == []


def test_news_of_an_unknown_job_is_ignored_and_told() -> None:
    books = books_with(10)
    assert entered(books, item_finished(1, 11), job_finished(2, items_spent=1)) == []
    assert [reason for reason, _ in books.ignored] == ["unknown-job", "unknown-job"]


def test_another_tenant_cannot_settle_a_job() -> None:
    books = books_with(15)
    books.accounts["other"] = Account(instance_id="other")
    entered(books, requested(1))
    assert entered(books, item_finished(1, 11, instance_id="other")) == []
    assert books.accounts["shop"].held == 15


def test_a_free_job_is_reserved_without_a_line_in_the_ledger() -> None:
    books = books_with()
    facts = entered(books, requested(1, price=0), item_finished(1, 11), job_finished(1, items_spent=1))
    assert [type(fact) for fact in facts] == [CreditsReserved]
    assert books.accounts["shop"].lines == []
    assert books.reservations[1].state == "CLOSED"


CHARGES = st.sampled_from(["spend", "release"])
JOBS = st.integers(1, 6)
ENTRIES = st.one_of(
    st.builds(lambda job, items, price: requested(job, items=items, price=price), JOBS, st.integers(1, 4), st.integers(0, 9)),
    st.builds(lambda job, item, charge: item_finished(job, 100 * job + item, charge), JOBS, st.integers(1, 5), CHARGES),
    st.builds(lambda job, spent: job_finished(job, items_spent=spent, items=4), JOBS, st.integers(0, 6)),
)


@given(
    st.lists(st.integers(1, 30), max_size=4),
    st.lists(st.lists(ENTRIES, max_size=8), max_size=8),
)
def test_any_sequence_of_events_keeps_the_books(grants: list[int], batches: list[list[Entry]]) -> None:
    books = books_with(*grants)
    account = books.accounts["shop"]
    for batch in batches:
        facts = entered(books, *batch)
        held = sum(one.rest for one in books.reservations.values())
        assert account.held == held
        assert account.available == sum(grant.remaining for grant in books.grants["shop"])
        assert account.spent == sum(one.spent for one in books.reservations.values())
        assert account.available + account.held + account.spent == sum(grants)
        assert all(grant.remaining >= 0 for grant in books.grants["shop"])
        assert all(one.state == "OPEN" or one.rest == 0 for one in books.reservations.values())
        if facts:
            assert_tells(facts[-1], account)
    assert sum(line.available_change for line in account.lines) == account.available - sum(grants)
    assert_replays(books, sum(grants))


def assert_tells(last: Event, account: Account) -> None:
    """The newest event of a tenant carries its balances as they are."""
    assert isinstance(last, CreditsReserved | CreditsRejected | CreditsSettled)
    assert last.balances == account.balances()


def assert_replays(books: Books, granted: int) -> None:
    """Each published amount leads from one event's balances to the next one's: the topic alone rebuilds them."""
    available, held, spent = granted, 0, 0
    for fact, _ in books.facts:
        if isinstance(fact, CreditsReserved):
            available, held = available - fact.amount, held + fact.amount
        elif isinstance(fact, CreditsSettled):
            available, held, spent = available + fact.released, held - fact.spent - fact.released, spent + fact.spent
        assert isinstance(fact, CreditsReserved | CreditsRejected | CreditsSettled)
        assert fact.balances == Balances(available=available, held=held, spent=spent)


@given(st.lists(st.lists(ENTRIES, max_size=8), min_size=1, max_size=5), st.data())
def test_a_job_is_paid_for_as_its_end_says_whatever_items_were_told_of(
    batches: Sequence[list[Entry]], data: st.DataObject
) -> None:
    books = books_with(1000)
    spent = data.draw(st.integers(0, 4))
    told = data.draw(st.lists(st.integers(1, spent), unique=True)) if spent else []
    entered(books, requested(77, items=4, price=10), *[item_finished(77, item) for item in told])
    for batch in batches:
        entered(books, *batch)
    entered(books, job_finished(77, items_spent=spent, items=4), *[item_finished(77, item) for item in range(1, 5)])
    assert (books.reservations[77].spent, books.reservations[77].released) == (spent * 10, (4 - spent) * 10)
