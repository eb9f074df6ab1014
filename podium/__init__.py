"""The domain of Podium: what is decided, and why, in plain typed Python.

Nothing in this package imports Prefect or MLflow, touches a file or the network. Its functions take values and
return values that carry their reasons, so that every decision can be tested and replayed without a server.
"""

__version__ = "0.1.0"
