"""The edges of credits: keys that cannot collide, bad input by its field, and the request limit of all services."""

import pytest
from darkroom_credits.corrections import Correction
from darkroom_credits.grants import NewGrant
from darkroom_credits.once_key import former_operator_keys, operator_key
from darkroom_servicekit.own_limits import OwnLimits
from darkroom_servicekit.runtime import build_redis
from support.credit_books import CreditBooks
from support.credit_service import Credits, operator, tenant
from support.stack import StackAddresses, unique_name


async def test_two_tenants_whose_ids_and_keys_run_into_one_another_get_both_grants(credits: Credits) -> None:
    answers = [
        await credits.grant("a", amount=5, reason="sorry", key="b:c"),
        await credits.grant("a:b", amount=5, reason="sorry", key="c"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["grant"]["instanceId"] for answer in answers] == ["a", "a:b"]
    for instance_id in ("a", "a:b"):
        assert (await credits.get("/api/credits", instance_id=instance_id))["available"] == 5
    for instance_id, key in (("a", "b:c"), ("a:b", "c")):
        adjusted = await credits.client.post(
            f"/api/operator/credits/{instance_id}/adjustments",
            json={"amount": 2, "reason": "sorry"},
            headers=operator() | {"Idempotency-Key": key},
        )
        assert (adjusted.status_code, adjusted.json()["correction"]["instanceId"]) == (201, instance_id)


async def test_a_quoted_key_and_a_bare_one_are_one_key_and_a_broken_one_is_refused(credits: Credits) -> None:
    bare, quoted = [await credits.grant("shop", amount=5, reason="sorry", key=key) for key in ("k", '"k"')]
    assert bare.json() == quoted.json()
    longest = await credits.grant("shop", amount=5, reason="sorry", key="k" * 255)
    assert longest.status_code == 201
    for key in ("k" * 256, '"k', "a b"):
        answer = await credits.grant("shop", amount=5, reason="sorry", key=key)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key"), key
    assert (await credits.get("/api/credits"))["available"] == 10


@pytest.mark.parametrize("spelled", ["k", '"k"'])
async def test_a_grant_and_a_correction_of_an_older_version_are_recognised(books: CreditBooks, spelled: str) -> None:
    """Yesterday's rows hold `operator:<tenant>:<key as it was sent>`; a neighbour's row of the same text is not ours."""

    def granted(instance_id: str, once_key: str | None, former: tuple[str, ...] = ()) -> NewGrant:
        return NewGrant(
            instance_id=instance_id,
            kind="operator",
            amount=5,
            reason="r",
            created_by="olga",
            once_key=once_key,
            former_keys=former,
        )

    def corrected(instance_id: str, once_key: str | None, former: tuple[str, ...] = ()) -> Correction:
        return Correction(instance_id=instance_id, amount=2, reason="r", created_by="olga", once_key=once_key, former_keys=former)

    made: list[int] = []
    for once_key, former in (
        (f"operator:shop:{spelled}", ()),
        (operator_key("shop", "k"), former_operator_keys("shop", "k")),
    ):
        async with books.unit_of_work.begin() as transaction:
            row, _ = await books.grants.grant(transaction, granted("shop", once_key, former))
        async with books.unit_of_work.begin() as transaction:
            adjusted = await books.corrections.adjust(transaction, corrected("shop", once_key, former))
        made += [row.id, adjusted.id]
    assert made[:2] == made[2:]
    async with books.unit_of_work.begin() as transaction:
        row, now = await books.grants.grant(
            transaction, granted("sho", operator_key("sho", "p:k"), ("operator:shop:k", 'operator:shop:"k"'))
        )
    assert (row.instance_id, now) == ("sho", True)


async def test_a_change_of_plan_under_a_key_of_an_older_version_is_that_change(books: CreditBooks) -> None:
    await books.put_on_plan("shop", "starter", key='"k"')
    await books.put_on_plan("shop", "starter", key="k")
    assert len(await books.rows("SELECT 1 FROM grants WHERE kind = 'allowance'")) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"transactions?cursor={'9' * 5_000}", "cursor"),
        ("usage?to=0001-01-05", "to"),
        ("usage?from=0001-01-01T00:00:00%2B14:00", "from"),
        ("transactions?from=0001-01-01T00:00:00%2B14:00", "from"),
        ("transactions.csv?to=9999-12-31T23:59:59-14:00", "to"),
        ("transactions?kind=%00", "kind"),
        (f"transactions?jobId={'9' * 5_000}", "jobId"),
    ],
)
async def test_a_value_out_of_range_is_named(quiet_credits: Credits, query: str, field: str) -> None:
    answer = await quiet_credits.client.get(f"/api/credits/{query}", headers=tenant("shop"))
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_u0000_in_a_path_is_nothing_that_exists(quiet_credits: Credits) -> None:
    assert (await quiet_credits.client.get("/api/credits/checkout/%00", headers=tenant("shop"))).status_code == 404
    assert (await quiet_credits.client.get("/api/operator/credits/a%00b", headers=operator())).status_code == 404


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("reason", {"amount": 5, "reason": "\u200b\ufeff\u2800"}),
        ("reason", {"amount": 5, "reason": "a\0b"}),
        ("expiresAt", {"amount": 5, "reason": "r", "expiresAt": "9999-12-31T23:59:59-14:00"}),
    ],
)
async def test_a_wrong_grant_is_named(quiet_credits: Credits, field: str, body: dict[str, object]) -> None:
    answer = await quiet_credits.grant("shop", **body)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_principal_over_the_limit_is_told_429(quiet_credits: Credits, parts: StackAddresses) -> None:
    busy, redis = unique_name("busy"), build_redis(parts.redis)
    await OwnLimits(redis).set(busy, 2)
    answers = [await quiet_credits.client.get("/api/credits", headers=tenant(busy)) for _ in range(3)]
    await OwnLimits(redis).set(busy, None)
    await redis.aclose()
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
    assert [answer.headers.get_list("ratelimit-policy") for answer in answers] == [['"api";q=2;w=60']] * 3
    assert 1 < int(answers[-1].headers["retry-after"]) <= 30
    assert (await quiet_credits.client.get("/api/credits", headers=tenant(unique_name("calm")))).status_code == 200
    assert (await quiet_credits.client.get("/healthz", headers=tenant(busy))).status_code == 200
