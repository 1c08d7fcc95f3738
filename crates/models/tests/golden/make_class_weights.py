"""Writes class_weights.json: converged logistic regression with class weights on an imbalanced part of wine_train.csv.

The first 12 rows of class 0, all of class 1 and the first 5 of class 2. Coefficients are (classes, features), as in
scikit-learn's `coef_`; C = 0.5. With `multi_class="ovr"` scikit-learn balances each class against the rest anew: there the
weights of `balanced` are those over all classes, given by number.

Versions: numpy 2.2.4, scikit-learn 1.6.1.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight

warnings.simplefilter("ignore")
folder = Path(__file__).parent
table = np.loadtxt(folder / "wine_train.csv", delimiter=",")
labels = table[:, -1].astype(int)
kept = np.concatenate([np.flatnonzero(labels == label)[:most] for label, most in enumerate((12, None, 5))])
features, labels = table[kept, :-1], labels[kept]

balanced = dict(enumerate(compute_class_weight("balanced", classes=np.arange(3), y=labels).tolist()))
weights = {"balanced": balanced, "given": {0: 0.25, 1: 1.0, 2: 7.5}, "thousandfold": {0: 1.0, 1: 0.05, 2: 50.0}}
golden = {"kept": kept.tolist(), "weights": {name: list(given.values()) for name, given in weights.items()}}
solver = {"C": 0.5, "tol": 1e-14, "max_iter": 100_000}
for name, given in weights.items():
    by_name = "balanced" if name == "balanced" else given
    models = {
        "multinomial": LogisticRegression(solver="newton-cg", class_weight=by_name, **solver),
        "one_vs_rest": LogisticRegression(
            solver="newton-cholesky", multi_class="ovr", class_weight=given, **solver
        ),
    }
    for kind, model in models.items():
        model.fit(features, labels)
        weight, intercept = model.coef_.T, model.intercept_
        logits = features @ weight + intercept
        if kind == "multinomial":
            probabilities = np.exp(logits - logits.max(1, keepdims=True))
            probabilities /= probabilities.sum(1, keepdims=True)
            # The softmax does not see what is added to all intercepts.
            intercept = intercept - intercept.mean()
        else:
            probabilities = 1 / (1 + np.exp(-logits))
        residuals = (probabilities - np.eye(3)[labels]) * np.array(list(given.values()))[labels, None]
        gradient = max(
            np.abs(features.T @ residuals + weight / 0.5).max(), np.abs(residuals.sum(0)).max()
        )
        print(name, kind, f"{gradient:.1e}")
        golden.setdefault(kind, {})[name] = {
            "coefficients": weight.T.tolist(),
            "intercepts": intercept.tolist(),
        }
(folder / "class_weights.json").write_text(json.dumps(golden) + "\n")
