"""Rewriters: each one idea, operations in, better operations out; `rewriting` chains them."""
