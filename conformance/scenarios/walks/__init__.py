"""Walks from page to page."""
