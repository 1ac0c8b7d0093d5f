"""Writes a sheet as CSV or Parquet: under another name first, so that no half file is ever seen."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ground.export.sheet import Batch, Column, Sheet
from protocol.schema.timescale import in_calendar, iso

GROUP_ROWS: Final = 65_536
"""Of a Parquet row group: so many rows are in memory."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one of these is a formula to spreadsheets."""
HINT: Final = (
    f"install it with `{Path(sys.executable).with_name('pip')} install 'panewatch[parquet]'`, "
    "or use --format csv"
)


class ParquetMissingError(Exception):
    """pyarrow is not installed; the words say how to get it."""

    def __init__(self) -> None:
        super().__init__(f"Parquet needs pyarrow, which is not installed: {HINT}")


def check_parquet() -> None:
    """Raise ParquetMissingError before anything is read."""
    _pyarrow()


def write_csv(sheet: Sheet, path: Path) -> int:
    """Rows written. Times are ISO 8601, flags true and false, UTF-8 with a heading; OSError.

    Text that would begin a formula has a `'` before it, numbers never.
    """
    rows = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([_inert(column.title) for column in sheet.columns])
        forms = [_form(column) for column in sheet.columns]
        for batch in sheet.batches:
            columns = [
                [None if v is None else form(v) for v in batch[column.name]]
                if form
                else batch[column.name]
                for column, form in zip(sheet.columns, forms, strict=True)
            ]
            made = list(zip(*columns, strict=True))
            out.writerows(made)
            rows += len(made)
    return rows


def write_parquet(sheet: Sheet, path: Path) -> int:
    """Rows written. Units and summaries are also in each field's metadata; OSError."""
    arrow, parquet = _pyarrow()
    schema = arrow.schema([_field(arrow, column) for column in sheet.columns])
    rows = 0
    with replacing(path) as partial, parquet.ParquetWriter(str(partial), schema) as out:
        for batch in _groups(sheet):
            arrays = [
                arrow.array(_arrow_values(column, batch[column.name]), schema.field(k).type)
                for k, column in enumerate(sheet.columns)
            ]
            table = arrow.Table.from_arrays(arrays, schema=schema)
            out.write_table(table)
            rows += table.num_rows
    return rows


WRITERS: Final[dict[str, Callable[[Sheet, Path], int]]] = {
    "csv": write_csv,
    "parquet": write_parquet,
}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside it to write to, which takes its place when all went well; OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _groups(sheet: Sheet) -> Iterator[Batch]:
    """Batches joined until they fill a row group."""
    waiting: dict[str, list[Any]] = {column.name: [] for column in sheet.columns}
    first = sheet.columns[0].name
    for batch in sheet.batches:
        for name, rows in waiting.items():
            rows.extend(batch[name])
        if len(waiting[first]) >= GROUP_ROWS:
            yield waiting
            waiting = {column.name: [] for column in sheet.columns}
    if waiting[first]:
        yield waiting


def _form(column: Column) -> Callable[[Any], str] | None:
    """How CSV says a value; None: as it is."""
    if column.kind == "text":
        return _inert
    if column.kind == "time":
        return iso
    if column.kind == "flag":
        return lambda value: "true" if value else "false"
    if column.kind == "number" and column.decimals is not None:
        words = f"{{:.{column.decimals}f}}"
        return words.format
    return None


def _inert(text: str) -> str:
    """What units and people wrote, so that a spreadsheet shows it and does not run it.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if str(text).startswith(FORMULA) else text


def _field(arrow: Any, column: Column) -> Any:
    kinds = {
        "time": arrow.timestamp("us", tz="UTC"),
        "integer": arrow.int64(),
        "unsigned": arrow.uint64(),
        "number": arrow.float64(),
        "text": arrow.string(),
        "flag": arrow.bool_(),
    }
    about = {"unit": column.unit, "summary": column.summary}
    return arrow.field(
        column.title, kinds[column.kind], metadata={k: v for k, v in about.items() if v}
    )


def _arrow_values(column: Column, values: Any) -> Any:
    if column.kind == "time":
        return [None if v is None else in_calendar(v) for v in values]
    return values


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ParquetMissingError from None
