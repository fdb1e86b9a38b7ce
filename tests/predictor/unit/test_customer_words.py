"""Every class of failure has its own sentence, and the poller's sentences are the same ones."""

import pytest
from darkroom_poller import predictions
from darkroom_poller.predictions import Failed
from darkroom_poller.providers import replicate
from darkroom_predictor.customer_words import CUSTOMER_WORDS, OTHERWISE, customer_words
from darkroom_predictor.give_up_models import DETAILS
from darkroom_predictor.providers.door import Refusal

OF_THE_POLLER = [one for module in (predictions, replicate) for one in vars(module).values() if isinstance(one, Failed)]


@pytest.mark.parametrize("failed", OF_THE_POLLER, ids=lambda failed: failed.code)
def test_the_pollers_sentences_are_the_predictors(failed: Failed) -> None:
    assert failed.message == customer_words(failed.code)


def test_every_refusal_and_every_reason_to_give_up_has_a_sentence() -> None:
    assert {refusal.value for refusal in Refusal} | set(DETAILS) <= CUSTOMER_WORDS.keys()
    assert customer_words("a-code-of-a-later-version") == OTHERWISE
