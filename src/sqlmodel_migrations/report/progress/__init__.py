"""What happens, shown while it happens: one module a form; `base` states their shape."""
