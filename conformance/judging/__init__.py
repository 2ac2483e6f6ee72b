"""How evidence is judged: outcomes, rules, questions common to most judges, and whole walks."""
