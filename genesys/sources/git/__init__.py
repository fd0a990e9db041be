"""Local git repositories as sources of commits."""
