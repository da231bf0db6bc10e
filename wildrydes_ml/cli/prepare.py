"""The verb `prepare`: a model for a function's zip, as a directory that deploy takes."""

import argparse
from pathlib import Path

from ..deploy import packing
from ..errors import SettingsError, naming
from ..local import needs
from ..reporting import Reporter
from ..workshop.deployments import packed


def prepare(options: argparse.Namespace, reporter: Reporter) -> int:
    """Prepares a model here, and writes what a zip needs of it."""
    out: Path = options.out
    if not packing.may_replace(out):
        raise SettingsError([f"--out {out}: it exists and is no prepared model; name a new directory"])
    if missing := [one for one in (needs.python_here(), needs.environments(), needs.programs()) if not one.is_there]:
        raise SettingsError([f"{one.name}: {one.text}" for one in missing])
    model = packed()
    how = packing.Preparing(options.signature, options.weights, options.samples)
    files = packing.named(model, options.model or model.default, packing.workplace(), reporter, how)
    zipped = len(packing.zipped(model, files, options.runtime, options.architecture, reporter).body)
    with naming(out):
        packing.write(files, out)
    size = sum(map(len, files.values()))
    reporter.output(
        f"wrote {out}: {len(files)} files, {size:,} bytes; the function's zip has {zipped:,} of the "
        f"{packing.LIMIT:,} bytes that Lambda allows. Deploy it with --preset packaged --model {out}",
        path=str(out),
        bytes=size,
        zip_bytes=zipped,
    )
    reporter.result(True, path=str(out), bytes=size)
    return 0
