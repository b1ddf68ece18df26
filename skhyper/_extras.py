"""The libraries that only some of the searches need, imported where they are used."""

from importlib import import_module
from types import ModuleType

__all__ = ["import_extra"]


def import_extra(name: str, user: str, extra: str | None = None) -> ModuleType:
    """Import a library that is none of the package's dependencies.

    Parameters
    ----------
    name : str
        The module.
    user : str
        What needs it.
    extra : str or None, default=None
        The extra of this package that installs it; None if it has the module's name.

    Returns
    -------
    module : module
        The module.

    Raises
    ------
    ImportError
        If it is not installed.

    Examples
    --------
    >>> from skhyper._extras import import_extra
    >>> import_extra("json", "this example").loads("[1]")
    [1]
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{user} needs {name}, which cannot be imported: {error}. Install it by "
            f"pip install 'skhyper[{extra or name}]'."
        ) from error
