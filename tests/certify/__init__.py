"""Keys, signatures, trust, and the bundles that certify a run."""
