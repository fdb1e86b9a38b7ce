"""The list of defences fits the code as it is: every patch applies, and every test that should catch one is there."""

import ast

import pytest
from darkroom_cli.settings import TREE
from mutants.defences import DEFENCES, Defence


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
def test_a_defence_is_where_the_list_says(defence: Defence) -> None:
    text = (TREE / defence.file).read_text()
    assert text.count(defence.old) == 1, "it was rewritten: find it again and mend its patch in tests/mutants/defences.py"
    assert defence.new != defence.old
    if defence.file.endswith(".py"):
        ast.parse(text.replace(defence.old, defence.new))


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
def test_the_tests_that_guard_a_defence_are_there(defence: Defence) -> None:
    for test in defence.tests:
        file, _, name = test.partition("::")
        source = (TREE / file).read_text()
        assert not name or f"def {name}(" in source, f"{test} is gone"


def test_each_has_a_name_of_its_own() -> None:
    assert len({defence.name for defence in DEFENCES}) == len(DEFENCES)
