"""`make mutants`: takes the defences out, one at a time, in a copy of the tree, and expects their tests to fail there.

First the same tests run unchanged, since a test that fails anyway proves nothing. The real parts are started once for all.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from darkroom_cli.settings import TREE
from mutants.defences import DEFENCES, Defence
from support.stack import StackAddresses, ensure_parts

PASSED, FAILED = 0, 1
TEST_SECONDS_MAX = 60
"""For one test of a mutant: one that waits for ever for what its mutant never does has failed, too."""
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
LINES_SHOWN = 25


@dataclass(frozen=True)
class Verdict:
    """What a run of tests said: the test that failed first, or None."""

    failed: str | None
    seconds: float
    output: str


class Copy:
    """A copy of the tree whose code is imported in place of the tree's own."""

    def __init__(self, folder: Path, parts: StackAddresses) -> None:
        self._folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=TREE, capture_output=True, text=True, check=True
        )
        for name in listed.stdout.splitlines():
            source, target = TREE / name, folder / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        paths = [str(path) for path in (folder / "tests", *folder.glob("*/src"), *folder.glob("services/*/src"))]
        self._environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DARKROOM_KAFKA_BOOTSTRAP_SERVERS": parts.kafka,
            "DARKROOM_DATABASE_URL": parts.postgres_admin_url,
            "DARKROOM_REDIS_URL": parts.redis,
        }

    def without(self, defence: Defence) -> Verdict:
        """The verdict of a defence's tests when it is not there."""
        file = self._folder / defence.file
        text = file.read_text()
        assert text.count(defence.old) == 1, f"{defence.name}: its text is not found exactly once in {defence.file}"
        file.write_text(text.replace(defence.old, defence.new))
        try:
            compile_or_fail(file)
            return self.test(defence.tests)
        finally:
            file.write_text(text)

    def test(self, tests: Sequence[str]) -> Verdict:
        """The verdict of these tests. Raises RuntimeError when they could not be run at all."""
        begun = time.monotonic()
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS_MAX}", "--hypothesis-profile=no-shrinking"]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        answer = subprocess.run(command, cwd=self._folder, env=self._environ, capture_output=True, text=True, check=False)
        if answer.returncode not in {PASSED, FAILED}:
            raise RuntimeError(f"pytest ended with {answer.returncode}:\n{answer.stdout}{answer.stderr}")
        found = FAILED_TEST.search(answer.stdout)
        failed = None if answer.returncode == PASSED else (found[1] if found else "?")
        return Verdict(failed, time.monotonic() - begun, answer.stdout)


def compile_or_fail(file: Path) -> None:
    """A patch that is no Python would fail every test and prove nothing."""
    if file.suffix == ".py":
        compile(file.read_text(), str(file), "exec")


def main() -> int:
    chosen = _chosen()
    with tempfile.TemporaryDirectory(prefix="darkroom-mutants-") as folder, ensure_parts() as parts:
        copy = Copy(Path(folder), parts)
        before = copy.test(list(dict.fromkeys(test for defence in chosen.values() for test in defence.tests)))
        if before.failed is not None:
            print(_excerpt(before.output))
            print(f"nothing is proved: {before.failed} fails with all defences in place")
            return 1
        print(f"{len(chosen)} defences; their tests pass with all of them in place ({before.seconds:.0f} s)")
        print(f"{'taken out':<42} {'seconds':>7}  caught by", flush=True)
        return _take_out(copy, chosen)


def _take_out(copy: Copy, chosen: Mapping[str, Defence]) -> int:
    survivors = []
    for name, defence in chosen.items():
        verdict = copy.without(defence)
        caught = verdict.failed.partition("::")[2] or verdict.failed if verdict.failed else "NOTHING: it survived"
        print(f"{name:<42} {verdict.seconds:7.1f}  {caught}", flush=True)
        if verdict.failed is None:
            survivors.append(name)
    print(
        f"{len(chosen) - len(survivors)} of {len(chosen)} caught" + (f"; survived: {', '.join(survivors)}" if survivors else "")
    )
    return 1 if survivors else 0


def _chosen() -> dict[str, Defence]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which defences to take out; default: all")
    parser.add_argument("--list", action="store_true", help="only say which there are, and why")
    arguments = parser.parse_args()
    known = {defence.name: defence for defence in DEFENCES}
    if arguments.list:
        for defence in DEFENCES:
            print(f"{defence.name:<42} {defence.why}")
        sys.exit(0)
    if unknown := [name for name in arguments.names if name not in known]:
        parser.error(f"no such defence: {', '.join(unknown)}")
    return {name: known[name] for name in arguments.names} or known


def _excerpt(output: str) -> str:
    return "\n".join(output.splitlines()[-LINES_SHOWN:])


if __name__ == "__main__":
    sys.exit(main())
