"""A judge that has learned the classes from real examples and says how sure it is of a sample."""

import numpy as np

from gan_core.judgement.metrics._rows import rows


class Judge:
    """A support vector machine for each class ("is it a 7, yes or no?") that has learned from real examples.

    The score of a class is its signed margin: far from all it has learned, every machine says no. The judge is sure of
    a sample when its best score is at least `threshold`, what all but a share `doubt` of held-out real examples reach.

    Parameters: `learn` and `held_out`, two disjoint `datasets.Examples` with labels; `doubt` in (0, 1).
    Raises ValueError without labels and for another doubt.
    """

    def __init__(self, learn, held_out, *, doubt=0.05):
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.svm import SVC

        if learn.y is None or held_out.y is None:
            raise ValueError("a judge needs labels; give Examples(x, y)")
        if not 0 < doubt < 1:
            raise ValueError(f"doubt must be between 0 and 1, the share of real examples to doubt; given {doubt}")
        self._machines = OneVsRestClassifier(SVC(C=10, gamma="scale")).fit(rows("learn", learn.x), learn.y.numpy())
        self.classes = self._machines.classes_
        self.accuracy = float((self.label(held_out.x) == held_out.y.numpy()).mean())  # on the held-out examples
        self.threshold = float(np.quantile(self.scores(held_out.x).max(1), doubt))

    def scores(self, x):
        """The signed margin of each class for each sample of `x` (n, *shape): (n, classes)."""
        return self._machines.decision_function(rows("x", x))

    def label(self, x):
        """The class with the best score: (n,)."""
        return self.classes[self.scores(x).argmax(1)]

    def sure(self, x):
        """Whether the best score of each sample reaches the threshold: (n,) of bool."""
        return self.scores(x).max(1) >= self.threshold
