"""Reads a TOML file, whatever stands in it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from tools.scenario.error import ScenarioError

SIZE_MAX: Final = 16 * 2**20
"""Bytes; reading more takes minutes, and nobody has written it."""
_INTEGER: Final = range(-(2**63), 2**63)


def read_toml(path: Path, name: str) -> dict[str, Any]:
    """The file's tables, a byte order mark or not; raises ScenarioError with `name` as the file."""
    try:
        if path.stat().st_size > SIZE_MAX:
            words = f"has more than {SIZE_MAX // 2**20} MiB; name another file"
            raise ScenarioError(name, "", words)
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        if _has_wide(data):
            raise ScenarioError(name, "", "an integer of more than TOML's 64 bits")
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(name, "", f"no valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(name, f"byte {error.start}", "no UTF-8 text") from None
    except ScenarioError:
        raise
    except ValueError as error:  # tomllib passes on what int and datetime say
        raise ScenarioError(name, "", f"no valid TOML: {error}") from None
    except RecursionError:
        raise ScenarioError(name, "", "arrays or tables are nested too deeply") from None
    except OSError as error:
        raise ScenarioError(name, "", str(error.strerror)) from None
    return data


def _has_wide(value: object) -> bool:
    """True when some integer is wider than TOML has them: Python would take it."""
    if isinstance(value, dict):
        return any(_has_wide(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_wide(item) for item in value)
    return isinstance(value, int) and value not in _INTEGER
