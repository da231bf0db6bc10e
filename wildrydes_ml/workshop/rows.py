"""The parameters of the workshop's templates as one table: a row says all of a parameter."""

from . import batch_rows, efs_rows, function_rows
from .row import Row

ROWS: dict[str, Row] = {**efs_rows.ROWS, **function_rows.ROWS, **batch_rows.ROWS}
