"""Servers that behave only while they are watched, and keys for spot checks of them."""
