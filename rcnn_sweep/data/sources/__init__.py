"""Where texts come from: one module a source."""
