"""Messages in words: every language whole, nothing from outside breaks out of its place, links that hold."""

import string
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from darkroom_jobs_api.jobs.follow_items import CANCELED_TEXT
from darkroom_jobs_api.jobs.rules import Totals, failure_text
from darkroom_notifier.inbox.kinds import KINDS, Kind
from darkroom_notifier.letters.confirmation import ConfirmationLinks
from darkroom_notifier.letters.sms_text import sms_parts
from darkroom_notifier.letters.unsubscribe import BrokenLink, UnsubscribeLinks, Unsubscription
from darkroom_notifier.letters.words import LOCALES, Words
from darkroom_notifier.letters.write_letters import Letters
from darkroom_notifier.messages.store import Message
from darkroom_predictor.customer_words import CUSTOMER_WORDS, OTHERWISE

AT = datetime(2026, 3, 4, tzinfo=UTC)
JOB_DATA = {
    "productName": "Blue mug",
    "totalImages": 10,
    "completedImages": 8,
    "failedImages": 2,
    "canceledImages": 0,
}
CREDIT_DATA = {"amount": 500, "available": 700, "needed": 900, "reason": "plan starter"}
LINKS = UnsubscribeLinks(secret="s", site="https://darkroom.example/")


def message(kind: Kind = "job.done", *, locale: str = "en", channel: Any = "email", **data: Any) -> Message:
    return Message(
        id=UUID(int=1),
        event_id=UUID(int=2),
        notification_id=UUID(int=3),
        instance_id="shop",
        recipient="owner",
        channel=channel,
        kind=kind,
        address="anna@shop.example" if channel == "email" else "+4915112345678",
        locale=locale,
        attempts=1,
        job_id=7 if kind.startswith("job.") else None,
        data=JOB_DATA | CREDIT_DATA | data,
        suppressed=None,
    )


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(Words(), site="https://darkroom.example", unsubscribe=LINKS)


