"""What goes out of a board's sources before they are compiled: private names, unused functions."""

from tools.board.names import shorten
from tools.board.unused import without_unused


def run(sources: dict[str, str], name: str) -> dict:
    """The names that a source makes when it is run by itself."""
    space: dict = {}
    exec(sources[name], space)
    return space


def test_private_names_become_short_and_modules_share_them():
    made = shorten({"a": "_limit = 3\n\ndef low(x):\n    return x < _limit\n", "b": "_other = 4\n"})
    assert made == {"a": "_a = 3\n\ndef low(x):\n    return x < _a\n", "b": "_a = 4\n"}
    assert run(made, "a")["low"](2)


def test_a_name_stays_that_two_modules_or_a_string_have():
    text = (
        "class A:\n    def _on_it(self): return 1\n    def _seen(self): return 2\n"
        "    def _go(self, what): return getattr(self, '_on_' + what)()\n"
    )
    made = shorten({"a": text, "b": "def peep(a):\n    return a._seen()\n"})
    assert "_on_it" in made["a"]
    assert "_seen" in made["a"]
    assert "_go" not in made["a"]
    assert run(made, "b")["peep"](run(made, "a")["A"]()) == 2


def test_names_in_f_strings_and_of_imported_modules_stay():
    text = "import chumicro._wire\n_level = 1\n_told = f'{_level}'\n"
    assert shorten({"a": text})["a"] == text.replace("_told", "_a")


def test_a_name_of_a_class_and_of_its_base_never_become_one(tmp_path, monkeypatch):
    sources = {
        "base_of": "class Base:\n    def __init__(self): self._first = 1\n"
        "    def first(self): return self._first\n",
        "made_of": "from base_of import Base\n\nclass Made(Base):\n"
        "    def set(self): self._second = 2\n",
    }
    for name, text in shorten(sources).items():
        assert "_first" not in text
        assert "_second" not in text
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    from made_of import Made

    made = Made()
    made.set()
    assert made.first() == 1


def test_lines_stay_where_they_are():
    text = "_one = 1\n\n\ndef f():\n    raise ValueError(_one)\n"
    assert shorten({"a": text})["a"].count("\n") == text.count("\n")


PACKAGE = """class Client:
    @property
    def used(self):
        return self._helper()

    def _helper(self):
        return 1

    def unused(self):
        return self._only_by_unused()

    def _only_by_unused(self):
        return self._only_by_unused()

    def by_string(self):
        return 2

    def __len__(self):
        return 3
"""


def test_functions_that_nobody_names_go_and_those_that_only_they_named():
    users = ["client.used\ngetattr(client, 'by_string')\n"]
    made = without_unused({"client": PACKAGE}, users)
    client = run(made, "client")["Client"]
    assert {name for name in vars(client) if not name.startswith("__")} == {
        "used", "_helper", "by_string",
    }  # fmt: skip
    assert client().used == 1
    assert len(client()) == 3
    assert made["client"].count("\n") == PACKAGE.count("\n")
