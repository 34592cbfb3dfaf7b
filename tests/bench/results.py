"""What was measured: figures of each row and round, their medians and ratios."""

import statistics


class Results:
    """`rounds` maps a row's key to its figures, one dict per round."""

    def __init__(self):
        self.rounds = {}

    def add(self, key, figures):
        self.rounds.setdefault(key, []).append(figures)

    def has(self, *keys):
        return all(key in self.rounds for key in keys)

    def median(self, key, figure):
        return statistics.median(figures[figure] for figures in self.rounds[key])

    def total(self, key, figure):
        return sum(figures[figure] for figures in self.rounds[key])

    def ratio(self, key, to, figure):
        """Median of the rounds' ratios: the neighbours' load hits both of one round alike."""
        return statistics.median(mine[figure] / its[figure] for mine, its in self._pairs(key, to))

    def difference(self, key, to, figure):
        return statistics.median(mine[figure] - its[figure] for mine, its in self._pairs(key, to))

    def _pairs(self, key, to):
        return zip(self.rounds[key], self.rounds[to])

    def medians(self, key):
        return {figure: self.median(key, figure) for figure in self.rounds[key][0]}
