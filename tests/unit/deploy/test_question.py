"""What `ask` is given, and what it says of an answer that is none."""

import io
from pathlib import Path

import pytest

from wildrydes_ml.deploy.question import body, fault
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.web import Reply


def test_what_is_sent_is_json_a_file_or_standard_input(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_bytes(b'{"a": 1}')
    assert body(None, io.StringIO()) is None
    assert body('{"b": 2}', io.StringIO()) == b'{"b": 2}'
    assert body(f"@{tmp_path / 'q.json'}", io.StringIO()) == b'{"a": 1}'
    assert body("-", io.StringIO('{"c": 3}')) == b'{"c": 3}'


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "'' is not JSON"),
        ("{a: 1}", r"'\{a: 1\}' is not JSON .* write JSON, @FILE or -"),
        ("@none.json", "@none.json: No such file or directory: write @ and the path of an existing file"),
        ("@.", "@.: Is a directory"),
    ],
)
def test_what_cannot_be_sent_is_a_wrong_use(given: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        body(given, io.StringIO())


def test_an_error_of_the_function_leads_to_its_log() -> None:
    assert fault(Reply(502)) == "the API answered 502; `logs` may show why"
    assert fault(Reply(404)) == "the API answered 404"
    assert fault(Reply(0, fault="refused")) == "no answer: refused"
