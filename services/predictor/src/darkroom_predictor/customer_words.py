"""What a customer reads about a failure: one sentence per class, in our own words, with nothing an outside system said."""

from collections.abc import Mapping

OTHERWISE = "The studio could not finish this picture."
CUSTOMER_WORDS: Mapping[str, str] = {
    "bad-input": "The studio could not work with this picture or its instructions.",
    "moderation": "The studio refused this picture: its content was flagged as sensitive.",
    "throttled": "The studio asked us to wait a moment.",
    "low-credit": "The studio did not take our call; the picture waits.",
    "account": "The studio did not take our call; the picture waits.",
    "model-gone": "The studio's model is not available at the moment.",
    "model-forbidden": "The studio's model is not available at the moment.",
    "our-fault": "We sent this picture in a way that the studio did not accept. The fault is ours.",
    "provider-error": "The studio had a technical problem with this picture.",
    "provider-timeout": "The studio took too long over this picture.",
    "provider-unreachable": "The studio could not be asked how this picture went.",
    "not-sent": "The picture could not be sent in time; it is tried again.",
    "output-unusable": "The studio sent back something that is not a usable picture. It costs you nothing.",
    "output-lost": "The finished picture could not be fetched from the studio in time.",
    "model-unavailable": "The studio's model has not worked for a long time.",
    "too-many-failures": "Too many pictures of this shop failed one after the other, so this one was not tried any more.",
    "too-old": "This picture was asked for too long ago to be worked on now.",
}


def customer_words(code: str) -> str:
    """Return the sentence for a customer of a failure of this class."""
    return CUSTOMER_WORDS.get(code, OTHERWISE)
