"""What outside systems said, before anyone stores it."""

from darkroom_servicekit.operator_detail import operator_detail


def test_tokens_are_hidden_wherever_they_are_repeated() -> None:
    token = "abc-DEF_123"
    for said in (
        f"- webhook: 'https://shop.example/webhooks/replicate/1?token={token}' must be https",
        f'{{"webhook": "https://shop.example/w?x=1&token={token}"}}',
        f"webhook=https%3A%2F%2Fshop.example%2Fw%3Ftoken%3D{token}",
        f"sent Authorization: Bearer {token}",
        f"the key r8_{token} is not valid",
    ):
        detail = operator_detail(said)
        assert token not in detail
        assert "…" in detail


def test_an_address_does_not_open_what_it_names() -> None:
    signed = (
        "https://s3.example/o.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA1/x&X-Amz-Signature=0a1b2c",
        "https://cdn.example/o.png?v=7&Expires=1&Signature=0a1b2c&Key-Pair-Id=K1",
        "https://blob.example/o.png?sv=2024&sig=0a1b2c",
        "https://storage.example/o.png?X-Goog-Signature=0a1b2c",
    )
    for address in signed:
        detail = operator_detail(f"more than 9 bytes: {address} was refused")
        assert "0a1b2c" not in detail
        assert detail.startswith(f"more than 9 bytes: {address.partition('?')[0]}?")
        assert detail.endswith(" was refused")
    assert operator_detail("see https://x.example/o.png?number=2&page=3") == "see https://x.example/o.png?number=2&page=3"


def test_it_is_one_bounded_line() -> None:
    assert operator_detail("one\r\ntwo\x00three") == "one two three"
    assert len(operator_detail("x" * 10_000)) == 500
