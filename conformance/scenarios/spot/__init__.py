"""The scenarios of spot checks: few requests each, and none in a full run."""
