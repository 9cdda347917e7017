"""Where activities are read from."""
