"""`panewatch broker`: a Mosquitto whose clients may do what they are there for, and no more."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shlex
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from ground.api.site import Certificate
from ground.links.broker_address import PORTS
from ground.model import UnitKey
from tools.broker import clients
from tools.broker.folder import BrokerFolder, State, is_loopback
from tools.cli import options
from tools.cli.errors import InputError
from tools.cli.recorded import fleet_of
from tools.run.folder import unit_of

with suppress(ImportError):  # Windows has no logins of that kind
    import pwd

LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `broker`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    words = "write a complete configuration of Mosquitto; again: add units, change passwords"
    step = steps.add_parser("config", help=words, description=words, allow_abbrev=False)
    step.add_argument("--out", type=Path, default=options.HOME / "broker", metavar="DIR",
        help="(default: .panewatch/broker)")  # fmt: skip
    who = step.add_argument_group("who may connect")
    who.add_argument("--unit", dest="units", action="append", default=[], type=options.unit,
        metavar="VEHICLE/UNIT", help="may be given more than once")  # fmt: skip
    who.add_argument("--keys", type=Path, metavar="DIR", help="units that have a key there")
    who.add_argument("--fleet", metavar="NAME|FILE", help="units of a scenario")
    who.add_argument("--ground", dest="grounds", action="append", default=[], metavar="NAME",
        help=f"user of a ground station; each has its own (default: {clients.GROUND})")  # fmt: skip
    who.add_argument("--rotate", action="append", default=[], metavar="VEHICLE/UNIT|NAME",
        help="another password for one that is there")  # fmt: skip
    who.add_argument("--remove", action="append", default=[], type=options.unit,
        metavar="VEHICLE/UNIT", help="a unit that may no longer connect")  # fmt: skip
    first = step.add_argument_group("where it answers (at the first time, or with --replace)")
    first.add_argument("--host", dest="hosts", action="append", default=[], metavar="NAME",
        help="name or address by which clients call it (default: this computer only)")  # fmt: skip
    first.add_argument(
        "--port", type=options.port, metavar="N", help=f"(default: {PORTS['mqtts']})"
    )
    first.add_argument("--bind", metavar="ADDRESS", help="of this computer; 0.0.0.0: all it has "
        "(default: those of the first --host, this computer only or all)")  # fmt: skip
    first.add_argument("--tls-cert", type=Path, metavar="FILE",
        help="PEM, with its chain (default: one is made, as by `panewatch tls new`)")  # fmt: skip
    first.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM")
    first.add_argument("--tls-ca", type=Path, metavar="FILE",
        help="certificate behind --tls-cert that clients are to trust")  # fmt: skip
    first.add_argument("--user", metavar="LOGIN",
        help="when root starts it, it runs as this one (default: you)")  # fmt: skip
    step.add_argument("--replace", action="store_true",
        help="write all of it anew, all passwords too; its authority stays")  # fmt: skip
    step.add_argument("--json", action="store_true", help="for scripts; no passwords in it")


def execute(args: argparse.Namespace) -> int:
    """Write, and say what goes where."""
    folder = BrokerFolder(args.out)
    units = _units(args)
    for name in args.grounds:
        if not clients.is_ground_name(name):
            raise InputError(f"--ground {name}: write up to 32 of a-z, 0-9, - and _")
    folder.check_ours()
    state = None if args.replace else folder.state()
    begun = state is None
    if state is None:
        state = _begin(folder, args, units)
    elif given := _first_only(args):
        raise InputError(
            f"{folder.config} is written already; {given} only with --replace, which changes all "
            "passwords (or change that file; `panewatch tls new` renews its certificate)"
        )
    state.ground += [name for name in args.grounds if name not in state.ground]
    state.units += [str(unit) for unit in units if str(unit) not in state.units]
    names = [_client(state, name) for name in args.rotate]
    for unit in args.remove:
        folder.forget(state, unit)
    made = folder.write_clients(state, names)
    if begun and args.user:
        folder.give_to(args.user)
    if args.json:
        print(json.dumps(_told(folder, state, made), indent=1))
    else:
        _say(folder, state, made, begun, args)
    return 0


def _begin(folder: BrokerFolder, args: argparse.Namespace, units: list[UnitKey]) -> State:
    _check_user(args.user)
    for name in (*args.rotate, *args.remove):
        raise InputError(f"{name} is not known here; nothing is written yet")
    if not units:
        raise InputError("for which units? --unit VEHICLE/UNIT, --keys DIR or --fleet SCENARIO")
    if (args.tls_cert is None) != (args.tls_key is None):
        raise InputError("--tls-cert and --tls-key go together")
    certificate = Certificate(args.tls_cert, args.tls_key) if args.tls_cert else None
    if certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(args.tls_cert, args.tls_key)
        except OSError as error:  # an SSLError is one
            words = getattr(error, "reason", None) or error.strerror
            raise InputError(f"{args.tls_cert}, {args.tls_key}: {words}") from None
    hosts = args.hosts or ([] if certificate else list(LOOPBACK_NAMES))
    port = PORTS["mqtts"] if args.port is None else args.port
    if not port:
        raise InputError("--port 0: clients must know it; give one from 1 to 65535")
    user = args.user or (getpass.getuser() if os.name == "posix" else "")
    state = folder.begin(hosts, port, args.bind, certificate, args.tls_ca, user)
    state.ground += args.grounds or [clients.GROUND]
    return state


def _check_user(login: str | None) -> None:
    """Who Mosquitto's files are to belong to."""
    if not login:
        return
    if os.name != "posix":
        raise InputError("--user: not on this system")
    try:
        number = pwd.getpwnam(login).pw_uid
    except LookupError:
        raise InputError(f"--user {login}: no such user here") from None
    if os.geteuid() not in (0, number):
        raise InputError(f"--user {login}: only root can give files away; run it as {login}")


