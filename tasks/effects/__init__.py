"""Effects that several tasks share: the MLflow connection, the sandbox process, restricted loading, locks.

Task modules never import each other; what two of them need stands here as plain functions.
"""
