"""`panewatch bench detector` runs, and machine code is worth having."""

import json

import pytest

from tools.cli.main import main

pytestmark = pytest.mark.micropython


def test_viper_is_five_times_as_fast(capsys):
    assert main(["bench", "detector", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    figures = made["figures"]
    assert set(made["peers"]) == {"numpy", "vallenae"}
    assert figures["viper_samples_per_s"] >= 5 * figures["bytecode_samples_per_s"]


def test_alone_it_lists_and_an_unknown_one_is_refused(capsys):
    assert main(["bench"]) == 0
    assert "detector" in capsys.readouterr().out
    assert main(["bench", "nothing"]) == 2
    assert "no benchmark 'nothing'" in capsys.readouterr().err
