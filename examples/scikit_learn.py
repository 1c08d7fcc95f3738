"""scikit-learn → ONNX → bitsweep → onnxruntime.

    pip install scikit-learn==1.6.1 pandas==2.3.3 skl2onnx==1.20.0 onnxruntime==1.32.0
"""

import subprocess
import tempfile

import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

table = load_breast_cancer(as_frame=True).frame.astype("float32")
train, test = train_test_split(table, test_size=0.4, random_state=0, stratify=table["target"])
model = make_pipeline(StandardScaler(), MLPClassifier(32, max_iter=500, random_state=0))
features = test.drop(columns="target").to_numpy()
model.fit(train.drop(columns="target").to_numpy(), train["target"].astype(int))

with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/cancer.onnx", "wb") as file:
        file.write(to_onnx(model, features[:1], options={"zipmap": False}).SerializeToString())
    test.astype({"target": int}).to_csv(f"{folder}/test.csv", index=False)
    bitsweep = lambda *arguments: subprocess.run(["bitsweep", *arguments], cwd=folder, check=True)
    bitsweep("run", "cancer.onnx", "--csv", "test.csv", "--target", "target", "--quiet")
    bitsweep("export", "cancer", "--variant", "8 bit · per output channel", "--format", "onnx", "--out", ".")
    session = onnxruntime.InferenceSession(f"{folder}/cancer-8-bit-per-output-channel.onnx")
    label, _ = session.run(["label", "probabilities"], {"input": features})
print("as scikit-learn:", (label == model.predict(features)).mean(), "of the rows")
