"""Static files under names that change with their content, also inside our scripts."""

from typing import Any

import brotli  # type: ignore[import-untyped]  # it tells no types
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

QUALITY = 6  # of brotli: a tenth of the time of the best, and files a few per cent larger
SKIPPED = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map", "md", "ts", "txt")


class QuickCompressor(Compressor):
    """Compresses in seconds what is asked often; what no browser asks for stays as it is."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """The file compressed once, for whoever takes brotli."""
        return bytes(brotli.compress(data, quality=QUALITY))


class HashedModules(CompressedManifestStaticFilesStorage):
    """Scripts are modules: what they import is renamed with them, so that no browser mixes two versions."""

    support_js_module_import_aggregation = True

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """The quick one."""
        return QuickCompressor(**kwargs | {"extensions": SKIPPED})

    def compress_files(self, paths: set[str]) -> Any:
        """Only under the names that pages give, which carry the content's mark."""
        return super().compress_files(paths & set(self.hashed_files.values()))
