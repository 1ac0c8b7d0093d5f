"""Onboard TAI since 2020 to UTC and back (CCSDS 301.0-B agency epoch, IERS leap seconds)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH_UTC: Final = datetime(2020, 1, 1, tzinfo=UTC) - timedelta(seconds=37)
"""2020-01-01T00:00:00 TAI, in UTC."""

LEAP_SECONDS: Final = ((datetime(2017, 1, 1, tzinfo=UTC), 37),)
"""(from this UTC, TAI - UTC in s), IERS Bulletin C; append here when one is announced."""

_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNIX_US: Final = (EPOCH_UTC - _UNIX) // timedelta(microseconds=1)
LAST_US: Final = (datetime.max.replace(tzinfo=UTC) - _UNIX) // timedelta(microseconds=1)
"""The calendar's end, µs since 1970."""


def _leap_us(utc: datetime) -> int:
    """TAI - UTC beyond that of the epoch, in µs."""
    return (
        max((s for since, s in LEAP_SECONDS if since <= utc), default=37) * 1_000_000 - 37_000_000
    )


def tai_us_to_unix_us(tai_us: int) -> int:
    """µs since 2020-01-01 TAI to µs since 1970-01-01 UTC (POSIX, no leap seconds)."""
    unix_us = tai_us + _EPOCH_UNIX_US
    return unix_us - _leap_us(from_unix_us(unix_us))


def utc_to_tai_us(utc: datetime) -> int:
    """An aware UTC datetime to µs since 2020-01-01 TAI."""
    return (utc - EPOCH_UTC) // timedelta(microseconds=1) + _leap_us(utc)


def in_calendar(unix_us: int) -> int:
    """The nearest time from 1970 to 9999: a unit can claim any, and everything must hold it."""
    return min(max(unix_us, 0), LAST_US)


def from_unix_us(unix_us: int) -> datetime:
    """µs since 1970 to an aware UTC datetime, the nearest that the calendar has."""
    return _UNIX + timedelta(microseconds=in_calendar(unix_us))


def iso(unix_us: int) -> str:
    """µs since 1970 as ISO-8601 UTC with six decimals and Z."""
    return from_unix_us(unix_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
