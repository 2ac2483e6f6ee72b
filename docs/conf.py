"""Sphinx, with MyST for Markdown and the theme furo. Why these: see dependencies.md."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conformance import __version__
from docs import pages

pages.write_all()

project = "kaicalls-conformance"
author = "The kaicalls-conformance contributors"
project_copyright = "The kaicalls-conformance contributors"
version = release = __version__

extensions = ["myst_parser"]
exclude_patterns = ["_build", "_generated"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "kaicalls-conformance"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
