"""An authenticator app (RFC 6238), implemented apart from the product."""

import base64
import hashlib
import hmac
import struct
import time


def app_code(secret: str, at: float | None = None) -> str:
    """Return the code that an authenticator app shows at `at`."""
    counter = struct.pack(">Q", int(at or time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"
