"""The one error of the value models."""

from common.errors import GuiyiError


class ValueModelError(GuiyiError):
    """The purchases or settings handed to a value model cannot be used; the message says why."""
