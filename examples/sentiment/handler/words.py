"""What the model sees of a sentence. Training and handler share it, so that both see the same."""

import re

_DENIALS = ("not", "never", "no")


def features(text: str) -> list[str]:
    """The words in small letters, each once; behind a denial they are others: `Never a bad day` → never, not a, not
    bad, not day."""
    words = re.findall(r"[a-z']+", text.lower().replace("n't", " not"))
    denied = next((at for at, word in enumerate(words) if word in _DENIALS), len(words))
    return list(dict.fromkeys([*words[: denied + 1], *(f"not {word}" for word in words[denied + 1 :])]))
