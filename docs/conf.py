"""How Sphinx builds the documentation; ``make docs`` treats its warnings as errors."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

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
html_math_renderer = "mathml"


def setup(app: Sphinx) -> None:
    """Write equations as MathML, and mend what napoleon makes of two attributes in one entry."""
    app.add_html_math_renderer("mathml", (_write_equation, None), (_write_equation, None))
    app.connect("autodoc-process-docstring", _keep_names_together, priority=900)


def _write_equation(translator: HTML5Translator, node: nodes.Element) -> None:
    # Browsers draw MathML by themselves; Sphinx's default fetches a program from the network to do so.
    as_block = isinstance(node, nodes.math_block)
    equation = tex2mathml(node.astext(), as_block=as_block)
    translator.body.append(f'<p class="math">{equation}</p>\n' if as_block else equation)
    raise nodes.SkipNode


def _keep_names_together(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    # Sphinx takes the first word of ":ivar cord, dura:" for a type; a space of no width is none to it.
    lines[:] = [
        re.sub(r"^(:(?:ivar|vartype) [\w, ]*\w):", lambda found: found[0].replace(", ", ",\u200b"), line)
        for line in lines
    ]
