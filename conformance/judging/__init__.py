"""How evidence is judged: outcomes, rules, what most judges ask, and walks put together."""
