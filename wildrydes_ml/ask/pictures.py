"""Which pictures a command line names, and which of them the API accepts."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import WildrydesError
from . import scaling
from .scaling import MAX_POSTED_BYTES

_SIGNATURE_BYTES = 12
_TAKEN = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
# Told by name, so that it is clear what to convert.
_NOT_TAKEN = (
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "AVIF"),
    (re.compile(rb"....ftyp(?:hei|hev|mif1|msf1)", re.DOTALL), "HEIC"),
    (re.compile(rb"BM....\0\0\0\0", re.DOTALL), "BMP"),
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF"),
)
_EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff")


def is_url(picture: str) -> bool:
    """Whether it is a URL, which the function fetches."""
    return picture.casefold().startswith(("http://", "https://"))


def find(arguments: Sequence[str]) -> list[str]:
    """Files and URLs unchanged; for each folder its pictures, sorted, or the folder itself if it has none.

    A folder is searched with its subfolders, without hidden files. A file counts as a picture by its extension or its
    content. A subfolder that cannot be listed is part of the result, so that `read` reports why.
    """
    return [picture for argument in arguments for picture in _expand(argument)]


def read(picture: str) -> tuple[bytes, str]:
    """What is posted for a file, and its content type: the file, or a smaller JPEG if it is large, as on the page.

    Raises WildrydesError for one that cannot be read or posted.
    """
    try:
        with open(picture, "rb") as file:
            body = file.read(MAX_POSTED_BYTES + 1)
    except IsADirectoryError:
        raise _fault(picture, _why_empty(picture)) from None
    except OSError as error:
        why = "only http and https URLs can be fetched" if "://" in picture else error.strerror or str(error)
        raise _fault(picture, why) from error
    content_type = _content_type(body)
    if not content_type:
        raise _fault(picture, _why_not_taken(body))
    return _scaled(picture, len(body) > MAX_POSTED_BYTES) or (body, content_type)


def why_not(path: str) -> str:
    """Why a file is no picture that the function takes; empty when it is one, whatever its size."""
    try:
        with open(path, "rb") as file:
            start = file.read(_SIGNATURE_BYTES)
    except OSError as error:
        return error.strerror or str(error)
    return "" if _content_type(start) else _why_not_taken(start)


def _scaled(picture: str, is_too_large: bool) -> tuple[bytes, str] | None:
    """A smaller picture and its content type; None for one that is posted as it is."""
    path = Path(picture)
    if not scaling.can():
        if not is_too_large:
            return None
        limit = f"more than the {MAX_POSTED_BYTES / 1e6} MB that can be posted"
        raise _fault(
            picture, f"{limit}: make it smaller, or run pip install 'wildrydes_ml[draw]', with which classify does it"
        )
    if not is_too_large and scaling.side(path) <= scaling.MAX_SIDE:
        return None
    try:
        return scaling.smaller(path), "image/jpeg"
    except WildrydesError as error:
        raise _fault(picture, str(error)) from error


def _expand(argument: str) -> list[str]:
    if is_url(argument) or not os.path.isdir(argument):
        return [argument]
    return list(_within(argument)) or [argument]


def _within(folder: str) -> Iterator[str]:
    unreadable: list[str] = []
    for directory, folders, names in os.walk(folder, onerror=lambda error: unreadable.append(error.filename)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = (os.path.join(directory, name) for name in sorted(names) if not name.startswith("."))
        yield from filter(_looks_like_a_picture, shown)
    yield from unreadable


def _looks_like_a_picture(path: str) -> bool:
    if not os.path.isfile(path):  # opening a pipe would wait for its writer
        return False
    if path.casefold().endswith(_EXTENSIONS):
        return True
    try:
        with open(path, "rb") as file:
            return bool(_content_type(file.read(_SIGNATURE_BYTES)))
    except OSError:
        return False


def _content_type(body: bytes) -> str:
    return next((content_type for signature, content_type in _TAKEN if signature.match(body)), "")


def _why_not_taken(body: bytes) -> str:
    for signature, name in _NOT_TAKEN:
        if signature.match(body):
            return f"{name} is not supported: convert it to JPEG, PNG, WebP or GIF"
    return "not a JPEG, PNG, WebP or GIF picture"


def _why_empty(folder: str) -> str:
    try:
        os.listdir(folder)
    except OSError as error:
        return error.strerror or str(error)
    return "no JPEG, PNG, WebP or GIF picture in this folder"


def _fault(picture: str, why: str) -> WildrydesError:
    return WildrydesError(f"{picture}: {why}")