def test_all_languages_have_all_sentences_with_the_same_figures() -> None:
    words = Words()
    figures = {
        locale: {key: {name for _, name, _, _ in string.Formatter().parse(text) if name} for key, text in sentences.items()}
        for locale, sentences in words.by_locale.items()
    }
    assert figures["de"] == figures["en"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_written(letters: Letters, kind: Kind, locale: str) -> None:
    mail = letters.compose(message(kind, locale=locale))
    assert f'<html lang="{locale}">' in (mail.html or "")
    assert mail.subject in mail.text
    assert "{" not in mail.text
    sms = letters.compose(message(kind, locale=locale, channel="sms"))
    assert sms_parts(sms.text) <= 2
    assert sms.text.startswith("Darkroom: ")


def test_an_email_in_full(letters: Letters) -> None:
    mail = letters.compose(message())
    assert mail.subject == "Your pictures of Blue mug are ready"
    assert mail.text.splitlines()[:6] == [
        "Your pictures of Blue mug are ready",
        "",
        "Done: 8 of 10.",
        "Not done: 2. You can try these again from the job's page.",
        "",
        "See the pictures: https://darkroom.example/ongoing/7",
    ]


def test_a_products_name_cannot_break_out(letters: Letters) -> None:
    mail = letters.compose(message(productName="<img src=x onerror=alert(1)>\r\nBcc: all@shop.example {0.__class__}"))
    assert "<img" not in (mail.html or "")
    assert "\r" not in mail.subject
    assert "\n" not in mail.subject


def test_a_long_name_is_cut(letters: Letters) -> None:
    assert len(letters.compose(message(productName="x" * 5000)).subject) < 200
    sms = letters.compose(message(productName="x" * 5000, channel="sms"))
    assert sms.text.endswith("https://darkroom.example/ongoing/7")


@pytest.mark.parametrize(
    ("kind", "name", "parts"),
    [
        ("job.done", "A" * 36, 1),
        ("job.done", "B" * 200, 1),
        ("job.done", "Müllers große señor-Tasse für den Café-Tisch", 1),
        ("job.done", "Anna’s „Mug“ – the big one", 1),
        ("job.done", "чашка", 2),
        ("job.done", "я" * 5000, 2),
    ],
)
def test_an_sms_is_one_part_where_its_name_allows_and_two_at_most(letters: Letters, kind: Kind, name: str, parts: int) -> None:
    for locale in LOCALES:
        sms = letters.compose(message(kind, locale=locale, channel="sms", productName=name)).text
        assert sms_parts(sms) == parts, sms
        assert sms.endswith("https://darkroom.example/ongoing/7")


@pytest.mark.parametrize(
    ("locale", "subject", "text"),
    [
        ("en", "37 jobs have ended", "Done: 30, failed: 7, cancelled: 0. The inbox has each of them."),
        ("de", "37 Aufträge sind beendet", "Fertig: 30, nicht gelungen: 7, abgebrochen: 0. Im Posteingang steht jeder einzeln."),
    ],
)
def test_a_digest_counts_what_it_gathered(letters: Letters, locale: str, subject: str, text: str) -> None:
    digest = replace(message(locale=locale), kind="job.digest", job_id=None, data={"counts": {"job.done": 30, "job.failed": 7}})
    mail = letters.compose(digest)
    assert (mail.subject, text in mail.text, "https://darkroom.example/completed" in mail.text) == (subject, True, True)
    sms = letters.compose(replace(digest, channel="sms"))
    assert sms_parts(sms.text) == 1
    credits = replace(digest, kind="credits.digest", data={"counts": {"credits.rejected": 1_200}})
    assert "1.200" in letters.compose(credits).text or "1,200" in letters.compose(credits).text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_confirmation_has_its_link_and_says_what_to_do_without_it(locale: str) -> None:
    confirmations = ConfirmationLinks(secret="s", site="https://darkroom.example/")
    letters = Letters(Words(), site="https://darkroom.example", unsubscribe=LINKS, confirmations=confirmations)
    asked = replace(message(locale=locale), kind="address.confirm", job_id=None, data={})
    mail = letters.compose(asked)
    assert confirmations.url(asked.notification_id) in mail.text
    assert letters.words.say(locale, "footer.entered") in mail.text
    assert letters.words.say(locale, "footer.why") not in mail.text
    sms = letters.compose(replace(asked, channel="sms")).text
    assert sms.endswith(confirmations.url(asked.notification_id))
    assert sms_parts(sms) <= 2


def test_a_name_that_fits_is_not_cut(letters: Letters) -> None:
    sms = letters.compose(message(channel="sms", productName="A" * 36)).text
    assert f"Your pictures of {'A' * 36} are ready." in sms


@pytest.mark.parametrize(
    ("locale", "error", "line"),
    [
        ("de", "The studio took too long over this picture.", "Das Studio hat für dieses Bild zu lange gebraucht."),
        ("de", "Words that nobody has translated.", "Die Bilder konnten nicht hergestellt werden."),
        ("en", "The studio took too long over this picture.", "The studio took too long over this picture."),
        ("en", "Words that nobody has translated.", "Words that nobody has translated."),
        ("de", "None of the 10 pictures could be made; each tells its own reason.", None),
        ("en", "None of the 10 pictures could be made; each tells its own reason.", None),
    ],
)
def test_an_error_is_told_in_the_readers_language_and_once(letters: Letters, locale: str, error: str, line: str | None) -> None:
    lines = letters.wording("job.failed", JOB_DATA | {"error": error}, locale).lines
    assert lines[1:] == ((line,) if line else ())


def test_every_sentence_that_customers_are_told_of_failures_is_translated() -> None:
    english = set(Words().by_locale["en"].values())
    assert set(CUSTOMER_WORDS.values()) | {OTHERWISE, CANCELED_TEXT} <= english
    assert failure_text(Totals(items=2, failed=2), None) == "None of the 2 pictures could be made; each tells its own reason."


def test_a_link_tells_who_and_cannot_be_changed() -> None:
    wish = Unsubscription("shop", "anna@shop.example", "de")
    token = LINKS.token(wish)
    assert LINKS.read(token) == wish
    payload, _, signature = token.partition(".")
    other = LINKS.token(Unsubscription("other", "anna@shop.example", "de")).partition(".")[0]
    for broken in ("", ".", payload, f"{other}.{signature}", token + "A", "é." + signature, "x" * 5000):
        with pytest.raises(BrokenLink):
            LINKS.read(broken)
    with pytest.raises(BrokenLink):
        UnsubscribeLinks(secret="another", site="").read(token)


def test_without_an_address_of_our_own_there_are_no_links() -> None:
    mail = Letters(Words(), site=None, unsubscribe=None).compose(message())
    assert "http" not in mail.text
    assert "<a " not in (mail.html or "")


@pytest.mark.parametrize(("locale", "expected"), [("en", "You now have 12,500 credits."), ("de", "12.500")])
def test_figures_are_written_as_the_language_writes_them(locale: str, expected: str) -> None:
    assert expected in Words().say(locale, "credits.granted.text", {"available": 12_500})


def test_links_signed_before_a_new_secret_are_still_read() -> None:
    old, new = "the-old-secret-of-links", "the-new-secret-of-links"
    wish = Unsubscription("shop-a", "a@b.example", "en")
    both = UnsubscribeLinks(secret=f"{new},{old}", site="https://darkroom.example")
    assert both.read(UnsubscribeLinks(secret=old, site="").token(wish)) == wish
    assert UnsubscribeLinks(secret=new, site="").read(both.token(wish)) == wish, "the first signs"
