"""What the stack cannot do, told in words that name the cure."""


class StackError(RuntimeError):
    """The stack cannot be started or asked; the text says why and what mends it."""
