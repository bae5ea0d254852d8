"""One reporter a format; `base` states their shape."""
