"""The verbs that only write files: the templates and the function's zip.

Apart from `commands`: to import what talks to AWS takes longer than to render.
"""

import argparse

from . import packaging, rendering, workshop
from .errors import naming
from .reporting import Reporter


def render(options: argparse.Namespace, reporter: Reporter) -> int:
    """Writes or checks the templates."""
    texts = rendering.render_all(workshop.TEMPLATES)
    if options.check:
        diff = rendering.differences(texts, options.out)
        if diff:
            reporter.output(diff)
            reporter.error(f"{options.out} is stale: run bin/render.py")
        reporter.result(not diff, stale=bool(diff))
        return 1 if diff else 0
    with naming(options.out):
        written = [str(path) for path in rendering.write(texts, options.out)]
    for path in written:
        reporter.output(f"wrote {path}")
    reporter.result(True, written=written)
    return 0


def package(options: argparse.Namespace, reporter: Reporter) -> int:
    """Writes the function's zip."""
    built = packaging.build()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with naming(options.out):
        options.out.write_bytes(built.body)
    reporter.output(f"wrote {options.out}: {len(built.body):,} bytes, sha256 {built.digest}")
    reporter.result(True, sha256=built.digest)
    return 0
