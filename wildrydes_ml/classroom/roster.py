"""Who is in a class: read from a CSV file or counted, checked as a whole before anything is made.

A student's id becomes part of the names of a stack and a function, so it is short and plain. It depends on the
student's own row alone: another order, or one student more, leaves the others as they are.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import SettingsError

MOST = 200
"""The students of a class at most. At AWS's rates, the deletion of so many APIs takes 100 minutes."""
LONGEST_NAME = 31
"""The longest name of a deployment, `naming.NAME`: a student's is CLASS-ID."""
_SHORTEST_ROOM = len("student-200")
_ID = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_DELIMITERS = ",;\t"
_LONGEST_SHOWN = 40


@dataclass(frozen=True)
class Student:
    """A student: the id in AWS's names, and the name on the cards."""

    id: str
    name: str


@dataclass(frozen=True)
class _Row:
    """A line of the file: its number, its cells by the names of the columns, and whether it has more than these."""

    line: int
    cells: Mapping[str, str]
    is_longer: bool

    def cell(self, column: str) -> str:
        return " ".join(self.cells.get(column, "").split())


def room(class_name: str) -> int:
    """How many characters an id may have in a class of that name."""
    return LONGEST_NAME - len(class_name) - 1


def counted(count: int, class_name: str) -> tuple[Student, ...]:
    """`student-01`, `student-02` and so on. Raises SettingsError for a count that is not 1 to MOST."""
    if not 1 <= count <= MOST:
        raise SettingsError([f"--count {count}: use a number from 1 to {MOST}"])
    if room(class_name) < _SHORTEST_ROOM:
        raise SettingsError([_too_long(class_name)])
    return tuple(Student(f"student-{number:02}", f"Student {number}") for number in range(1, count + 1))


def read(content: bytes, class_name: str, file: str = "the list") -> tuple[Student, ...]:
    """The students of a CSV file. Its first line names the columns: `name`, `id`, or both; others are ignored.

    Commas, semicolons or tabs separate the columns. Without an id, the name gives it. `file` is what messages call it.
    Raises SettingsError with every fault of the file.
    """
    if room(class_name) < _SHORTEST_ROOM:
        raise SettingsError([_too_long(class_name)])
    columns, rows = _table(content, file)
    if not {"name", "id"} & set(columns):
        told = ", ".join(repr(one) for one in columns) or "nothing"
        raise SettingsError([f"{file}, line 1: name the columns there: name, id, or both. It has {told}"])
    if twice := [one for one in ("name", "id") if columns.count(one) > 1]:
        raise SettingsError([f"{file}, line 1: several columns are called {' and '.join(twice)}; leave one of each"])
    students = [(row, _student(row, class_name)) for row in rows]
    faults = [f"{file}, line {row.line}: {fault}" for row, one in students for fault in _faults(row, one, class_name)]
    faults += _twice(students, file)
    faults += [f"{file}: it has no students"] if not rows else []
    faults += [f"{file}: it has {len(rows)} students; a class has at most {MOST}"] if len(rows) > MOST else []
    if faults:
        raise SettingsError(faults)
    return tuple(one for _, one in students)


def only(students: Sequence[Student], ids: Sequence[str]) -> tuple[Student, ...]:
    """Those with the ids, all without any. Raises SettingsError for ids that nobody has."""
    if unknown := strangers(students, ids):
        raise SettingsError([nobody(students, id) for id in unknown])
    return tuple(one for one in students if not ids or one.id in ids)


def strangers(students: Sequence[Student], ids: Sequence[str]) -> list[str]:
    """The ids that none of the students has, each once."""
    known = {one.id for one in students}
    return [id for id in dict.fromkeys(ids) if id not in known]


def nobody(students: Sequence[Student], id: str) -> str:
    """That none of the students has the id, in words."""
    there = f"there are {_some([one.id for one in students])}" if students else "it has no students"
    return f"--only {id}: nobody in the class has this id; {there}"


def is_id(text: str, class_name: str) -> bool:
    """Whether a student of the class may have this id."""
    return bool(_ID.fullmatch(text)) and len(text) <= room(class_name)


def id_of(name: str, most: int) -> str:
    """The id that a name gives, of at most so many characters; empty when no letter of it can be used.

    A name that is too long keeps its first word and the initials of the others: `Anna Maria Müller` → `anna-m-m`.
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    whole = "-".join(words)
    if len(whole) <= most:
        return whole
    return "-".join([words[0], *(word[0] for word in words[1:])])[:most].rstrip("-")


def _table(content: bytes, file: str) -> tuple[list[str], list[_Row]]:
    """The names of the columns, and the lines that are not empty."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingsError([f"{file}, line {line}: this is not UTF-8; save the file as CSV with UTF-8"]) from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count), strict=True)
    try:
        columns = [cell.strip().lower() for cell in next(reader, [])]
        rows = [_row(reader.line_num, columns, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise SettingsError([f"{file}, line {reader.line_num}: this is not CSV ({error})"]) from error
    return columns, rows


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> _Row:
    return _Row(line, dict(zip(columns, cells, strict=False)), any(cells[len(columns) :]))


def _student(row: _Row, class_name: str) -> Student:
    id, name = row.cell("id"), row.cell("name")
    return Student(id or id_of(name, room(class_name)), name or id)


def _faults(row: _Row, student: Student, class_name: str) -> Iterator[str]:
    given, most = row.cell("id"), room(class_name)
    if row.is_longer:
        yield "it has more cells than line 1 has columns; put a text with a comma in double quotes"
    elif not student.name:
        yield "it has neither a name nor an id"
    elif not student.id:
        yield f"no id can be made of the name {_shown(student.name)}; give an id in a column id, such as s17"
    elif given and not _ID.fullmatch(given):
        yield f"id {_shown(given)}: use lower-case letters a to z, digits and dashes, no dash first or last"
    elif given and len(given) > most:
        yield f"id {_shown(given)}: it has {len(given)} characters; with --name {class_name} it may have {most}"


def _twice(students: Sequence[tuple[_Row, Student]], file: str) -> list[str]:
    """Ids that several lines have."""
    lines: dict[str, list[int]] = {}
    for row, student in students:
        lines.setdefault(student.id, []).append(row.line)
    return [
        f"{file}, lines {', '.join(map(str, found))}: they have the same id {id}; give each its own in a column id"
        for id, found in lines.items()
        if id and len(found) > 1
    ]


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")


def _too_long(class_name: str) -> str:
    most = LONGEST_NAME - 1 - _SHORTEST_ROOM
    return (
        f"--name {class_name}: the name of a class may have at most {most} characters, so that ids have room behind it"
    )
