"""Confirmations of addresses in the database: their limits, what a link is good for, and what older versions left behind."""

import asyncio
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from darkroom_notifier.people.confirm_addresses import (
    Address,
    ConfirmationExpired,
    ConfirmationLimits,
    ConfirmationOutdated,
    ConfirmationUsed,
    Owner,
    TooManyConfirmations,
    confirm_address,
    forget_confirmations,
    request_confirmations,
)
from darkroom_notifier.people.preferences import Person
from darkroom_notifier.people.store import find_person, save_person
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.migrate import migrate
from support.migrations import migrations_until
from support.service import SERVICES
from support.stack import StackAddresses, fresh_database
from support.standing_clock import StandingClock

LIMITS = ConfirmationLimits(per_address_hour=3, per_person_hour=5, per_tenant_day=7)
PHONE = Address("sms", "+4915112345678")


async def ask(work: UnitOfWork, address: Address = PHONE, *, tenant: str = "shop", subject: str = "owner") -> UUID:
    async with work.begin() as transaction:
        person = Person(phone=address.address) if address.channel == "sms" else Person(email=address.address)
        await save_person(transaction, tenant, subject, person)
        await request_confirmations(transaction, Owner(tenant, subject, "en"), [address], limits=LIMITS)
        newest = await transaction.execute("SELECT id FROM confirmations ORDER BY created_at DESC, used_at NULLS FIRST LIMIT 1")
        found: UUID = newest.scalar_one()
    return found


async def confirm(work: UnitOfWork, confirmation: UUID) -> Address:
    async with work.begin() as transaction:
        return await confirm_address(transaction, confirmation)


async def refused_for(work: UnitOfWork, address: Address = PHONE, *, tenant: str = "shop", subject: str = "owner") -> float:
    with pytest.raises(TooManyConfirmations) as refused:
        await ask(work, address, tenant=tenant, subject=subject)
    return refused.value.retry_after_seconds


async def test_an_address_gets_three_an_hour_whoever_asks(work: UnitOfWork, clock: StandingClock) -> None:
    for tenant in ("shop", "other-shop", "third-shop"):
        await ask(work, tenant=tenant)
        clock.move(minutes=10)
    assert await refused_for(work, tenant="fourth-shop") == 30 * 60
    await ask(work, Address("sms", "+4915112345679"), tenant="fourth-shop")
    clock.move(minutes=30)
    await ask(work, tenant="fourth-shop")


async def test_spelling_makes_no_other_address(work: UnitOfWork) -> None:
    for spelling in ("anna@shop.example", "Anna@shop.example", "ANNA@shop.example"):
        await ask(work, Address("email", spelling))
    assert await refused_for(work, Address("email", "anNa@shop.example")) == 3600


async def test_a_person_and_a_tenant_have_limits_over_all_addresses(work: UnitOfWork, clock: StandingClock) -> None:
    numbers = [Address("sms", f"+491511234{n:04d}") for n in range(20)]
    for number in numbers[:5]:
        await ask(work, number)
    assert await refused_for(work, numbers[5]) == 3600
    for number in numbers[5:7]:
        await ask(work, number, subject="colleague")
    assert await refused_for(work, numbers[7], subject="third") == 24 * 3600
    await ask(work, numbers[7], tenant="other-shop")
    await ask(work, Address("email", "anna@shop.example"))
    clock.move(hours=24)
    await ask(work, numbers[8])


async def test_requests_at_the_same_moment_do_not_pass_the_limit_together(work: UnitOfWork) -> None:
    asked = await asyncio.gather(*(ask(work, tenant=f"shop-{n}") for n in range(8)), return_exceptions=True)
    assert sum(isinstance(one, UUID) for one in asked) == 3, asked


async def test_a_link_works_once_in_time_and_for_the_address_that_is_still_there(work: UnitOfWork, clock: StandingClock) -> None:
    first = await ask(work)
    second = await ask(work)
    assert await confirm(work, first) == PHONE
    async with work.read() as connection:
        assert (await find_person(connection, "shop", "owner")).phone_confirmed
    with pytest.raises(ConfirmationUsed):
        await confirm(work, first)
    await ask(work, Address("sms", "+4915112345679"))
    async with work.read() as connection:
        assert not (await find_person(connection, "shop", "owner")).phone_confirmed
    with pytest.raises(ConfirmationOutdated):
        await confirm(work, second)
    late = await ask(work, Address("sms", "+4915112345680"))
    clock.move(hours=48)
    with pytest.raises(ConfirmationExpired):
        await confirm(work, late)
    clock.move(days=7)
    await forget_confirmations(work)
    with pytest.raises(ConfirmationExpired):
        await confirm(work, first)


async def test_an_address_that_older_code_changes_is_not_confirmed(work: UnitOfWork) -> None:
    await confirm(work, await ask(work))
    async with work.begin() as transaction:
        await transaction.execute("UPDATE recipients SET phone = '+4915112345699'")
    async with work.read() as connection:
        assert not (await find_person(connection, "shop", "owner")).phone_confirmed


async def test_addresses_that_older_versions_wrote_to_count_as_confirmed(parts: StackAddresses, tmp_path: Path) -> None:
    migrations = SERVICES / "notifier" / "migrations"
    async with fresh_database(parts, "notifier") as url:
        await asyncio.to_thread(migrate, migrations_until(tmp_path, migrations, "0004"), url)
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(
                "INSERT INTO recipients (instance_id, subject, email) VALUES ('shop', 'owner', 'a@shop.example')"
            )
            await asyncio.to_thread(migrate, migrations, url)
        finally:
            await connection.close()
        engine = build_engine(url, pool_size=1)
        async with engine.connect() as reader:
            person = await find_person(reader, "shop", "owner")
        await engine.dispose()
    assert (person.email, person.email_confirmed, person.phone_confirmed) == ("a@shop.example", True, False)
