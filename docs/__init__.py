"""The documentation site: Markdown pages, and the module that writes the generated ones."""
