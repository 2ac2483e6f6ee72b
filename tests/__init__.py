"""Tests of the suite."""

import gc

gc.set_threshold(50_000, 20, 20)  # runs keep what they make; Python looks for garbage seldom
