"""Sentences about a failure that customers read, without the words of outside systems.

Older versions put what the provider or the network said in parentheses at the end: addresses, exception names, status codes.
Their events stay in the log, so a field of this type is cleaned whenever an event is read. Every reader gets the clean sentence.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

HEARD = re.compile(r" \(.*\)\.$", re.DOTALL)


def customer_text(message: str) -> str:
    """Return a failure's sentence without the outside system's words that older versions put behind it in parentheses."""
    return HEARD.sub(".", message)


CustomerText = Annotated[str, AfterValidator(customer_text)]
"""A field of an event that customers read: its value never repeats what an outside system said."""
