"""Files of tensors as other tools write them, and what these tools compute of them.

python -m pip install numpy==2.2.4 scikit-learn==1.6.1 safetensors==0.8.0 ml_dtypes==0.5.1
python make_tensors.py
"""

import json

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

X, y = load_wine(return_X_y=True)
scaler = StandardScaler().fit(X[::2])
train, rows = scaler.transform(X[::2]), X[1::16]
golden = {}


def layers(model):
    return zip(model.coefs_, model.intercepts_)


def logits(model, x, act):
    for number, (weight, bias) in enumerate(layers(model)):
        x = (act(x) if number else x) @ weight + bias
    return x


relu = lambda x: np.maximum(x, 0)
mlp = MLPClassifier((6, 5), activation="relu", max_iter=3000, random_state=0).fit(train, y[::2])
arrays = {f"coefs_{i}": w for i, (w, _) in enumerate(layers(mlp))}
arrays |= {f"intercepts_{i}": b for i, (_, b) in enumerate(layers(mlp))}
scaled = dict(mean_=scaler.mean_, scale_=scaler.scale_, classes_=mlp.classes_)
np.savez("mlp.npz", **scaled, **arrays)
golden["classes of all rows by mlp.npz"] = mlp.predict(scaler.transform(X)).tolist()
golden["mlp.npz"] = logits(mlp, scaler.transform(rows), relu).tolist()

# Half precision, the first index fastest, packed.
half = {name: np.asfortranarray(a.astype(np.float16)) for name, a in arrays.items()}
np.savez_compressed("mlp-float16.npz", **half)
x = scaler.transform(rows)
for i in range(3):
    x = (relu(x) if i else x) @ half[f"coefs_{i}"].astype(np.float64) + half[f"intercepts_{i}"].astype(np.float64)
golden["mlp-float16.npz"] = x.tolist()

logistic = LogisticRegression(max_iter=1000).fit(train, y[::2])
np.savez("logistic.npz", coef_=logistic.coef_, intercept_=logistic.intercept_, **scaled)
golden["logistic.npz"] = logistic.decision_function(scaler.transform(rows)).tolist()

two = LogisticRegression(max_iter=1000).fit(train, y[::2] == 1)
np.savez("two-classes.npz", coef_=two.coef_, intercept_=two.intercept_, mean_=scaler.mean_, scale_=scaler.scale_)
golden["two-classes.npz"] = [[0.0, z] for z in two.decision_function(scaler.transform(rows))]

# Names of classes that are texts, in code points and in bytes, and texts that are something else.
names = np.array(["Barolo", "Grignolino", "Barbera d’Asti"])
own = dict(coef_=logistic.coef_, intercept_=logistic.intercept_, mean_=scaler.mean_, scale_=scaler.scale_)
named = LogisticRegression(max_iter=1000).fit(train, names[y[::2]])
columns = np.array([name.replace(" ", "_") for name in load_wine().feature_names])
sorted_names = dict(coef_=named.coef_, intercept_=named.intercept_, mean_=scaler.mean_, scale_=scaler.scale_)
np.savez("texts.npz", classes_=named.classes_, feature_names_in_=columns, **sorted_names)
golden["texts.npz"] = named.decision_function(scaler.transform(rows)).tolist()
golden["names of texts.npz"] = named.classes_.tolist()
np.savez_compressed("bytes.npz", classes_=np.array([b"a", b"b\xc3\xa9", b"ccc"]), **own)
golden["bytes.npz"] = logistic.decision_function(scaler.transform(rows)).tolist()
np.savez("objects.npz", classes_=named.classes_.astype(object), **sorted_names)

# PyTorch's names and orientation. `net.10` is behind `net.2`, and a batch normalization in front of the activation.
rng = np.random.default_rng(0)
gamma, beta, mean = rng.uniform(0.5, 2, 5), rng.normal(size=5), rng.normal(size=5)
variance = rng.uniform(0.5, 2, 5)
dense = list(layers(mlp))
state = {}
for name, (weight, bias) in zip(["net.0", "net.2", "net.10"], dense):
    state[f"{name}.weight"] = np.ascontiguousarray(weight.T)
    state[f"{name}.bias"] = bias
state["net.3.weight"], state["net.3.bias"] = gamma, beta
state["net.3.running_mean"], state["net.3.running_var"] = mean, variance
state["net.3.num_batches_tracked"] = np.array(7)
save_file({n: a.astype(np.float32) if a.dtype == float else a for n, a in state.items()}, "state-dict.safetensors")
x = scaler.transform(rows)
x = relu(x @ dense[0][0] + dense[0][1]) @ dense[1][0] + dense[1][1]
x = relu((x - mean) / np.sqrt(variance + 1e-5) * gamma + beta) @ dense[2][0] + dense[2][1]
golden["state-dict.safetensors"] = x.tolist()

short = {n: a.astype(ml_dtypes.bfloat16) for n, a in state.items() if not n.startswith("net.3")}
save_file(short, "bfloat16.safetensors")
of = lambda name: short[name].astype(np.float64)
x = scaler.transform(rows)
for number, name in enumerate(["net.0", "net.2", "net.10"]):
    x = (np.tanh(x) if number else x) @ of(f"{name}.weight").T + of(f"{name}.bias")
golden["bfloat16.safetensors"] = x.tolist()

# Columns as they come, and what the models take of them.
golden["rows"], golden["scaled"] = rows.tolist(), scaler.transform(rows).tolist()
with open("tensors.json", "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
