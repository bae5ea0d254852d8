"""Models and history in, operations and a script out."""
