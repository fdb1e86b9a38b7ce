"""What operators read of an error that a message caused: one line, the cause first."""

import asyncpg
import pytest
from darkroom_contracts.jobs import JobRequested
from darkroom_servicekit.error_text import cause_of, error_text
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError


def refused(data: str) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        JobRequested.model_validate_json(data)
    return caught.value


def test_a_model_that_refuses_data_is_one_line_that_begins_with_the_first_field() -> None:
    event = '{"instanceId": "shop-a", "jobId": "none", "product": "p", "productId": "1", "productName": "Mug", "priceVersion": 1'
    error = refused(event + ', "priceCredits": 1, "itemsTotal": 0, "requestedAt": "2026-05-04T00:00:00Z"}')
    assert cause_of(error) == (
        "jobId: Input should be a valid integer, unable to parse string as an integer; "
        "itemsTotal: Input should be greater than or equal to 1"
    )


def test_of_many_faults_the_first_are_told() -> None:
    assert cause_of(refused("{}")) == (
        "instanceId: Field required; jobId: Field required; product: Field required; productId: Field required; "
        "productName: Field required; and 4 more"
    )


def test_data_that_is_no_json_has_no_field() -> None:
    assert cause_of(refused("{")).startswith("Invalid JSON: EOF while parsing")


def test_the_databases_own_words_stand_before_the_statement() -> None:
    said = asyncpg.CheckViolationError('new row for relation "queue_items" violates check constraint "broken"')
    driver = Exception(f"{type(said)}: {said}")
    driver.__cause__ = said
    error = IntegrityError("INSERT INTO queue_items\n    SELECT 1", {"secret": "value"}, driver)
    assert error_text(error) == (
        'CheckViolationError: new row for relation "queue_items" violates check constraint "broken"'
        "; SQL: INSERT INTO queue_items SELECT 1"
    )


def test_any_other_error_is_its_name_and_its_words_in_one_line() -> None:
    assert error_text(ValueError("th\x00ir\n  teen")) == "ValueError: th\x00ir teen"
    assert cause_of(ValueError("thirteen")) == "thirteen"
    assert error_text(KeyError()) == "KeyError"
