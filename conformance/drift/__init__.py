"""Drift: how the OpenAPI document of a target differs from the contract."""
