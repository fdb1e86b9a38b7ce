"""Is `web/dist` built from these sources? `stamp` says so after a build, `check` compares. Needs no Node."""

import hashlib
import json
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[1]
STAMP = WEB / "dist" / "build.json"
SOURCES = ("index.html", "package-lock.json", "vite.config.ts", "src", "public")


def digest() -> str:
    """A digest of everything that a build is made of, but for its tests."""
    sum_ = hashlib.sha256()
    files = (path for name in SOURCES for path in ([WEB / name] if (WEB / name).is_file() else (WEB / name).rglob("*")))
    for path in sorted(path for path in files if path.is_file() and not path.name.endswith(".test.ts")):
        sum_.update(str(path.relative_to(WEB)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return sum_.hexdigest()


def main(command: str) -> int:
    """0 when all is well."""
    if command == "stamp":
        STAMP.write_text(json.dumps({"sources": digest()}) + "\n")
        return 0
    told = json.loads(STAMP.read_text())["sources"] if STAMP.exists() else None
    if told == digest():
        return 0
    sys.stderr.write("web/dist is not built from web/src: run `make web` and commit it\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
