"""The request scenarios. Each test function sends and labels requests; none of them judges."""
