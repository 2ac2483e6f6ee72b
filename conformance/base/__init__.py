"""Basics used everywhere: values, texts, files, errors, options, and strict YAML."""
