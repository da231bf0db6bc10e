import os
from pathlib import Path

import pytest
import readahead
from intact import checksum

PIECE = 256 * 1024


def reads(root: Path, lines: str | bytes, threads: int = 1) -> list[tuple[str, int, int]]:
    """What was read: file, start and length, in order."""
    (root / "ahead.files").write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    seen = []

    def read(descriptor: int, buffers: list[memoryview], start: int) -> int:
        length = os.preadv(descriptor, buffers, start)
        seen.append((Path(os.readlink(f"/proc/self/fd/{descriptor}")).name, start, length))
        return length

    for reader in readahead.start(root, "ahead.files", threads, read).readers:
        reader.join(60)
        assert not reader.is_alive()
    return seen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, size in (("library.so", 3 * PIECE), ("model with spaces", 100)):
        (tmp_path / name).write_bytes(bytes(size))
    return tmp_path


def test_ranges_are_read_in_the_order_of_the_list(root: Path) -> None:
    lines = "4096 8192 library.so\n0 100 model with spaces\n0 4096 library.so\n"
    assert reads(root, lines) == [("library.so", 4096, 8192), ("model with spaces", 0, 100), ("library.so", 0, 4096)]


def test_long_ranges_are_shared_among_the_threads(root: Path) -> None:
    seen = reads(root, f"10 {2 * PIECE + 5} library.so\n0 100 model with spaces", threads=4)
    pieces = [("library.so", 10, PIECE), ("library.so", 10 + PIECE, PIECE), ("library.so", 10 + 2 * PIECE, 5)]
    assert sorted(seen) == [*pieces, ("model with spaces", 0, 100)]


def test_a_file_that_is_missing_does_not_keep_the_others_from_being_read(root: Path) -> None:
    assert reads(root, "0 9 gone.so\n9 9 gone.so\n0 100 model with spaces\n") == [("model with spaces", 0, 100)]


@pytest.mark.parametrize(
    "lines", [b"", b"\n", b"library.so", b"0 library.so", b"a b c", b"0 9 \xff\xfe", b"0 9 .", b"-9 9 library.so"]
)
def test_a_damaged_list_is_nobodys_error(root: Path, lines: bytes) -> None:
    assert reads(root, lines) == []


def test_a_list_about_another_file_ends_at_its_end(root: Path) -> None:
    assert reads(root, f"50 {10**18} model with spaces\n") == [
        ("model with spaces", 50, 50),
        ("model with spaces", 50 + PIECE, 0),
    ]


def test_without_a_list_nothing_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        readahead.start(tmp_path, "gone.files", 2)


def test_a_changed_list_has_another_checksum(root: Path) -> None:
    found = set()
    for text in ("0 9 library.so\n0 5 library.so\n", "0 9 library.so\n0 5 lib", "0 9 library.so\n", ""):
        (root / "ahead.files").write_text(text)
        found.add(readahead.start(root, "ahead.files", 1).checksum)
        assert found >= {checksum(root / "ahead.files")}
    assert len(found) == 4
