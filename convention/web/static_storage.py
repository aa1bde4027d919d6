"""Static files under names with a content hash, also inside our scripts."""

from typing import Any

import brotli  # type: ignore[import-untyped]  # no type hints
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

BROTLI_QUALITY = 6  # a tenth of the time of the best quality, and files a few per cent larger
UNCOMPRESSED_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map", "md", "ts", "txt")


class QuickCompressor(Compressor):
    """Compresses text quickly and skips files that no browser requests."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=BROTLI_QUALITY))


class HashedModuleStorage(CompressedManifestStaticFilesStorage):
    """Renames imports inside script modules too, so that no browser mixes two versions."""

    # Experimental in Django, hence off by default.
    support_js_module_import_aggregation = True

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return QuickCompressor(**kwargs | {"extensions": UNCOMPRESSED_EXTENSIONS})

    def compress_files(self, paths: set[str]) -> Any:
        """Compress the files under hashed names only, which pages use."""
        return super().compress_files(paths & set(self.hashed_files.values()))
