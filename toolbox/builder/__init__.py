"""Builds toolboxes out of a distribution's packages. Each module answers one question; build.py asks in order."""


class Failure(Exception):
    """What ends a build: one line, `what failed, on what, why; next step`."""
