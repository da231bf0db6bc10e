"""S3 in memory: buckets with their objects, versions and labels."""

from collections.abc import Mapping, Sequence

from ..aws.buckets import Buckets
from ..aws.records import ObjectVersion
from ..errors import Refused, WildrydesError

NO_LABELS: Mapping[str, str] = {}


class FakeBuckets(Buckets):
    """Buckets of this account by name, and the names of other accounts' buckets.

    `older` are older versions of objects, `said` the labels of uploads by key, `unfinished` the multipart uploads.
    `writers` put one more of their keys into a bucket each time before it is deleted.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.labels: dict[str, dict[str, str]] = {}
        self.objects: dict[str, dict[str, bytes]] = {}
        self.older: dict[str, list[tuple[str, str]]] = {}
        self.unfinished: dict[str, str] = {}
        self.writers: dict[str, list[str]] = {}
        self.foreign: set[str] = set()
        self.said: dict[str, Mapping[str, str] | WildrydesError] = {}
        self._links = 0

    def put(self, name: str, tags: Mapping[str, str] | None = None, *keys: str) -> None:
        """Adds an existing bucket."""
        self.labels[name] = dict(tags or {})
        self.objects[name] = dict.fromkeys(keys, b"")

    def tags(self, name: str) -> dict[str, str] | None:
        if name in self.foreign:
            raise Refused(f"bucket {name} belongs to another account")
        return self.labels.get(name)

    def own_tags(self, name: str) -> dict[str, str] | None:
        return self.tags(name)

    def exists(self, name: str) -> bool:
        return self.tags(name) is not None

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        self._journal.append(f"make bucket {name}")
        self.put(name, tags)

    def has(self, bucket: str, key: str) -> bool:
        return key in self.objects[bucket]

    def upload(self, bucket: str, key: str, body: bytes, labels: Mapping[str, str] = NO_LABELS) -> None:
        self._journal.append(f"upload {key.partition('/')[0]}")
        self.objects[bucket][key] = body
        self.said[key] = labels

    def note(self, bucket: str, key: str, text: str, labels: Mapping[str, str] = NO_LABELS) -> None:
        self.objects[bucket][key] = text.encode()
        self.said[key] = labels

    def read(self, bucket: str, key: str) -> bytes | None:
        return self.objects.get(bucket, {}).get(key)

    def metadata(self, bucket: str, item: ObjectVersion) -> dict[str, str]:
        found = self.said.get(item.key, {})
        if isinstance(found, WildrydesError):
            raise found
        return dict(found)

    def link(self, bucket: str, key: str, seconds: int) -> str:
        self._links += 1
        signed = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={seconds}&X-Amz-Signature={self._links}"
        return f"https://{bucket}.s3.amazonaws.com/{key}?{signed}"

    def address(self, bucket: str, key: str) -> str:
        return f"https://s3.eu-west-1.amazonaws.com/{bucket}/{key}"

    def at(self, address: str) -> str:
        """The object at an address; any other text is returned unchanged."""
        if not address.startswith("https://"):
            return address
        bucket, _, key = address.removeprefix("https://s3.eu-west-1.amazonaws.com/").partition("/")
        return self.objects[bucket][key].decode()

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return [key for key in self.objects[bucket] if key.startswith(prefix)]

    def versions(self, bucket: str, prefix: str = "") -> list[ObjectVersion]:
        stored = self.objects.get(bucket, {})
        plain = [ObjectVersion(key, "null") for key in stored]
        older = [
            ObjectVersion(key, version, is_mark=version.startswith("mark"), is_latest=key not in stored)
            for key, version in self.older.get(bucket, [])
        ]
        return [item for item in (*plain, *older) if item.key.startswith(prefix)]

    def remove(self, bucket: str, versions: Sequence[ObjectVersion]) -> None:
        self._journal += [f"remove {len(versions)} versions"] if versions else []
        for item in versions:
            if item.version == "null":
                del self.objects[bucket][item.key]
            else:
                self.older[bucket].remove((item.key, item.version))

    def abort_uploads(self, bucket: str) -> None:
        self.unfinished.pop(bucket, None)

    def delete(self, name: str) -> bool:
        if self.writers.get(name):
            self.objects[name][self.writers[name].pop(0)] = b""
        if self.versions(name):
            return False
        assert name not in self.unfinished, "what was uploaded in parts bills on"
        self._journal.append(f"delete bucket {name}")
        del self.labels[name], self.objects[name]
        return True
