"""Purchase model and returns together: what is published of each history. Times are operational days."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

from profiles.value_models import predictions
from profiles.value_models.purchase_process import Histories, PurchaseModel
from profiles.value_models.quadrature import Array
from profiles.value_models.returns import Returns, p_return, return_density, return_purchases

_MOST_PURCHASES = 400


class Forecast:
    """The future of distinct histories under a fitted model."""

    def __init__(self, model: PurchaseModel, returns: Returns, histories: Histories) -> None:
        self.model, self.returns, self.h = model, returns, histories
        self._key = (histories.frequency, histories.recency, histories.age)
        self.alive = predictions.p_alive(model, *self._key)

    def only(self, chosen: NDArray[np.bool_]) -> "Forecast":
        """The same for the chosen histories alone, at least one."""
        h = self.h
        part = Histories(h.frequency[chosen], h.recency[chosen], h.age[chosen], h.weight[chosen], h.sum_log_gaps)
        return Forecast(self.model, self.returns, part)

    def p_buy(self, horizon: float) -> Array:
        """P(at least one purchase within the horizon)."""
        stays = self.alive * predictions.p_buy_if_alive(self.model, *self._key, horizon * self.returns.pace)
        return stays + (1.0 - self.alive) * p_return(self.model, self.returns, self.h, horizon)

    def expected_purchases(self, horizons: Array) -> Array:
        """Expected purchases within each horizon, shape (n, len(horizons)); never below P(buy)."""
        found = predictions.expected_purchases(self.model, *self._key, horizons * self.returns.pace)
        for i, horizon in enumerate(horizons):
            back = return_purchases(self.model, self.returns, self.h, horizon)
            # Whoever comes back buys at least once.
            back = np.maximum(back, p_return(self.model, self.returns, self.h, horizon))
            found[:, i] += (1.0 - self.alive) * back
        return found

    def time_to_buy(self, horizon: float, quantile: float) -> Array:
        """Quantile of the time to the next purchase, given that it comes within the horizon.

        Newton's method from below: the distribution function is concave, so it rises to the root without
        overshooting.
        """
        target = quantile * self.p_buy(horizon)
        pace, key = self.returns.pace, self._key
        time = np.zeros(target.size)
        for _ in range(60):
            if_alive, density = predictions.buy_curve(self.model, *key, time * pace)
            reached = self.alive * if_alive + (1.0 - self.alive) * p_return(self.model, self.returns, self.h, time)
            slope = self.alive * density * pace + (1.0 - self.alive) * return_density(
                self.model, self.returns, self.h, time
            )
            step = np.maximum(target - reached, 0.0) / np.maximum(slope, 1e-300)
            time = np.minimum(time + step, horizon)
            if step.max(initial=0.0) < 0.02:
                break
        return time

    def median_purchases(self, horizon: float) -> Array:
        """The number of purchases that is as likely to be passed as not: the median, for most people 0.

        For k = 1 in closed form: n purchases are made when the rate brings n (negative binomial) and the customer
        stays after n - 1 of them (Beta); those who come back buy a geometric number. For k > 1 the future
        is Poisson at lambda/k, as in `predictions`.
        """
        m, h = self.model, self.h
        paced = horizon * self.returns.pace
        weights = predictions.stage_weights(m, *self._key)
        back = np.maximum(p_return(m, self.returns, h, horizon), 1e-12)
        again = 1.0 - np.minimum(back / np.maximum(return_purchases(m, self.returns, h, horizon), back), 1.0)
        shape, share = m.r + m.k * h.frequency, paced / (m.k * (m.alpha + h.age) + paced)
        kept = m.b + m.chances(h.frequency)
        found, rows = np.zeros(h.frequency.size), np.arange(h.frequency.size)
        for n in range(1, _MOST_PURCHASES):
            reached = sum(w[rows] * betainc(n, shape[rows] + j, share[rows]) for j, w in enumerate(weights))
            b = kept[rows]
            stays = np.exp(gammaln(b + n - 1) - gammaln(m.a + b + n - 1) - gammaln(b) + gammaln(m.a + b))
            p = self.alive[rows] * reached * stays + (1.0 - self.alive[rows]) * back[rows] * again[rows] ** (n - 1)
            rows = rows[p >= 0.5]
            if not rows.size:
                break
            found[rows] = n
        return found
