"""Pictures that are too large to post, made smaller as the function's page makes them."""

from io import BytesIO
from pathlib import Path

from ..errors import WildrydesError

# What a proxy event can carry: Lambda takes 6 MB, and base64 adds a third.
MAX_POSTED_BYTES = 4_500_000
# The page's: pixels of the longer side, and the quality of the JPEG.
MAX_SIDE, QUALITY = 2048, 90
_STEP = 0.75


def can() -> bool:
    """Whether Pillow is here, which it takes."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        return False
    return True


def side(picture: Path) -> int:
    """Pixels of the longer side; 0 for what Pillow cannot read: the service tells what is wrong with it."""
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            return int(max(opened.size))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0


def smaller(picture: Path) -> bytes:
    """A JPEG of the picture, upright, on white, and small enough to post; of what moves, the first frame.

    Raises WildrydesError when Pillow cannot read it.
    """
    from PIL import Image

    from .drawing import upright_on_white

    try:
        with Image.open(picture) as opened:
            image = upright_on_white(opened)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise WildrydesError(f"it is too large to post, and Pillow cannot scale it: {error}") from error
    longest = MAX_SIDE
    while True:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        body = BytesIO()
        image.save(body, "JPEG", quality=QUALITY)
        if body.tell() <= MAX_POSTED_BYTES:
            return body.getvalue()
        longest = int(max(image.size) * _STEP)
