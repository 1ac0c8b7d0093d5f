"""A Python client of a ground station's HTTP API; scripts need nothing else of Panewatch.

    station = Client("http://127.0.0.1:8420", token)
    placed = station.send("sz20/w1", "set_setting", {"setting": "hdt_us", "value": 300}, "ann")
    for message in station.live():
        ...

Answers are the JSON of docs/api.md. Every call raises ClientError.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

HEADER: Final = "X-Panewatch-Token"
PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before the live feed is opened again; the last one from then on."""
MESSAGE_MAX: Final = 16 * 2**20
EVIDENCE_S: Final = 620.0
"""A little more than a station takes at most to make a bundle."""


class ClientError(Exception):
    """The station refused or could not be reached; `status` is the HTTP status, 0 without one."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


class Client:
    """One station. `context` trusts its certificate where that is not one of the system's."""

    def __init__(
        self,
        address: str,
        token: str = "",
        *,
        timeout_s: float = 10.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if not address.startswith(("http://", "https://")):
            raise ClientError(f"{address} is no address of a station; write http://HOST:PORT")
        self.address = address.rstrip("/")
        self.cursor: int | None = None
        """Of the last live message: where `live` goes on."""
        self._headers = {HEADER: token} if token else {}
        self._timeout_s = timeout_s
        self._context = context

    def health(self) -> dict[str, Any]:
        """The station itself."""
        return dict(self._get("health"))

    def units(self) -> list[dict[str, Any]]:
        """Every unit that is configured or was heard."""
        return list(self._get("units"))

    def latest(self, unit: str) -> dict[str, Any]:
        """Newest housekeeping values of `vehicle/window`."""
        return dict(self._get(f"latest/{_path(unit)}"))

    def history(
        self, unit: str, parameter: str, start_ms: float, end_ms: float, size: int = 1000
    ) -> dict[str, Any]:
        """`{"points": [{"utc", "value"}], "dropped_by_retention": [{"from", "to"}]}`.

        Of one parameter between two times (ms since 1970); where retention has dropped packets
        there are none, but for what is kept as evidence.
        """
        asked = urlencode({"start": start_ms, "end": end_ms, "size": size})
        return dict(self._get(f"history/{_path(unit)}/{quote(parameter, safe='')}?{asked}"))

    def completeness(
        self, unit: str, start_ms: float | None = None, end_ms: float | None = None
    ) -> dict[str, Any]:
        """`{"hours", "total"}`: records expected, received and missing; the newest 31 days."""
        asked = {"start": start_ms, "end": end_ms}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return dict(self._get(f"completeness/{_path(unit)}?{query}"))

    def status(self) -> list[dict[str, Any]]:
        """Each vehicle's return status, with the rules behind it."""
        return list(self._get("status"))

    def impacts(self, *, every: bool = False) -> list[dict[str, Any]]:
        """The 100 gravest and the 100 newest, or every one."""
        return list(self._get(f"impacts?all={int(every)}"))

    def leaks(self) -> list[dict[str, Any]]:
        """Each with its rate and the time that is left."""
        return list(self._get("leaks"))

    def findings(self, *, every: bool = False) -> list[dict[str, Any]]:
        """The newest 100 that are more than strikes and the newest 100 of all, or every one."""
        return list(self._get(f"findings?all={int(every)}"))

    def report(self) -> dict[str, Any]:
        """What `panewatch report --json` prints."""
        return dict(self._get("report"))

    def inspect(
        self,
        unit: str,
        pane: str,
        result: str,
        author: str,
        *,
        length_mm: float = 0.0,
        through: bool = True,
        note: str = "",
    ) -> dict[str, Any]:
        """Someone has looked at a pane (outer, middle, inner): it is `clear`, or has a `crack`.

        A crack has a length and goes through the pane, unless it is known not to.
        """
        vehicle, _, window = unit.partition("/")
        body = {"author": author, "vehicle": vehicle, "unit": window, "pane": pane}
        more = {"result": result, "length_mm": length_mm, "through": through, "note": note}
        return dict(self._post("inspections", body | more))

    def shelve(self, alarm: int, author: str, reason: str, for_s: float) -> dict[str, Any]:
        """Put an alarm aside for so long, a day at most; 0 s brings it back."""
        body = {"author": author, "reason": reason, "for_s": for_s}
        return dict(self._post(f"alarms/{alarm}/shelve", body))

    def alarms(self, *, every: bool = False) -> list[dict[str, Any]]:
        """The 500 most urgent that are open, first the first, and the newest that are over.

        Or every one, in the order in which they rose. `counts` tells how many there are.
        """
        return list(self._get(f"alarms?all={int(every)}"))

    def evidence(self, alarm: int, at: str = "now") -> bytes:
        """The bundle of an alarm as it is `now`, or as it was when it `raised` (docs/evidence.md).

        It may take the station minutes.
        """
        return self._fetch(f"evidence/{alarm}?at={quote(at, safe='')}", None, EVIDENCE_S)

    def counts(self) -> dict[str, Any]:
        """How many alarms, impacts and findings there are, and whether alarms flood."""
        return dict(self._get("counts"))

    def acknowledge(self, alarm: int, author: str, comment: str = "") -> dict[str, Any]:
        """Someone has seen it."""
        body = {"author": author, "comment": comment}
        return dict(self._post(f"alarms/{alarm}/acknowledge", body))

    def acknowledge_seen(
        self, alarms: list[dict[str, Any]], author: str, comment: str = ""
    ) -> dict[str, Any]:
        """Acknowledge alarms as `alarms()` gave them: `{"acknowledged", "left"}`.

        One that is graver by now, or does not wait any more, is left, with the reason.
        """
        seen = [{"alarm": a["id"], "severity": a["severity"]} for a in alarms]
        body = {"author": author, "comment": comment, "alarms": seen}
        return dict(self._post("alarms/acknowledge", body))

    def dictionary(self) -> dict[str, Any]:
        """Telemetry and commands as declared."""
        return dict(self._get("dictionary"))

    def commands(self, limit: int = 200) -> list[dict[str, Any]]:
        """What people commanded, newest first."""
        return list(self._get(f"commands?limit={limit}"))

    def command(self, number: int) -> dict[str, Any]:
        """One command with its stages."""
        return dict(self._get(f"commands/{number}"))

    def send(
        self,
        unit: str,
        command: str,
        arguments: Mapping[str, Any],
        author: str,
        expires_s: float = 600.0,
        request_id: str = "",
    ) -> dict[str, Any]:
        """Ask for a command; a hazardous one then waits for `confirm`.

        The same `request_id` again (after an answer that was lost, say) gives the same command.
        """
        vehicle, _, window = unit.partition("/")
        body = {"author": author, "vehicle": vehicle, "unit": window, "command": command}
        more = {"arguments": arguments, "expires_s": expires_s, "request_id": request_id}
        return dict(self._post("commands", body | more))

    def confirm(self, number: int, author: str, unit: str = "") -> dict[str, Any]:
        """Confirm a hazardous command; your own by typing its unit."""
        return dict(self._post(f"commands/{number}/confirm", {"author": author, "unit": unit}))

    def cancel(self, number: int, author: str) -> dict[str, Any]:
        """Take back a command that was not sent."""
        return dict(self._post(f"commands/{number}/cancel", {"author": author}))

    def live(self) -> Iterator[dict[str, Any]]:
        """The live feed without end: after a break it goes on with what was missed.

        Where the station cannot tell what was missed, `{"type": "resumed", "whole": false}` comes
        and then everything as it is now. Raises ClientError when the station refuses.
        """
        attempt = 0
        while True:
            try:
                for message in self._messages():
                    attempt = 0
                    yield message
            except InvalidStatus as error:
                status = error.response.status_code
                if status < 500:
                    raise ClientError(f"the live feed is refused ({status})", status) from None
            except ssl.SSLCertVerificationError as error:
                raise self._untrusted(error) from None
            except (OSError, WebSocketException):
                pass
            time.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            attempt += 1

    def _messages(self) -> Iterator[dict[str, Any]]:
        """Those of one connection, to its end."""
        after = "" if self.cursor is None else f"?after={self.cursor}"
        address = f"ws{self.address.removeprefix('http')}/api/live{after}"
        with connect(
            address,
            additional_headers=self._headers,
            open_timeout=self._timeout_s,
            max_size=MESSAGE_MAX,
            ssl=self._context,
        ) as socket:
            try:
                for text in socket:
                    message = json.loads(text)
                    if message["type"] != "resumed":
                        self.cursor = message["cursor"]
                    yield message
            except ConnectionClosed:
                return

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> ClientError:
        return ClientError(
            f"{self.address} shows a certificate that is not trusted here "
            f"({error.verify_message}); name the one behind it: --ca FILE, or the client's context"
        )

    def _get(self, path: str) -> Any:
        return self._ask(path, None)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask(path, json.dumps(body).encode())

    def _ask(self, path: str, body: bytes | None) -> Any:
        text = self._fetch(path, body, self._timeout_s)
        try:
            return json.loads(text)
        except ValueError as error:
            raise ClientError(f"{self.address} does not answer ({error})") from None

    def _fetch(self, path: str, body: bytes | None, timeout_s: float) -> bytes:
        headers = self._headers | {"Content-Type": "application/json"}
        request = Request(f"{self.address}/api/{path}", body, headers)  # noqa: S310 (http only)
        try:
            with urlopen(  # noqa: S310
                request, timeout=timeout_s, context=self._context
            ) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            with error:
                raise ClientError(_words(error), error.code) from None
        except (URLError, OSError, HTTPException, ValueError) as error:
            why = getattr(error, "reason", error)
            if isinstance(why, ssl.SSLCertVerificationError):
                raise self._untrusted(why) from None
            raise ClientError(f"{self.address} does not answer ({why})") from None


def _path(unit: str) -> str:
    return "/".join(quote(part, safe="") for part in unit.partition("/")[::2])


def _words(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {error.code}"
