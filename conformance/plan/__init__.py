"""The plan of a run: the scenarios, the cases that they define, and the selection of cases."""
