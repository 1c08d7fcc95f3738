"""Writes digits.json: rows of the training split and converged logistic regression coefficients on digits / 16.

The split is stratified, a quarter for testing, random_state 0. Both models minimize scikit-learn's objective with
C = 1 to a gradient below 1e-10; coefficients are (classes, features), as in scikit-learn's `coef_`.

Versions: numpy 2.2.4, scikit-learn 1.6.1.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier

warnings.simplefilter("ignore")
features, labels = load_digits(return_X_y=True)
features = features / 16
train, test = train_test_split(np.arange(len(labels)), test_size=0.25, stratify=labels, random_state=0)
solver = {"C": 1.0, "tol": 1e-14, "max_iter": 100_000}

multinomial = LogisticRegression(solver="newton-cg", **solver).fit(features[train], labels[train])
# The softmax does not see what is added to all intercepts.
multinomial.intercept_ -= multinomial.intercept_.mean()
one_vs_rest = OneVsRestClassifier(LogisticRegression(solver="newton-cholesky", **solver)).fit(features[train], labels[train])


def summary(coefficients, intercepts, model):
    return {
        "coefficients": [[float(value) for value in row] for row in coefficients],
        "intercepts": [float(value) for value in intercepts],
        "correct": int((model.predict(features[test]) == labels[test]).sum()),
        "probabilities_of_first_test_row": [float(value) for value in model.predict_proba(features[test[:1]])[0]],
    }


golden = {
    "train": train.tolist(),
    "test": test.tolist(),
    "multinomial": summary(multinomial.coef_, multinomial.intercept_, multinomial),
    "one_vs_rest": summary(
        np.vstack([estimator.coef_ for estimator in one_vs_rest.estimators_]),
        [estimator.intercept_[0] for estimator in one_vs_rest.estimators_],
        one_vs_rest,
    ),
}


def gradient(model, kind):
    weights, intercepts = np.array(model["coefficients"]).T, np.array(model["intercepts"])
    logits = features[train] @ weights + intercepts
    if kind == "multinomial":
        probabilities = np.exp(logits - logits.max(1, keepdims=True))
        probabilities /= probabilities.sum(1, keepdims=True)
    else:
        probabilities = 1 / (1 + np.exp(-logits))
    residuals = probabilities - np.eye(10)[labels[train]]
    return max(np.abs(features[train].T @ residuals + weights).max(), np.abs(residuals.sum(0)).max())


for kind in ("multinomial", "one_vs_rest"):
    print(kind, golden[kind]["correct"], gradient(golden[kind], kind))
(Path(__file__).parent / "digits.json").write_text(json.dumps(golden) + "\n")
