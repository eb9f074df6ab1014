"""The command line: thin calls of the flows of the same names."""
