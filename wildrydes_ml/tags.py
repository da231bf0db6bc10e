"""The tags that a person gives a deployment's stacks, beside the deployer's own.

CloudFormation passes a stack's tags on to what the stack makes, so that the strictest service decides what a tag may
be.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
"""

import re
from collections.abc import Iterable, Mapping

from .errors import SettingsError

# Marks what the deployer made, so that destroy and other users can tell.
TAG = "wildrydes-ml"
# On an EFS stack that is kept without its function: the parameters that it gets back with the next deploy.
ASIDE_TAG = "wildrydes-ml:set-aside"
# When `destroy --expired` may delete the deployment, in UTC: `expiry` reads and writes it. It holds as a person's do.
EXPIRES_TAG = "wildrydes-ml:expires"
# On all that belongs to a class: its name. On what is a student's: the student's id.
CLASS_TAG = "wildrydes-ml:class"
STUDENT_TAG = "wildrydes-ml:student"
# On a stack that another command than deploy made beside the deployment's own: that command's name.
BESIDE_TAG = "wildrydes-ml:beside"

# A thing has at most 50 tags, CloudFormation's own not counted: our own and two of the templates' are among them.
MOST = 47
_KEY = re.compile(r"[\w .:/=+@-]{1,128}")
_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")
_RESERVED = "aws:"
_OWN = (TAG, ASIDE_TAG)


def parse(pairs: Iterable[str]) -> dict[str, str]:
    """`["team=rides"]` → `{"team": "rides"}`; raises SettingsError for what has no `=`."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise SettingsError([f"--tag {pair}: write Key=Value, or Key= to remove the tag" for pair in wrong])
    return dict(pair.split("=", 1) for pair in pairs)


def faults(tags: Mapping[str, str]) -> list[str]:
    """What is wrong with `--tag` pairs by AWS's rules; empty when nothing is."""
    found = [f"--tag {key}={value}: {fault}" for key, value in tags.items() if (fault := _fault(key, value))]
    lower = [key.lower() for key in tags]
    # Keys of IAM's tags do not differ by case: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
    found += [f"--tag {key}: another tag has this key in other letters" for key in tags if lower.count(key.lower()) > 1]
    return found


def merged(held: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, str]:
    """What a stack had with what is asked for now: an empty value removes a tag."""
    return {key: value for key, value in {**held, **asked}.items() if value}


def held(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of a stack's tags that a person gave it."""
    return {key: value for key, value in tags.items() if key not in _OWN and not key.startswith(_RESERVED)}


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """What becomes of a stack's tags in words: `tags team rides → fleet, cost 12 (new), old (removed)`."""
    before, after = held(old), held(new)
    told = [
        f"{key} {before[key]} → {value}" if key in before else f"{key} {value} (new)"
        for key, value in after.items()
        if before.get(key) != value
    ]
    told += [f"{key} (removed)" for key in before if key not in after]
    return f"tags {', '.join(told)}" if told else ""


def lasting(tags: Mapping[str, str]) -> dict[str, str]:
    """A stack's tags for what keeps those with which it is made: without the expiry, which may change."""
    return {key: value for key, value in tags.items() if key != EXPIRES_TAG}


def expiry(tags: Mapping[str, str]) -> dict[str, str]:
    """The tag that `lasting` leaves out, where there is one."""
    return {key: value for key, value in tags.items() if key == EXPIRES_TAG}


def too_many(tags: Mapping[str, str]) -> list[str]:
    """Why so many tags cannot be; empty when they can."""
    return [f"--tag: {len(tags)} tags; at most {MOST} fit beside those of the templates"] if len(tags) > MOST else []


def _fault(key: str, value: str) -> str:
    if key == EXPIRES_TAG:
        return "use --expires TIME, or --expires never"
    if key in _OWN:
        return "this tag is the deployer's own; choose another key"
    if key.lower().startswith(_RESERVED):
        return "keys that begin with aws: are AWS's own"
    if not _KEY.fullmatch(key):
        return "a key has 1 to 128 letters, digits, spaces and _.:/=+@-"
    if not _VALUE.fullmatch(value):
        return "a value has at most 256 letters, digits, spaces and _.:/=+@-"
    return ""
