"""Warn about every public name that has no entry in the reference."""

import importlib
import pkgutil
from collections.abc import Iterator

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import skhyper

logger = logging.getLogger(__name__)


def public_names() -> Iterator[str]:
    """Yield ``module.name`` for each name of each public module's ``__all__``."""
    found = pkgutil.iter_modules(skhyper.__path__, prefix="skhyper.")
    public = (module.name for module in found if "._" not in module.name)
    for module in ("skhyper", *public):
        for name in importlib.import_module(module).__all__:
            yield f"{module}.{name}"


def resolve(path: str) -> object:
    """Return the object behind a dotted path, which may be a module."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (AttributeError, ImportError, ValueError):
        return None


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Compare the public names with the objects that have an entry."""
    entries = env.get_domain("py").objects
    # A name that two modules export needs one entry only.
    described = {id(resolve(entry)) for entry in entries}
    for name in public_names():
        if name not in entries and id(resolve(name)) not in described:
            logger.warning("public name without an entry in the reference: %s", name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Check once the whole documentation has been read."""
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True}
