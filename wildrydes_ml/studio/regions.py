"""The regions in which an event may be held; apart, since the help of a command needs no more."""

REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
"""Unless the author names others. The operator of an event chooses one."""
