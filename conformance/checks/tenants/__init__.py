"""Judges of tenants: data of another tenant is neither shown nor changed."""

from conformance.checks.tenants import belonging, figures, reach

__all__ = ["belonging", "figures", "reach"]
