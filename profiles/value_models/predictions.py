"""What a fitted purchase model says of the future: P(alive), P(buy), expected purchases, next purchase.

For k > 1 the future is treated as Poisson at the rate lambda/k, with lambda's posterior: a mixture of
Gammas, one for each stage of the running Erlang gap. Nothing here is fitted.
"""

import numpy as np
from scipy.special import expit

from profiles.value_models.purchase_process import PurchaseModel, erlang_tail
from profiles.value_models.quadrature import N_NODES, Array, beta_rule

# A horizon of that many times alpha + T bends the integrand so near to p = 0 that it takes twice the nodes.
_FAR = 20.0
_CHUNK = 20_000  # (frequency, age) pairs at a time: 20,000 x 32 nodes is 5 MB an array


def p_alive(model: PurchaseModel, frequency: Array, recency: Array, age: Array) -> Array:
    """P(customer has not left by the end of observation), shape of the inputs."""
    chances = model.chances(frequency)
    shape = model.r + model.k * frequency
    share = (age - recency) / (model.alpha + age)
    tail, _, _ = erlang_tail(model.k, shape, share)
    safe = np.where(chances > 0, model.b + chances - 1.0, 1.0)
    log_odds_gone = (
        np.log(model.a)
        - np.log(safe)
        + shape * (np.log(model.alpha + age) - np.log(model.alpha + recency))
        - np.log(tail)
    )
    return np.where(chances > 0, expit(-log_odds_gone), 1.0)


def stage_weights(model: PurchaseModel, frequency: Array, recency: Array, age: Array) -> Array:
    """Posterior weights of Gamma(r + kx + j, alpha + T), j < k, given alive; (k, n), columns sum to 1."""
    shape = model.r + model.k * frequency
    share = (age - recency) / (model.alpha + age)
    terms = [np.ones_like(shape)]
    for j in range(1, model.k):
        terms.append(terms[-1] * (shape + j - 1.0) / j * share)
    stacked = np.stack(terms)
    return stacked / stacked.sum(axis=0)


def p_buy_if_alive(model: PurchaseModel, frequency: Array, recency: Array, age: Array, horizon: float | Array) -> Array:
    """P(at least one purchase within the horizon | alive): 1 - E[exp(-lambda t / k)]."""
    weights = stage_weights(model, frequency, recency, age)
    grown = np.log1p(horizon / (model.k * (model.alpha + age)))
    shape = model.r + model.k * frequency
    parts = [w * -np.expm1(-(shape + j) * grown) for j, w in enumerate(weights)]
    return np.minimum(np.sum(parts, axis=0), 1.0)


def buy_curve(model: PurchaseModel, frequency: Array, recency: Array, age: Array, time: Array) -> tuple[Array, Array]:
    """P(a purchase by `time` | alive) with its density, one time for each history."""
    weights = stage_weights(model, frequency, recency, age)
    unit = model.k * (model.alpha + age)
    grown = np.log1p(time / unit)
    shape = model.r + model.k * frequency
    still = [w * np.exp(-(shape + j) * grown) for j, w in enumerate(weights)]
    density = np.sum([(shape + j) * s for j, s in enumerate(still)], axis=0) / (unit + time)
    return 1.0 - np.sum(still, axis=0), density


def expected_purchases(model: PurchaseModel, frequency: Array, recency: Array, age: Array, horizons: Array) -> Array:
    """Expected purchases within each horizon after the end of observation, shape (n, len(horizons)).

    E[Y(t)] = P(alive) E[(1 - exp(-lambda p t / k)) / p]: over lambda in closed form, over p by quadrature.
    The closed form by the hypergeometric function is undefined at a = 1 and loses its digits on the ridges;
    this does neither.
    """
    alive = p_alive(model, frequency, recency, age)
    weights = stage_weights(model, frequency, recency, age)
    # Given the stage, the expectation hangs on (x, T) alone, of which there are far fewer than customers.
    pairs, index = np.unique(np.column_stack([frequency, age]), axis=0, return_inverse=True)
    index = index.reshape(-1)
    total = np.zeros((frequency.size, len(horizons)))
    for j, weight in enumerate(weights):
        total += weight[:, None] * _given_stage(model, pairs, j, horizons)[index]
    return alive[:, None] * total


def _given_stage(model: PurchaseModel, pairs: Array, stage: int, horizons: Array) -> Array:
    """E[(1 - (1 + z p)^-s) / p] over p ~ Beta(a, b + chances), for pairs of (frequency, age)."""
    found = np.empty((len(pairs), len(horizons)))
    reach = np.max(horizons) / (model.k * (model.alpha + pairs[:, 1]))
    for n_nodes, rows in ((N_NODES, np.flatnonzero(reach <= _FAR)), (2 * N_NODES, np.flatnonzero(reach > _FAR))):
        for start in range(0, rows.size, _CHUNK):
            chunk = rows[start : start + _CHUNK]
            found[chunk] = _by_quadrature(model, pairs[chunk], stage, horizons, n_nodes)
    return found


def _by_quadrature(model: PurchaseModel, pairs: Array, stage: int, horizons: Array, n_nodes: int) -> Array:
    frequencies, row = np.unique(pairs[:, 0], return_inverse=True)
    nodes, node_weights = beta_rule(model.a, model.b + model.chances(frequencies), n_nodes)
    nodes, node_weights = nodes[row], node_weights[row] / nodes[row]
    shape = (model.r + model.k * pairs[:, 0] + stage)[:, None]
    unit = (model.k * (model.alpha + pairs[:, 1]))[:, None]
    columns = [
        -(node_weights * np.expm1(-shape * np.log1p(nodes * (horizon / unit)))).sum(axis=1) for horizon in horizons
    ]
    return np.column_stack(columns)
