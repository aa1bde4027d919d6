"""Responses are compressed unless they are small."""

import gzip

from django.http import HttpResponse
from django.test import RequestFactory

from convention.middleware import MIN_COMPRESSED_BYTES, CompressionMiddleware


def compress(content: str) -> HttpResponse:
    request = RequestFactory().get("/", headers={"accept-encoding": "gzip"})
    return CompressionMiddleware(lambda _request: HttpResponse(content))(request)


def test_a_small_response_is_not_compressed():
    response = compress("a" * (MIN_COMPRESSED_BYTES - 1))

    assert "Content-Encoding" not in response


def test_a_larger_response_is_compressed():
    response = compress("a" * MIN_COMPRESSED_BYTES)

    assert gzip.decompress(response.content) == b"a" * MIN_COMPRESSED_BYTES
