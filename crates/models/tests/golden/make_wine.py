"""Writes wine_train.csv: notebook 000's training rows, scaled, with their labels.

Versions: numpy 2.2.4, scikit-learn 1.6.1.
"""

from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

features, labels = load_wine(return_X_y=True)
features, _, labels, _ = train_test_split(features, labels, test_size=0.2, random_state=42)
features = StandardScaler().fit_transform(features)
lines = [",".join([*map(repr, map(float, row)), str(label)]) for row, label in zip(features, labels)]
(Path(__file__).parent / "wine_train.csv").write_text("\n".join(lines) + "\n")
