"""Files that a command writes at its end: private, whole, and known beforehand to be possible."""

import os
from pathlib import Path

import pytest

from wildrydes_ml.cli.writing import refuse_unwritable, write_private
from wildrydes_ml.errors import SettingsError


def test_a_file_with_keys_is_private_even_where_another_one_was_not(tmp_path: Path) -> None:
    path = tmp_path / "room.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert os.listdir(tmp_path) == ["room.csv"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "room.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "\udcff")
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["room.csv"])


def test_a_directory_that_is_made_later_needs_one_above_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refuse_unwritable(tmp_path / "a" / "b", is_made=True)
    refuse_unwritable(Path("a"), is_made=True)
    for place, is_made in ((tmp_path / "a", False), (tmp_path / "file" / "a", True)):
        with pytest.raises(SettingsError, match="there is no such directory; name another place with --out"):
            refuse_unwritable(place, is_made=is_made)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_only_be_read_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(SettingsError, match="you may not write in this directory"):
        refuse_unwritable(tmp_path / "a", is_made=True)
