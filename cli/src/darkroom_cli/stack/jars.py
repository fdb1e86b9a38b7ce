"""Apache Kafka's jars: resolved by jgo from the committed lock into a cache shared by all stacks of this user.

Every jar is compared with its sha256 in the lock before the cache counts as complete, and all of Kafka's must have one version.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import cache_folder

LOCK_FOLDER = Path(__file__).with_name("jars")
LOCK = "jgo.lock.toml"
COMPLETE = "complete"
SYNC_SECONDS_MAX = 300.0
KAFKA_JAR = re.compile(r"^kafka(?:_2\.13|-[a-z-]+)-(\d+\.\d+\.\d+)\.jar$")


def class_path(environ: Mapping[str, str]) -> str:
    """The class path of Kafka; fetches what is missing (15 to 30 s the first time)."""
    cache = _cache(environ)
    complete = cache / COMPLETE
    if not complete.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "fetch.lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            if not complete.exists():
                _fetch(cache)
                check(_jars(cache), (LOCK_FOLDER / LOCK).read_bytes())
                complete.touch()
    return os.pathsep.join(str(jar) for jar in _jars(cache))


def are_here(environ: Mapping[str, str]) -> bool:
    """Whether nothing has to be fetched."""
    return (_cache(environ) / COMPLETE).exists()


def _cache(environ: Mapping[str, str]) -> Path:
    lock = (LOCK_FOLDER / LOCK).read_bytes()
    return cache_folder(environ) / f"kafka-{hashlib.sha256(lock).hexdigest()[:12]}"


def check(jars: list[Path], lock: bytes) -> None:
    """Raise `StackError` unless these are exactly the jars of the lock, with one version of Kafka's own."""
    wanted = {
        f"{entry['artifactId']}-{entry['version']}.jar": entry["sha256"] for entry in tomllib.loads(lock.decode())["dependencies"]
    }
    present = {jar.name: jar for jar in jars}
    if missing := sorted(wanted.keys() - present.keys()):
        raise StackError(f"Kafka's jars are not complete, missing: {', '.join(missing)}")
    if strange := sorted(present.keys() - wanted.keys()):
        raise StackError(f"jars that the lock does not name: {', '.join(strange)}")
    for name, sha256 in wanted.items():
        if hashlib.sha256(present[name].read_bytes()).hexdigest() != sha256:
            raise StackError(f"{present[name]} is not the file that the lock names (sha256 differs); remove it and try again")
    versions = {found.group(1) for name in wanted if (found := KAFKA_JAR.match(name))}
    if len(versions) != 1:
        raise StackError(f"Kafka's jars have several versions ({', '.join(sorted(versions))}); resolve jgo.lock.toml anew")


def _fetch(cache: Path) -> None:
    for name in ("jgo.toml", LOCK):
        shutil.copyfile(LOCK_FOLDER / name, cache / name)
    shutil.rmtree(cache / ".jgo", ignore_errors=True)
    command = [sys.executable, "-m", "jgo", "sync"]
    try:
        answer = subprocess.run(
            command, cwd=cache, capture_output=True, text=True, timeout=SYNC_SECONDS_MAX, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise StackError(
            f"fetching Kafka's jars took longer than {SYNC_SECONDS_MAX:.0f} s; is Maven Central reachable?"
        ) from None
    if answer.returncode != 0:
        end = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-5:])
        raise StackError(f"Kafka's jars could not be fetched from Maven Central (`jgo sync` in {cache}):\n{end}")


def _jars(cache: Path) -> list[Path]:
    # Sorted: the JVM's shared archive is only good for the very same class path.
    return sorted((cache / ".jgo").glob("*/*.jar"))
