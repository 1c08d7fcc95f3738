"""Makes the models that named experiments quantize: pip install scikit-learn==1.6.1 skl2onnx==1.20.0

A perceptron on digits by scikit-learn with a StandardScaler. It has seen the rows that `[split.holdout]` with
`test = 0.25`, `stratified = true`, `seed = 0` and `rng = "numpy"` leaves for training.
"""

from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pixels, digits = load_digits(return_X_y=True)
train, test, digits_train, digits_test = train_test_split(
    pixels.astype(np.float32), digits, test_size=0.25, stratify=digits, random_state=0
)
model = make_pipeline(StandardScaler(), MLPClassifier(32, max_iter=300, random_state=0))
model.fit(train, digits_train)
print("right:", (model.predict(test) == digits_test).sum(), "of", len(test))
file = to_onnx(model, train[:1], options={"zipmap": False})
(Path(__file__).parent / "digits-mlp.onnx").write_bytes(file.SerializeToString())
