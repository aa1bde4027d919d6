"""Static files under names that change with their content, also inside our scripts."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):
    """Scripts are modules: what they import is renamed with them, so that no browser mixes two versions."""

    support_js_module_import_aggregation = True
