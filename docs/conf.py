"""Configuration of the documentation; needs no network."""

import inspect
import sys
from pathlib import Path

from sphinx.application import Sphinx

import skhyper

sys.path.insert(0, str(Path(__file__).parent / "ext"))

project = "skhyper"
author = "skhyper developers"
project_copyright = "skhyper developers"
version = release = skhyper.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "myst_parser",
    "numpydoc",
    "api_coverage",
    "presets_table",
    "strategies_table",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"  # `name` is a parameter, as numpydoc writes it
nitpicky = True
# Other projects' objects cannot be looked up without a network.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(joblib|matplotlib|numpy|pandas|scipy|sklearn|skopt|skorch|torch)(\..*)?",
    ),
    (r"std:term", r"fit"),  # in the text of properties that scikit-learn defines
]

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "ignore_pattern": r"notebooks",
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": "skhyper",
    "reference_url": {"skhyper": None},
    "remove_config_comments": True,
    "show_memory": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skhyper"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_sidebars = {"changes": [], "CONTRIBUTING": []}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def skip_members_of_other_projects(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool:
    """Leave methods that a class inherits from another project to its pages."""
    home = getattr(obj, "__module__", None) or ""
    return skip or (inspect.isroutine(obj) and not home.startswith("skhyper"))


def setup(app: Sphinx) -> None:
    """Connect this file's own hook."""
    app.connect("autodoc-skip-member", skip_members_of_other_projects)
