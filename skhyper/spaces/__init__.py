"""Search spaces: what may be tried, independent of who tries it."""

from skhyper.spaces import presets
from skhyper.spaces._choices import Choice, Switch
from skhyper.spaces._preset import Preset
from skhyper.spaces._ranges import Float, Int
from skhyper.spaces._space import SearchSpace

__all__ = ["Choice", "Float", "Int", "Preset", "SearchSpace", "Switch", "presets"]
