"""The comparison: programs as the distribution has them, in the same hostile root, spring the traps. So the traps work."""


def spring(room, stage):
    return {}