def _first_only(args: argparse.Namespace) -> str:
    """The first option that holds for a new configuration only."""
    given = {
        "--host": args.hosts, "--port": args.port, "--bind": args.bind,
        "--tls-cert": args.tls_cert, "--tls-key": args.tls_key, "--tls-ca": args.tls_ca,
        "--user": args.user,
    }  # fmt: skip
    return next((name for name, value in given.items() if value), "")


def _units(args: argparse.Namespace) -> list[UnitKey]:
    found = list(args.units)
    if args.fleet:
        vehicles = fleet_of(args.fleet).vehicles
        found += [UnitKey(v.id, w.id) for v in vehicles for w in v.windows]
    if args.keys:
        if not args.keys.is_dir():
            raise InputError(f"--keys {args.keys}: no such folder")
        for path in sorted(args.keys.glob("*.key")):
            unit = unit_of(path)
            if unit is None:
                raise InputError(f"{path}: whose is it? name the unit with --unit VEHICLE/UNIT")
            found.append(unit)
    for unit in found:
        if not clients.is_unit(unit):
            raise InputError(
                f"{unit} is no unit: vehicle and window have up to 16 of a-z, 0-9, -, _"
            )
    return list(dict.fromkeys(found))


def _client(state: State, name: str) -> str:
    """The user that --rotate means."""
    user = name.replace("/", ".")
    if user not in state.names:
        known = [*state.ground, *state.units]
        raise InputError(f"--rotate {name}: is not known here; known: {', '.join(known)}")
    return user


def _told(folder: BrokerFolder, state: State, made: list[str]) -> dict[str, object]:
    units = {clients.client_name(unit): str(unit) for unit in state.keys}
    return {
        "config": str(folder.config),
        "host": state.host,
        "port": state.port,
        "ca": state.ca or None,
        "clients": [
            {
                "user": name,
                "unit": units.get(name),
                "link": f"mqtts://{name}@{state.host}:{state.port}",
                "password_file": str(clients.password_file(folder.clients, name)),
                "new": name in made,
            }
            for name in state.names
        ],
    }


def _say(
    folder: BrokerFolder, state: State, made: list[str], begun: bool, args: argparse.Namespace
) -> None:
    units = {clients.client_name(unit): str(unit) for unit in state.keys}
    many = "unit" if len(state.units) == 1 else "units"
    print(f"{folder.config}: {len(state.ground)} ground, {len(state.units)} {many}")
    if begun:
        if not args.bind and is_loopback(state.host):
            print(f"its first --host is {state.host}: it answers on this computer only;")
            print("for others name first what they reach it by, or give --bind ADDRESS")
        print("start it:")
        print(f"  mosquitto -c {folder.config}")
    else:
        print("let a broker that runs read it again: kill -HUP its process (or systemctl reload);")
        print("who got another password is cut off by that until it shows the new one")
    if made:
        print("new passwords, one file a client; move each to where its client runs, mode 0600:")
    ca = f" --ca {state.ca}" if state.ca else ""
    for name in made:
        who = _unit_words(args.fleet, units[name]) if name in units else "ground"
        secret = clients.password_file(folder.clients, name)
        print(f"  panewatch {who} --link mqtts://{name}@{state.host}:{state.port}{ca} \\")
        print(f"      --password-file {secret}")


def _unit_words(fleet: str | None, unit: str) -> str:
    """What starts a unit: with the scenario that has it, where that is not the usual one."""

    def has(scenario: str) -> bool:
        vehicles = fleet_of(scenario).vehicles
        return unit in {f"{v.id}/{w.id}" for v in vehicles for w in v.windows}

    if fleet and has(fleet):
        return f"firmware --scenario {shlex.quote(fleet)} --unit {unit}"
    return (
        f"firmware --unit {unit}"
        if has(options.UNIT_SCENARIO)
        else f"firmware --scenario FILE --unit {unit}"
    )
