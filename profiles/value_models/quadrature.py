"""Expectations under a Beta distribution, many distributions at a time, by Gauss-Jacobi quadrature.

Nodes come from the Jacobi matrix (Golub and Welsch 1969), whose entries are plain fractions: nothing
overflows, and the weights are positive and sum to 1, so the expectation of a bounded function is always
finite.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

Array = NDArray[np.float64]

N_NODES = 32


def beta_rule(a: float, b: Array, n: int = N_NODES) -> tuple[Array, Array]:
    """Nodes and weights for E[g(p)], p ~ Beta(a, b_i).

    Args:
        a: first shape, > 0.
        b: second shapes, shape (m,), all > 0.
        n: nodes for each distribution.

    Returns:
        Nodes within (0, 1] and weights that sum to 1 in each row, both of shape (m, n).
    """
    step = np.arange(n, dtype=float)
    # Jacobi weight (1-y)^(b-1) (1+y)^(a-1) on [-1, 1], p = (1+y)/2.
    alpha, beta = b[:, None] - 1.0, a - 1.0
    total = alpha + beta
    diagonal = np.empty((b.size, n))
    diagonal[:, :1] = (beta - alpha) / (total + 2.0)
    j = step[1:]
    diagonal[:, 1:] = (beta - alpha) * total / ((2 * j + total) * (2 * j + total + 2.0))
    squares = np.empty((b.size, n - 1))
    # The factor (1 + total) cancels for j = 1; left in, it is 0/0 at a + b = 1.
    squares[:, :1] = 4.0 * (1 + alpha) * (1 + beta) / ((2 + total) ** 2 * (3 + total))
    j = step[2:]
    top = 4.0 * j * (j + alpha) * (j + beta) * (j + total)
    squares[:, 1:] = top / ((2 * j + total) ** 2 * (2 * j + total + 1) * (2 * j + total - 1))
    nodes, first = np.empty((b.size, n)), np.empty((b.size, n))
    # One by one: LAPACK's tridiagonal solver is quicker than a batch of dense ones, whose threads get in each
    # other's way on a busy machine.
    for row, (main, beside) in enumerate(zip(diagonal, np.sqrt(squares), strict=True)):
        nodes[row], vectors = eigh_tridiagonal(main, beside, check_finite=False, lapack_driver="stev")
        first[row] = vectors[0]
    weights = first**2
    # Rounding can put a node a hair outside; 1e-12 is close enough to 0 for every function used here.
    return np.clip((nodes + 1.0) / 2.0, 1e-12, 1.0), weights / weights.sum(axis=1, keepdims=True)
