"""A fake camera: pictures of codes as the film that Chromium plays to a page that uses the camera."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tests.pdf_readers import qr_image

SIZE = (1280, 720)
RATE = 10


def write_camera(path: Path, codes: Sequence[str | None], *, seconds: float = 2) -> Path:
    """Write a looping .y4m film that shows each code in turn (None: nothing) for some seconds."""
    width, height = SIZE
    colour = bytes([128]) * (width * height // 2)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for code in codes:
            frame = b"FRAME\n" + picture(code).tobytes() + colour
            for _ in range(max(1, round(seconds * RATE))):
                film.write(frame)
    return path


def picture(code: str | None) -> Image.Image:
    """Return one frame: a grey desk with the code in the middle."""
    frame = Image.new("L", SIZE, 150)
    if code is not None:
        image = qr_image(code)
        frame.paste(image, ((SIZE[0] - image.width) // 2, (SIZE[1] - image.height) // 2))
    return frame
