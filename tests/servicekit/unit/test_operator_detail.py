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


def test_it_is_one_bounded_line() -> None:
    assert operator_detail("one\r\ntwo\x00three") == "one two three"
    assert len(operator_detail("x" * 10_000)) == 500
