"""The window: views of state, no computation."""
