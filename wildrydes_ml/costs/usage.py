"""What use costs, at list prices of us-east-1, in US dollars, as of 2026-11.

https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/step-functions/pricing/,
https://aws.amazon.com/s3/pricing/ (S3 Standard), https://aws.amazon.com/efs/pricing/ (elastic throughput).
"""

from collections.abc import Mapping

GB_SECOND: Mapping[str, float] = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""A second of a function, for each GB of its memory, by its processor."""
INVOCATION = 0.20 / 10**6
TRANSITION = 25.0 / 10**6
"""A state transition of a standard workflow; the start of a child counts as one."""
S3_READ = 0.40 / 10**6
S3_WRITE = 5.0 / 10**6
"""Also of a list of 1,000 keys."""
EFS_READ_GB = 0.03
"""With elastic throughput; with another one, reading costs nothing more."""
