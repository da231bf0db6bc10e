"""Who is in a class: names become ids, and every fault of a file is told at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildrydes_ml.classroom.roster import MOST, Student, counted, id_of, only, read, room
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.naming import NAME

ROOM = "room"


def faults(text: str | bytes, name: str = ROOM) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        read(text if isinstance(text, bytes) else text.encode(), name, "s.csv")
    return refused.value.faults


def ids(text: str, name: str = ROOM) -> list[str]:
    return [one.id for one in read(text.encode(), name)]


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Anna", "anna"),
        ("Anna Müller", "anna-muller"),
        ("  Anna   Maria  Müller ", "anna-m-m"),
        ("Sean O'Hara", "sean-ohara"),
        ("Straße", "strasse"),
        ("Maximilian Schwarzenegger", "maximilian-s"),
        ("Wolfeschlegelsteinhausen", "wolfeschlege"),
        ("R2D2", "r2d2"),
        ("3rd", "3rd"),
        ("<script>alert(1)</script>", "script-a-1-s"),
        ("王小明", ""),
        ("🦄", ""),
        ("--", ""),
    ],
)
def test_a_name_gives_an_id(name: str, id: str) -> None:
    assert id_of(name, 12) == id


@given(st.text(max_size=60), st.integers(11, 28))
def test_whatever_the_name_the_id_fits_into_the_name_of_a_deployment(name: str, most: int) -> None:
    id = id_of(name, most)
    assert len(id) <= most
    assert not id or NAME.fullmatch(f"{'c' * (30 - most)}-{id}")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_list_out_of_a_spreadsheet_is_read(mark: str) -> None:
    rows = [["Name", "E-mail", "ID"], ["Anna Müller", "a@example.org", ""], ["Bob", "", "seat-7"], ["", "", ""]]
    text = "\ufeff" + "\r\n".join(mark.join(row) for row in rows)
    assert read(text.encode(), ROOM) == (Student("anna-muller", "Anna Müller"), Student("seat-7", "Bob"))


def test_an_id_alone_is_enough_so_that_no_name_leaves_the_room() -> None:
    assert read(b"id\ns1\ns2\n", ROOM) == (Student("s1", "s1"), Student("s2", "s2"))


def test_another_order_and_one_more_student_change_no_id() -> None:
    assert ids("name\nAnna\nBob\n") == ["anna", "bob"]
    assert ids("name\nZoe\nBob\nAnna\n") == ["zoe", "bob", "anna"]


def test_all_faults_of_a_list_are_told_at_once() -> None:
    text = 'name,id\nAnna,\nanna,\n王小明,\n,\n  ,x\nBob,Bob!\nEve,averyveryverylongidentifier\n"An\nna",\n'
    told = faults(text, "a-class-with-a-name")
    assert told == (
        "s.csv, line 4: no id can be made of the name '王小明'; give an id in a column id, such as s17",
        "s.csv, line 7: id 'Bob!': use lower-case letters a to z, digits and dashes, no dash first or last",
        "s.csv, line 8: id 'averyveryverylongidentifier': it has 27 characters; with --name a-class-with-a-name it may "
        "have 11",
        "s.csv, lines 2, 3: they have the same id anna; give each its own in a column id",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "s.csv, line 1: name the columns there: name, id, or both. It has nothing"),
        (b"Anna\nBob\n", "s.csv, line 1: name the columns there: name, id, or both. It has 'anna'"),
        (b"name\n", "s.csv: it has no students"),
        (
            b"name\nMueller, Anna\nBob,\n",
            "s.csv, line 2: it has more cells than line 1 has columns; put a text with a comma in double quotes",
        ),
        (b"Name,id,name \nAnna,a,Bob\n", "s.csv, line 1: several columns are called name; leave one of each"),
        (b"name,mail\nAnna,a\n,b\n", "s.csv, line 3: it has neither a name nor an id"),
        ("name\nMüller\n".encode("latin-1"), "s.csv, line 2: this is not UTF-8; save the file as CSV with UTF-8"),
        (b'name\n"Anna\n', "s.csv, line 2: this is not CSV (unexpected end of data)"),
    ],
)
def test_a_file_that_is_no_list_says_where(content: bytes, told: str) -> None:
    assert faults(content) == (told,)


def test_two_hundred_students_are_a_class_and_one_more_is_not() -> None:
    rows = "name\n" + "".join(f"Rider {number}\n" for number in range(MOST))
    assert len(ids(rows)) == len(set(ids(rows))) == MOST == 200
    assert faults(rows + "One more\n") == ("s.csv: it has 201 students; a class has at most 200",)


def test_students_without_names_keep_their_ids_when_the_class_grows() -> None:
    few, many = counted(20, ROOM), counted(120, ROOM)
    assert [one.id for one in few[:2]] == ["student-01", "student-02"]
    assert many[:20] == few
    assert many[-1].id == "student-120"


@pytest.mark.parametrize("count", [0, -1, 201])
def test_a_count_that_is_none_is_refused(count: int) -> None:
    with pytest.raises(SettingsError, match="use a number from 1 to 200"):
        counted(count, ROOM)


def test_a_class_whose_name_leaves_no_room_is_refused() -> None:
    name = "c" * 20
    with pytest.raises(SettingsError, match="may have at most 19 characters"):
        counted(1, name)
    with pytest.raises(SettingsError, match="may have at most 19 characters"):
        read(b"name\nAnna\n", name)
    assert room("c" * 19) == len("student-200")


def test_some_students_are_chosen_by_their_ids() -> None:
    students = counted(3, ROOM)
    assert only(students, ()) == students
    assert [one.id for one in only(students, ["student-03", "student-01"])] == ["student-01", "student-03"]
    with pytest.raises(SettingsError, match="--only bob: nobody in the class has this id; there are student-01"):
        only(students, ["bob"])
