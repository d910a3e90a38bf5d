"""What is true behind the files: the person of every party, what chains of evidence the files show, future value."""

from simulator.truth.write import write_truth

__all__ = ["write_truth"]
