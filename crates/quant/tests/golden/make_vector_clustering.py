"""Distortions that scikit-learn and faiss reach on vectors: the ten runs that our k-means is held to.

    OMP_NUM_THREADS=2 python make_vector_clustering.py

Made with Python 3.11, numpy 2.2.4, scikit-learn 1.6.1, faiss-cpu 1.15.1. Writes vector_clustering.json beside itself: for
each data set, width of vectors and number of clusters the ten sums of squared distances of either library (k-means from
ten seeds: scikit-learn with its defaults; faiss with 100 iterations and no subsampling, its centroids measured in f64).
The weights of a digits MLP are written with it; those of the digits regression stand in notebooks.json; the third data
set is `mixture` below, which the test draws again by itself.
"""

import json
import warnings
from pathlib import Path

import faiss
import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
RUNS = 10
warnings.filterwarnings("ignore")


def mixture():
    """100,000 points around 49 uneven centers; every operation is exact or correctly rounded."""
    random = np.random.RandomState(8)
    centers = random.random_sample((97, 8))
    noise = random.random_sample((100_000, 8))
    return centers[np.arange(100_000) ** 2 % 97] + 0.5 * (noise - 0.5)


def regression_weights():
    entries = json.loads((HERE / "notebooks.json").read_text())
    text = next(entry for entry in entries if entry["notebook"] == "003")["weights"]
    return np.array(text.split(), np.float32).reshape(64, 10).astype(np.float64)


def mlp_weights():
    x, y = load_digits(return_X_y=True)
    model = MLPClassifier(hidden_layer_sizes=(32,), max_iter=60, random_state=0).fit(x / 16.0, y)
    return model.coefs_[0].astype(np.float32)


def by_scikit_learn(x, clusters, seed):
    return float(KMeans(clusters, n_init=1, random_state=seed).fit(x).inertia_)


def by_faiss(x, clusters, seed):
    model = faiss.Kmeans(
        x.shape[1], clusters, niter=100, seed=seed, max_points_per_centroid=len(x), min_points_per_centroid=1
    )
    model.train(x.astype(np.float32))
    centroids = model.centroids.astype(np.float64)
    total = 0.0
    for part in np.array_split(x, max(1, len(x) // 5000)):
        total += ((part[:, None, :] - centroids[None]) ** 2).sum(2).min(1).sum()
    return float(total)


def main():
    mlp = mlp_weights()
    sets = [
        ("regression", 2, regression_weights()),
        ("mlp", 4, mlp.astype(np.float64)),
        ("mixture", 8, mixture()),
    ]
    entries = []
    for name, width, values in sets:
        x = values.reshape(-1, width)
        for clusters in (16, 256):
            entry = dict(data=name, width=width, clusters=clusters)
            entry["scikit_learn"] = [by_scikit_learn(x, clusters, seed) for seed in range(RUNS)]
            entry["faiss"] = [by_faiss(x, clusters, seed) for seed in range(RUNS)]
            entries.append(entry)
            print(name, clusters, min(entry["scikit_learn"]), min(entry["faiss"]))
    weights = " ".join(str(value) for value in mlp.ravel())
    with open(HERE / "vector_clustering.json", "w") as file:
        lines = ",\n".join(json.dumps(entry) for entry in entries)
        file.write(f'{{"mlp": "{weights}",\n"runs": [\n{lines}\n]}}\n')


main()
