"""What a document has its reader run, and the files that it has them write: its fenced blocks, in order."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ("sh", "python")
SHOWN = ("text", "json", "toml", "yaml")
_FENCE = re.compile(r'^```(\w*)(?: title="([^"\n]+)")?\n(.*?)^```$', re.M | re.S)

# Lines that cannot be run here, and why. A line counts without what stands behind its `#`.
NOT_RUN = {
    "pip install -e .": "It would change the environment that runs the test, which was made by this very command.",
    "pip install -e '.[local,draw]'": "The same.",
    "python3 -m venv .venv": "The environment is there.",
    ". .venv/bin/activate": "It is active.",
}


# Documents that begin with something deployed, by a deploy with its defaults.
DEPLOYED = ("docs/deploying.md", "docs/how-to/asking.md", "docs/how-to/batch.md", "docs/how-to/logs.md")


@dataclass(frozen=True)
class Block:
    """A fenced block, and the line where it begins."""

    line: int
    language: str
    text: str
    file: str = ""
    """Where the reader saves it, in place of running it."""

    @property
    def is_script(self) -> bool:
        """Whether the reader does something with it."""
        return bool(self.file) or self.language in RUN


@dataclass(frozen=True)
class Document:
    """A page of the documentation."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the checkout."""
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self) -> list[Block]:
        """All blocks, run or not."""
        text = self.path.read_text(encoding="utf-8")
        return [
            Block(text.count("\n", 0, found.start()) + 1, found[1], found[3], found[2] or "")
            for found in _FENCE.finditer(text)
        ]

    def script(self) -> str:
        """The blocks that are run or saved, as one shell script."""
        begin = ["wildrydes-ml deploy > /dev/null"] if self.name in DEPLOYED else []
        return "\n".join(begin + [self._lines(block) for block in self.blocks() if block.is_script])

    def _lines(self, block: Block) -> str:
        where = f"echo '## {self.name}:{block.line}' >&2"
        if block.file:
            made = f"mkdir -p '{Path(block.file).parent}'\ncat > '{block.file}'"
            return f"{where}\n{made} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK"
        if block.language == "python":
            return f"{where}\ncommand python - <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK"
        kept = [":" if command(line) in NOT_RUN else line for line in block.text.splitlines()]
        return "\n".join([where, *kept])


def command(line: str) -> str:
    """A line without its comment."""
    return re.sub(r"\s+#.*", "", line).strip()


def documents() -> list[Document]:
    """The pages with something to run, the tutorial first: it begins with nothing deployed."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    first = ROOT / "docs" / "tutorial.md"
    return [Document(page) for page in sorted(pages, key=lambda page: page != first)]
