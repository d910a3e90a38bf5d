"""The project's errors. Each says in one sentence what is wrong and what to do about it."""


class GuiyiError(Exception):
    """Base of every error that Guiyi raises on purpose.

    The command line prints the message alone and exits with `exit_code`: 1 the work failed, 2 wrong usage.
    """

    exit_code = 1


class UsageError(GuiyiError):
    """What was asked for cannot be: a wrong option, a missing folder, a name that does not exist."""

    exit_code = 2


class DefinitionError(GuiyiError):
    """A file that a person wrote (contract, model, tag, audience) is wrong; names the file and the remedy."""

    def __init__(self, path: object, problem: str, remedy: str = "") -> None:
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{path}: {problem}" + (f" {remedy}" if remedy else ""))
