"""Every kept recording (`panewatch regression`) still amounts to what it did."""

import pytest

from tools.regression.recording import RECORDINGS, Recording

KEPT = [Recording(folder) for folder in sorted(RECORDINGS.iterdir()) if folder.is_dir()]


def names(recordings: list[Recording]) -> list[str]:
    return [recording.folder.name for recording in recordings]


@pytest.mark.parametrize("recording", KEPT, ids=names(KEPT))
def test_decoder_and_ground(recording: Recording) -> None:
    assert recording.again() == []


PLAYED = [recording for recording in KEPT if recording.has_scenario]


@pytest.mark.parametrize("recording", PLAYED, ids=names(PLAYED))
def test_firmware(recording: Recording) -> None:
    assert recording.firmware_again() == []
