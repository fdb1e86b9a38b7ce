"""What `darkroom up`'s options mean."""

import pytest
from darkroom_cli.stack.selection import ALL, WrongSelection, parse_only, parse_replicas


def test_without_only_everything_is_wanted() -> None:
    assert parse_only(None) == frozenset(ALL)


def test_only_takes_names_with_spaces_between() -> None:
    assert parse_only("postgres, redis") == {"postgres", "redis"}


@pytest.mark.parametrize("text", ["postgres,oracle", "", ","])
def test_an_unknown_part_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(WrongSelection, match="there are: postgres, redis, kafka"):
        parse_only(text)


def test_replicas_by_service() -> None:
    assert parse_replicas("predictor=3, jobs-api=2") == {"predictor": 3, "jobs-api": 2}
    assert parse_replicas(None) == {}


@pytest.mark.parametrize("text", ["kafka=2", "predictor=0", "predictor=17", "predictor", "predictor=x", "predictor=-1"])
def test_wrong_replicas_are_refused(text: str) -> None:
    with pytest.raises(WrongSelection):
        parse_replicas(text)
