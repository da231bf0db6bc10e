"""Files that a command writes at its end: whole, private, and known beforehand to be possible."""

import os
import resource
from pathlib import Path

import pytest

from wildrydes_ml.errors import SettingsError
from wildrydes_ml.writing import refuse_unwritable, write_whole


def test_a_file_with_keys_is_private_even_where_another_one_was_not(tmp_path: Path) -> None:
    path = tmp_path / "room.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_whole(path, "new", is_private=True)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert os.listdir(tmp_path) == ["room.csv"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "room.csv"
    path.write_text("old")
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard := resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: '.*room\.csv'"):
            write_whole(path, "new and longer")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["room.csv"])


def test_a_link_stays_a_link_and_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    link, file, pipe = tmp_path / "link", tmp_path / "file", tmp_path / "pipe"
    link.symlink_to(file)
    write_whole(link, "new")
    assert (link.is_symlink(), file.read_text()) == (True, "new")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "a line\n")
        assert os.read(reader, 100) == b"a line\n"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


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
