"""Account names belong to tokens: they survive every change of the list, and a bad list is refused without showing a token."""

import pytest
from darkroom_servicekit.provider_accounts import InvalidAccounts, former_names, misplaced_names, parse_accounts

# The first eight characters of `printf r8_alpha | sha256sum` and `printf r8_beta | sha256sum`.
ALPHA, BETA = "replicate-ed2cac84", "replicate-f4bd2185"


def test_a_bare_token_is_named_by_its_digest_and_a_named_one_by_its_name() -> None:
    assert parse_accounts("replicate", "r8_alpha, main=r8_beta ,") == {ALPHA: "r8_alpha", "main": "r8_beta"}
    assert parse_accounts("replicate", "") == {}


def test_removing_and_reordering_tokens_keeps_every_other_name() -> None:
    both = parse_accounts("replicate", "r8_alpha,r8_beta")
    assert both == {ALPHA: "r8_alpha", BETA: "r8_beta"}
    assert parse_accounts("replicate", "r8_beta,r8_alpha") == both
    assert parse_accounts("replicate", "r8_beta") == {BETA: "r8_beta"}


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("main=r8_alpha,main=r8_beta", "the name `main` is already taken"),
        ("r8_alpha,main=r8_alpha", "the same token as an account before it"),
        ("r8_alpha,r8_alpha", "the name `replicate-"),
        ("Main=r8_alpha", "has a bad name"),
        ("all=r8_alpha", "has a bad name"),
        ("=r8_alpha", "has a bad name"),
        ("main=", "has no token"),
        ("a" * 41 + "=r8_alpha", "has a bad name"),
    ],
)
def test_a_bad_list_is_refused_in_words_that_show_no_token(listed: str, said: str) -> None:
    with pytest.raises(InvalidAccounts) as raised:
        parse_accounts("replicate", listed)
    assert said in str(raised.value)
    assert "r8_" not in str(raised.value)


def test_former_names_were_places_in_the_list() -> None:
    assert former_names("replicate", ["main", BETA]) == {"replicate-1": "main", "replicate-2": BETA}
    assert misplaced_names("replicate", ["replicate-1", "main"]) == set()
    assert misplaced_names("replicate", ["replicate-2", "main", "replicate-1x"]) == {"replicate-2"}
