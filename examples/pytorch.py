"""PyTorch → safetensors → bitsweep → PyTorch.

    pip install torch==2.15.0 safetensors==0.8.0 numpy==2.2.4
"""

import subprocess
import tempfile

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
rows = torch.randn(600, 8)
classes = (rows[:, 0] * rows[:, 1] > 0).long() + (rows[:, 2] > 1).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(300):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(rows[:300]), classes[:300]).backward()
    optimizer.step()

with tempfile.TemporaryDirectory() as folder:
    save_file(model.state_dict(), f"{folder}/net.safetensors")
    header = ",".join([f"x{column}" for column in range(8)] + ["class"])
    table = np.column_stack([rows[300:].numpy(), classes[300:].numpy()])
    np.savetxt(f"{folder}/test.csv", table, fmt="%.9g", delimiter=",", header=header, comments="")
    bitsweep = lambda *arguments: subprocess.run(["bitsweep", *arguments], cwd=folder, check=True)
    data = ["net.safetensors", "--csv", "test.csv", "--target", "class", "--set", "model.file.activation=relu"]
    bitsweep("run", *data, "--name", "net", "--quiet")
    bitsweep("export", "net", "--pick", "memory", "--format", "npz", "--out", "out")
    arrays = np.load(next(__import__("pathlib").Path(folder, "out").glob("*.npz")))
    values = {name: torch.tensor(arrays[f"{part}.values"]) for name, part in [("0", "W1"), ("2", "W2")]}
    biases = {name: torch.tensor(arrays[f"{part}.values"][0]) for name, part in [("0", "b1"), ("2", "b2")]}

small = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
small.load_state_dict(
    {f"{name}.weight": values[name].T for name in values} | {f"{name}.bias": biases[name] for name in biases}
)
same = (small(rows[300:]).argmax(1) == model(rows[300:]).argmax(1)).float().mean()
print(f"the class of the float model in {same.item():.1%} of the rows")
