"""The token of a confirmation: short enough for an SMS, and good for nothing but its own id."""

from uuid import UUID

import pytest
from darkroom_notifier.letters.confirmation import ConfirmationLinks
from darkroom_notifier.letters.unsubscribe import BrokenLink

LINKS = ConfirmationLinks(secret="s", site="https://darkroom.example/")
ONE, OTHER = UUID(int=1 << 120), UUID(int=2 << 120)


def test_a_link_names_its_confirmation() -> None:
    token = LINKS.token(ONE)
    assert len(token) == 43
    assert LINKS.url(ONE) == f"https://darkroom.example/confirm?token={token}"
    assert LINKS.read(token) == ONE


def test_a_token_that_was_changed_or_made_by_others_is_none() -> None:
    token, other = LINKS.token(ONE), LINKS.token(OTHER)
    foreign = ConfirmationLinks(secret="another", site="").token(ONE)
    for broken in ("", "é", token[:-1], token[:21], other[:21] + token[21:], foreign, token + "AAAA", "x" * 5000, "A" * 43):
        with pytest.raises(BrokenLink):
            LINKS.read(broken)


def test_links_of_the_old_secret_are_read_while_the_new_one_signs() -> None:
    old, new = "an-old-secret-of-ours", "a-new-secret-of-ours"
    both = ConfirmationLinks(secret=f"{new},{old}", site="")
    assert both.read(ConfirmationLinks(secret=old, site="").token(ONE)) == ONE
    assert ConfirmationLinks(secret=new, site="").read(both.token(ONE)) == ONE
