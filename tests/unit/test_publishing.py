"""What setup.py tells an index page: links that work there, and nothing that nobody has said."""

import re

import pytest

from .package_setup import CHECKOUT, distributed

OURS = "https://example.org/own/it"


FENCED = '```md\n[a](b.md)\n<img src="c">\n```\n'


@pytest.mark.parametrize(
    ("text", "with_one", "without"),
    [
        ("[a b](docs/x.md).", f"[a b]({OURS}/blob/HEAD/docs/x.md).", "a b."),
        ("[a](docs/x.md#part)", f"[a]({OURS}/blob/HEAD/docs/x.md#part)", "a"),
        ("[a](#part)", f"[a]({OURS}#part)", "a"),
        ("[`a`](x.md), [`b`](y.md)", f"[`a`]({OURS}/blob/HEAD/x.md), [`b`]({OURS}/blob/HEAD/y.md)", "`a`, `b`"),
        ("[a](https://a.example/b)", "[a](https://a.example/b)", "[a](https://a.example/b)"),
        ("[a](mailto:b@c.example)", "[a](mailto:b@c.example)", "[a](mailto:b@c.example)"),
        ("![a b](docs/a.png)", f"![a b]({OURS}/raw/HEAD/docs/a.png)", ""),
        ("![a](https://a.example/b.svg)", "![a](https://a.example/b.svg)", "![a](https://a.example/b.svg)"),
        ("[![a](b.svg)](c.md)", f"[![a]({OURS}/raw/HEAD/b.svg)]({OURS}/blob/HEAD/c.md)", ""),
        (
            '<picture>\n<source media="(x)" srcset="d.svg">\n<img alt="a" src="l.svg">\n</picture>',
            f'<picture>\n<source media="(x)" srcset="{OURS}/raw/HEAD/d.svg">\n'
            f'<img alt="a" src="{OURS}/raw/HEAD/l.svg">\n</picture>',
            "",
        ),
        ("`[a](b.md)` and `![a](b.png)`", "`[a](b.md)` and `![a](b.png)`", "`[a](b.md)` and `![a](b.png)`"),
        (FENCED, FENCED, FENCED),
        ("[a] (b), a[0](c) is code", f"[a] (b), a[0]({OURS}/blob/HEAD/c) is code", "[a] (b), a0 is code"),
    ],
)  # fmt: skip
def test_links_on_an_index_page(text: str, with_one: str, without: str) -> None:
    assert distributed.on_an_index_page(text, OURS) == with_one
    assert distributed.on_an_index_page(text, "") == without


@pytest.mark.parametrize("repository", ["", OURS])
def test_the_readme_has_no_link_that_leads_nowhere_on_an_index_page(repository: str) -> None:
    text = distributed.on_an_index_page(distributed.README, repository)
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)]+)\)|(?:src|srcset|href)=\"([^\"]+)\"|^\[[^\]]+\]: *(\S+)", prose, re.MULTILINE)
    assert [one for found in targets for one in found if one and not one.startswith("https://")] == []
    kept = re.compile(r"^```.*?^```$|^#+ .*?$", re.DOTALL | re.MULTILINE)
    assert kept.findall(text) == kept.findall(distributed.README), "headings and code stay as they are"
    assert len(kept.findall(text)) > 10


def test_every_link_of_the_readme_is_to_a_file_of_the_checkout() -> None:
    text = distributed.on_an_index_page(distributed.README, OURS)
    paths = re.findall(rf"{re.escape(OURS)}/(?:blob|raw)/HEAD/([^)#\"]+)", text)
    assert len(paths) > 10
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def test_what_nobody_has_said_is_left_out() -> None:
    assert distributed.publisher("", "", "") == {}


def test_what_a_publisher_says_is_told() -> None:
    told = distributed.publisher(OURS, "A. Author", "a@author.example")
    assert (told["author"], told["author_email"]) == ("A. Author", "a@author.example")
    assert told["project_urls"]["Repository"] == OURS
    files = [url.partition("/HEAD/")[2] for url in told["project_urls"].values() if "/HEAD/" in url]
    assert files
    assert all((CHECKOUT / file).exists() for file in files)
