"""Builds toolboxes out of a distribution's packages. Each module answers one question; build-toolbox asks them in order."""


class Failure(Exception):
    """What ends a build: one line, `what failed, on what, why; next step`."""
