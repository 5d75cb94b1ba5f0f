"""How Sphinx builds the documentation; ``make docs`` treats its warnings as errors."""

import re

from sphinx.application import Sphinx

from cauda import __version__

project = "cauda"
author = "The cauda developers"
copyright = "2026, The cauda developers"  # noqa: A001 - the name that Sphinx wants
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # types stand in the docstrings, with shapes and units
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"cauda {__version__}"


def setup(app: Sphinx) -> None:
    """Mend what napoleon makes of two attributes in one entry."""
    app.connect("autodoc-process-docstring", _keep_names_together, priority=900)


def _keep_names_together(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    # Sphinx takes the first word of ":ivar cord, dura:" for a type; a space of no width is none to it.
    lines[:] = [
        re.sub(r"^(:(?:ivar|vartype) [\w, ]*\w):", lambda found: found[0].replace(", ", ",\u200b"), line)
        for line in lines
    ]
