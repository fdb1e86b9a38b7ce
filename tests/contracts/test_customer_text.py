"""What customers read of a failure, in events of any age."""

import pytest
from darkroom_contracts.customer_text import customer_text
from darkroom_contracts.event import Event
from darkroom_contracts.examples import EXAMPLES
from darkroom_contracts.jobs import ItemFinished, JobFinished
from darkroom_contracts.predictions import ItemFailed

HEARD = "The studio could not be reached (ConnectionRefusedError: [Errno 111] ('10.2.0.7',\n443))."


def test_what_an_older_version_put_in_parentheses_is_not_for_customers() -> None:
    assert customer_text(HEARD) == "The studio could not be reached."
    own = "The studio refused this picture: it was flagged as sensitive (by its filter) again."
    assert customer_text(own) == own


@pytest.mark.parametrize(("kind", "field"), [(ItemFailed, "message"), (ItemFinished, "error"), (JobFinished, "error")])
def test_an_old_event_is_read_without_what_was_heard_from_outside(kind: type[Event], field: str) -> None:
    wire = EXAMPLES[kind].model_copy(update={field: HEARD}).to_json()
    assert b"10.2.0.7" in wire
    assert getattr(kind.model_validate_json(wire), field) == "The studio could not be reached."
