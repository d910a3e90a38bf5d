"""What a campaign brought beyond what would have come anyway: each arm against the people who were held out.

Belongs here: differences between randomised arms with their intervals, from counts and moments, over any number of
arms at once. Everybody who was assigned counts, reached or not (intention to treat). Who is in which arm, and what
they did, is the SQL models' matter.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE: Final = 0.95
VARIANCE_PRIOR: Final = 100.0
Floats = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate with the limits of its interval, each an array of one shape."""

    estimate: Floats
    low: Floats
    high: Floats

    def times(self, factor: npt.ArrayLike) -> "Interval":
        """The same of a quantity that is `factor` (not negative) times as large."""
        by = np.asarray(factor, dtype=float)
        return Interval(self.estimate * by, self.low * by, self.high * by)


@dataclass(frozen=True)
class Moments:
    """What an arm's people spent afterwards and before, as far as intervals need it; arrays of one shape.

    Attributes:
        n: people.
        mean: mean spend in the window.
        variance: its variance, over n - 1.
        before_mean: mean spend before the assignment.
        before_variance: its variance.
        covariance: of both.
    """

    n: Floats
    mean: Floats
    variance: Floats
    before_mean: Floats
    before_variance: Floats
    covariance: Floats

    @classmethod
    def of(cls, after: Floats, before: Floats) -> "Moments":
        """The moments of samples along the last axis."""
        n = after.shape[-1]
        mean, before_mean = after.mean(axis=-1), before.mean(axis=-1)
        y, x = after - mean[..., None], before - before_mean[..., None]
        over = n - 1
        return cls(
            np.full(mean.shape, float(n)),
            mean,
            (y * y).sum(axis=-1) / over,
            before_mean,
            (x * x).sum(axis=-1) / over,
            (x * y).sum(axis=-1) / over,
        )


def wilson(successes: npt.ArrayLike, n: npt.ArrayLike, confidence: npt.ArrayLike = CONFIDENCE) -> Interval:
    """A proportion with Wilson's score interval (Wilson 1927), without continuity correction; nan where n is 0."""
    x, size = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    z = stats.norm.ppf((1 + np.asarray(confidence, dtype=float)) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = x / size
        middle = (p + z**2 / (2 * size)) / (1 + z**2 / size)
        half = z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2)) / (1 + z**2 / size)
    # At 0 and n the limit is the end itself, which rounding would miss.
    return Interval(p, np.where(x == 0, 0.0, middle - half), np.where(x == size, 1.0, middle + half))


def newcombe(
    successes: npt.ArrayLike,
    n: npt.ArrayLike,
    control_successes: npt.ArrayLike,
    control_n: npt.ArrayLike,
    confidence: npt.ArrayLike = CONFIDENCE,
) -> Interval:
    """Difference of two independent proportions, arm less control, with the score interval.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10: the two Wilson intervals, squared and added.
    It covers as stated where counts are low and rates near 0, where Wald's interval does not.
    """
    one, two = wilson(successes, n, confidence), wilson(control_successes, control_n, confidence)
    difference = one.estimate - two.estimate
    low = difference - np.hypot(one.estimate - one.low, two.high - two.estimate)
    high = difference + np.hypot(one.high - one.estimate, two.estimate - two.low)
    return Interval(difference, low, high)


def welch(arm: Moments, control: Moments, confidence: npt.ArrayLike = CONFIDENCE) -> Interval:
    """Difference of mean spend with Welch's t interval: what there is without knowing anything of the time before."""
    return _difference(
        arm.mean - control.mean, arm.variance / arm.n, control.variance / control.n, arm.n, control.n, confidence
    )


def cuped(
    arm: Moments, control: Moments, confidence: npt.ArrayLike = CONFIDENCE, prior: float = VARIANCE_PRIOR
) -> tuple[Interval, Floats]:
    """Difference of mean spend, adjusted for what people spent before, and the share of the variance that is left.

    Source: Deng, Xu, Kohavi, Walker, "Improving the sensitivity of online controlled experiments by utilizing
    pre-experiment data" (WSDM 2013): spend before tells people apart and cannot be the campaign's doing, so
    y - theta x has the same expected difference and less variance; theta is the slope within arms.

    A small holdout often has none of the few people who spend most: its own variance is then too small, and an
    interval by it misses too often. So each arm's variance is drawn towards that of both together, by `prior` people.

    Args:
        arm: the people meant to be reached.
        control: the holdout.
        prior: how many people the common variance counts as; 0 leaves each arm its own.
    """
    over_arm, over_control = arm.n - 1, control.n - 1
    spread = over_arm * arm.before_variance + over_control * control.before_variance
    together = over_arm * arm.covariance + over_control * control.covariance
    theta = np.divide(together, spread, out=np.zeros_like(spread), where=spread > 0)
    left_arm, left_control = _left(arm, theta), _left(control, theta)
    both = over_arm + over_control
    common = (over_arm * left_arm + over_control * left_control) / both
    plain = (over_arm * arm.variance + over_control * control.variance) / both
    found = _difference(
        arm.mean - control.mean - theta * (arm.before_mean - control.before_mean),
        (arm.n * left_arm + prior * common) / (arm.n + prior) / arm.n,
        (control.n * left_control + prior * common) / (control.n + prior) / control.n,
        arm.n,
        control.n,
        confidence,
    )
    return found, np.divide(common, plain, out=np.ones_like(plain), where=plain > 0)


def _left(arm: Moments, theta: Floats) -> Floats:
    """Variance of y - theta x; rounding may bring it a hair below 0."""
    return np.maximum(arm.variance + theta**2 * arm.before_variance - 2 * theta * arm.covariance, 0.0)


def _difference(
    estimate: Floats, square_one: Floats, square_two: Floats, n_one: Floats, n_two: Floats, confidence: npt.ArrayLike
) -> Interval:
    """t interval with Welch's and Satterthwaite's degrees of freedom, from the squared standard errors of two means."""
    square = square_one + square_two
    with np.errstate(invalid="ignore", divide="ignore"):
        df = square**2 / (square_one**2 / (n_one - 1) + square_two**2 / (n_two - 1))
    half = stats.t.ppf((1 + np.asarray(confidence, dtype=float)) / 2, np.where(square > 0, df, 1.0)) * np.sqrt(square)
    return Interval(estimate, estimate - half, estimate + half)
