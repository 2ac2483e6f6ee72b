"""The scenarios of requests. Each test function sends and labels; none of them judges."""
