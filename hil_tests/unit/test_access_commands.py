"""`panewatch user`, `token` and `tls`, and `ground` for those whom they let in."""

from __future__ import annotations

import json
import ssl
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.access.users import Users
from hil_tests.support.process import ROOT, Program, panewatch
from tools.cli.main import main
from tools.sim.runtime import environment

PASSWORD = "a password of one's own"
LINK = ("--link", "socket://127.0.0.1:1")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Commands run in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def give(*args: str, words: str = "") -> subprocess.CompletedProcess[str]:
    """A command with something at its standard input."""
    return subprocess.run(
        panewatch(*args), input=words, env=environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def add(name: str, role: str) -> None:
    done = give("user", "add", name, "--role", role, "--stdin", words=PASSWORD + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{name} may sign in from now on, as {role}, with this password\n"


@contextmanager
def ground(folder: Path, *args: str) -> Iterator[tuple[Program, str]]:
    """A station as a process and its address."""
    command = ["ground", *LINK, "--archive", "a.sqlite", *args]
    started = Program(panewatch(*command), folder / "output.log", folder)
    try:
        yield started, started.wait_for(r"^Console: (\S+)/$")[1]
    finally:
        started.close()


def said(capsys, *args: str) -> tuple[int, str]:
    """Exit code and the one line of a refusal."""
    try:
        code = main(args)
    except SystemExit as ended:
        code = int(ended.code)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


def test_a_role_that_this_version_does_not_know_is_one_line(folder, capsys):
    with closing(AccessStore(folder / "a.sqlite")) as store:
        Users(store).add("ada", Role.ADMIN, PASSWORD, 1, "test")
        Users(store).add("olga", Role.VIEWER, PASSWORD, 1, "test")
        store.change("UPDATE users SET role = 99 WHERE name = 'olga'")
    for more in ((), ("--json",)):
        code, words = said(capsys, "user", "list", "--access", "a.sqlite", *more)
        assert code == 1
        assert "role 99, which this version does not know" in words
    assert main(["user", "role", "olga", "viewer", "--access", "a.sqlite"]) == 0
    assert main(["user", "list", "--access", "a.sqlite"]) == 0


def test_users_from_first_to_last(capsys):
    add("ada", "admin")
    add("olga", "operator")
    assert main(["user", "role", "olga", "viewer"]) == 0
    assert capsys.readouterr().out == "olga is viewer at once, with every session and token\n"
    done = give("user", "passwd", "olga", "--stdin", words="another password\n")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert done.stdout.startswith("olga has another password")
    assert main(["user", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(u["name"], u["role"]) for u in listed] == [("ada", "admin"), ("olga", "viewer")]
    assert main(["user", "remove", "olga"]) == 0
    assert capsys.readouterr().out.startswith("olga may sign in no longer")
    assert main(["user", "list"]) == 0
    assert capsys.readouterr().out.split()[:2] == ["ada", "admin"]
    assert main(["user", "log", "--json"]) == 0
    log = json.loads(capsys.readouterr().out)
    assert [(e["author"], e["what"]) for e in log] == [
        ("command line", "removed user olga"),
        ("command line", "changed the password of olga"),
        ("command line", "made olga viewer"),
        ("command line", "added user olga, operator"),
        ("command line", "added user ada, admin"),
    ]


@pytest.mark.parametrize(("args", "words"), [
    (["user", "remove", "ada"], "ada is the only admin"),
    (["user", "role", "ada", "viewer"], "ada is the only admin"),
    (["user", "role", "ada", "king"], "invalid choice: 'king'"),
    (["user", "role", "olga", "viewer"], "there is no user olga; known: ada"),
    (["user", "add", "Ada"], "'Ada' is no name"),
    (["user", "add", "olga"], "no terminal to ask for the password at: give it with --stdin"),
    (["user", "remove"], "arguments are required: NAME"),
    (["user", "list", "--access", "none.sqlite"], "none.sqlite: no such file"),
    (["token", "new", "x", "--user", "olga"], "there is no user olga"),
    (["token", "new", "X", "--user", "ada"], "'X' is no name"),
    (["token", "new", "x", "--user", "ada", "--days", "0"], "0 is no number of days"),
    (["token", "revoke", "x", "--user", "ada"], "ada has no token x"),
    (["tls", "new", "ä b"], "'ä b' is no host name or address"),
    (["tls", "new", "good", "bad name"], "'bad name' is no host name or address"),
    (["tls", "new", "bad-.example"], "'bad-.example' is no host name or address"),
    (["tls", "new", "a" * 64], "is no host name or address"),
    (["key", "new", "../x"], "../x is no unit: vehicle and window have up to 16 of a-z"),
    (["key", "new", "Sz20/w1"], "Sz20/w1 is no unit"),
])  # fmt: skip
def test_what_cannot_be_is_one_line(args, words, capsys):
    Path(".panewatch").mkdir()
    with closing(AccessStore(Path(".panewatch/access.sqlite"))) as store:
        Users(store).add("ada", Role.ADMIN, PASSWORD, 1, "test")
    code, line = said(capsys, *args)
    assert code == 2
    assert words in line
    assert {p.name for p in Path(".panewatch").iterdir()} == {"access.sqlite"}, "nothing is made"


@pytest.mark.parametrize("password", ["", "short", "x" * 300])
def test_a_password_that_will_not_do(password):
    done = give("user", "add", "ada", "--role", "admin", "--stdin", words=password)
    assert (done.returncode, done.stderr) == (
        2, "panewatch: a password has 12 to 256 characters\n",
    )  # fmt: skip


@pytest.mark.parametrize(("args", "words"), [
    (["--host", "0.0.0.0"], "beyond this computer only with --tls-cert and --tls-key"),
    (["--host", "192.0.2.1"], "`panewatch tls new` makes them), or else --insecure-http"),
    (["--host", "station"], "is no address of this computer; names go to --name"),
    (["--host", "::", "--insecure-http"], "by which name do clients call it? say --name NAME"),
    (["--host", "192.0.2.1", "--insecure-http"], "192.0.2.1 is no address of this computer"),
    (["--tls-cert", "x.pem"], "--tls-cert and --tls-key go together"),
    (["--tls-cert", "x.pem", "--tls-key", "x.key"], "x.pem: No such file or directory"),
    (["--tls-cert", "bad.pem", "--tls-key", "bad.pem"], "bad.pem: is no PEM certificate"),
])  # fmt: skip
def test_a_site_that_would_not_be_safe(args, words, capsys):
    Path("bad.pem").write_text("nonsense")
    code, line = said(capsys, "ground", *LINK, *args)
    assert (code, words in line) == (2, True), line
    assert not list(Path(".panewatch/runs").glob("*"))


def test_a_certificate_without_its_key(capsys):
    assert main(["tls", "new", "localhost"]) == 0
    assert main(["tls", "new", "localhost", "--out", "other"]) == 0
    capsys.readouterr()
    files = ["--tls-cert", ".panewatch/tls/server.pem", "--tls-key", "other/server.key"]
    code, line = said(capsys, "ground", *LINK, *files)
    assert code == 2
    assert "unusable together" in line


def test_over_tls_from_beyond_with_our_own_authority(folder, capsys):
    """Every client that trusts the authority, and no other, gets in, also after a renewal."""
    assert main(["tls", "new", "localhost", "127.0.0.1"]) == 0
    tls = folder / ".panewatch/tls"
    assert "--tls-cert .panewatch/tls/server.pem" in capsys.readouterr().out
    for secret in (tls / "ca.key", tls / "server.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    authority, before = (tls / "ca.pem").read_bytes(), (tls / "server.pem").read_bytes()
    assert main(["tls", "new", "localhost", "127.0.0.1"]) == 0
    assert (tls / "ca.pem").read_bytes() == authority
    assert (tls / "server.pem").read_bytes() != before
    add("ada", "admin")
    files = ("--tls-cert", str(tls / "server.pem"), "--tls-key", str(tls / "server.key"))
    with ground(folder, "--host", "0.0.0.0", *files) as (program, url):
        assert url.startswith("https://localhost:")
        assert "First start" not in program.output
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{url}/api/health")
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url.replace('https', 'http')}/api/health")
        trusting = ssl.create_default_context(cafile=str(tls / "ca.pem"))
        with httpx.Client(base_url=url, verify=trusting) as client:
            assert client.get("/api/health").status_code == 401
            given = {"user": "ada", "password": PASSWORD}
            answer = client.post("/api/session", json=given)
            assert "; Secure" in answer.headers["set-cookie"]
            assert client.get("/api/health").status_code == 200
            client.cookies.clear()
            token = give("token", "new", "watch", "--user", "ada").stdout.strip()
            bearer = {"Authorization": f"Bearer {token}"}
            assert client.get("/api/units", headers=bearer).status_code == 200
            context = {"author": "x", "vehicle": "x", "context": "docked"}
            answer = client.post("/api/contexts", headers=bearer, json=context)
            assert answer.status_code == 403  # the token may look only
            assert give("token", "revoke", "watch", "--user", "ada").returncode == 0
            assert client.get("/api/units", headers=bearer).status_code == 401
    assert "Traceback" not in program.output


def test_no_secret_goes_anywhere(folder):
    """After a first start, a sign-in, an action and a refusal no file or output holds a secret."""
    with ground(folder) as (program, url), httpx.Client(base_url=url) as client:
        admin = program.wait_for(r"First start: sign in as admin, password (\S+)")[1]
        answer = client.post("/api/session", json={"user": "admin", "password": admin})
        csrf = answer.json()["csrf"]
        session = next(iter(client.cookies.values()))
        act = {"reason": "tried", "limits": {}, "author": "someone else"}
        assert client.post("/api/limits", json=act).status_code == 403
        headers = {"X-Panewatch-CSRF": csrf}
        assert client.post("/api/limits", json=act, headers=headers).status_code == 200
        token = give("token", "new", "x", "--user", "admin", "--role", "admin").stdout.strip()
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.post("/api/limits", json=act, headers=bearer).status_code == 200
        wrong = "a password that is wrong"
        refused = {"user": "admin", "password": wrong}
        assert client.post("/api/session", json=refused).status_code == 401
        journal = client.get("/api/journal", headers=bearer).text
        authors = [e["author"] for e in json.loads(journal) if e["kind"] == "limits"]
        assert authors == ["admin (token x)", "admin"]
        report = client.get("/api/report", headers=bearer).text
        log = client.get("/api/access/log", headers=bearer).text
        token_here = json.loads(Path(".panewatch/station.json").read_text())["token"]
    with ground(folder) as (again, _):  # a second start has no password to tell
        again.wait_for("nobody listens there")
    assert "First start" not in again.output
    exported = give("report", "a.sqlite", "--json").stdout
    output = (program.output + again.output).replace(f"as admin, password {admin}", "")
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "output.log"]
    assert {p.name for p in files} >= {"a.sqlite", "access.sqlite"}
    kept = b"".join(p.read_bytes() for p in files)
    for secret in (admin, session, csrf, token, token_here, wrong):
        assert secret not in output + exported + journal + report + log
        assert secret.encode() not in kept
    archive = b"".join(p.read_bytes() for p in files if p.name.startswith("a.sqlite"))
    assert b"argon2" in kept
    assert b"argon2" not in archive


def test_the_command_line_acts_where_it_stands(folder, capsys):
    """In the station's folder it needs no token; elsewhere it does."""
    with ground(folder) as (_, url):
        station = folder / ".panewatch/station.json"
        assert stat.S_IMODE(station.stat().st_mode) == 0o600
        assert said(capsys, "command", "cancel", "1")[1].endswith("There is no command 1.")
        station.rename("elsewhere")
        code, line = said(capsys, "command", "cancel", "1", "--station", url)
        assert (code, "Sign in first, or send an API token" in line) == (1, True)


def test_in_its_folder_the_command_line_knows_its_certificate(folder, capsys):
    """Under an address of this computer, whatever others call it; elsewhere --ca is named."""
    assert main(["tls", "new", "station.example", "127.0.0.1"]) == 0
    tls = ("--tls-cert", ".panewatch/tls/server.pem", "--tls-key", ".panewatch/tls/server.key")
    station = Program(
        panewatch("ground", *LINK, "--archive", "a.sqlite", "--host", "0.0.0.0", *tls),
        folder / "output.log", folder,
    )  # fmt: skip
    try:
        port = station.wait_for(r"^Console: https://station\.example:(\d+)/$")[1]
        capsys.readouterr()
        assert said(capsys, "command", "cancel", "1")[1].endswith("There is no command 1.")
        Path(".panewatch/station.json").rename("elsewhere")
        address = f"https://127.0.0.1:{port}"
        code, line = said(capsys, "command", "cancel", "1", "--station", address)
        assert (code, "not trusted here" in line, "--ca FILE" in line) == (1, True, True)
    finally:
        station.close()


def test_keys_are_listed_under_the_names_that_commands_take(capsys):
    for unit in ("sz20/w1", "a-b/c"):
        assert main(["key", "new", unit]) == 0
        out, err = capsys.readouterr()
        assert out == f".panewatch/keys/{unit.replace('/', '-')}.key\n"
        assert f"the key of {unit}: give the unit the same file" in err
    assert main(["key", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "a-b-c",
        "sz20/w1",
    ]
    assert main(["key", "list", "--json"]) == 0
    two_ways, plain = json.loads(capsys.readouterr().out)
    assert (two_ways["unit"], plain["unit"]) == (None, "sz20/w1")
    assert plain["file"] == ".panewatch/keys/sz20-w1.key" and len(plain["fingerprint"]) == 16
