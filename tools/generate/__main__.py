"""Writes every generated file, or with --check says which ones are out of date (exit 1).

The order matters once: tables.py is what the vectors are packed with.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PARTS = {
    "protocol/wire/tables.py": ("tools.generate.tables", "tables"),
    "protocol/wire/events.py": ("tools.generate.events", "events"),
    "protocol/schema/layout.py": ("tools.generate.decoder", "decoder"),
    "protocol/vectors.json": ("tools.generate.vectors", "vectors"),
    "docs/dictionary.md": ("tools.generate.dictionary", "as_markdown"),
}


def main() -> int:
    """Generate all; returns the exit code."""
    check = sys.argv[1:] == ["--check"]
    stale = []
    for name, (module, function) in PARTS.items():
        text = getattr(importlib.import_module(module), function)()
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{'out of date, run make generate' if check else 'written'}: {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
