"""GPTQ, AdaRound and HQQ in plain NumPy, transcribed from the papers. Weights are (in, out), inputs (n, in)."""

import numpy as np


# --- grids ---------------------------------------------------------------------------------------------------------


def grid_of(bits, symmetry):
    if symmetry == "symmetric":
        return -(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1
    if symmetry == "integer":
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def parameters(block, bits, symmetry):
    lowest, highest = grid_of(bits, symmetry)
    if symmetry == "symmetric":
        return np.abs(block).max() / highest, 0.0
    scale = (block.max() - block.min()) / (highest - lowest)
    if symmetry == "integer":
        return scale, np.round(-block.min() / scale) + lowest
    return scale, lowest - block.min() / scale


def nearest(w, scale, zero, bits, symmetry):
    return np.clip(np.round(w / scale + zero), *grid_of(bits, symmetry))


def column_parameters(rows, bits, symmetry):
    """One scale and zero point for each output of the rows."""
    return np.array([parameters(rows[:, j], bits, symmetry) for j in range(rows.shape[1])]).T


def hessian_of(x):
    return 2.0 / len(x) * x.T @ x


def proxy_loss(h, change):
    return float(np.trace(change.T @ h @ change))


# --- GPTQ: Frantar et al. 2023, algorithm 1, one input at a time ---------------------------------------------------


def gptq(w, x, bits, symmetry, group, act_order, damp):
    w = w.copy()
    inputs = len(w)
    h = hessian_of(x)
    whole = column_parameters(w, bits, symmetry)
    dead = np.diag(h) == 0
    h[dead, dead] = 1
    w[dead] = 0
    static = [column_parameters(w[i : i + group], bits, symmetry) for i in range(0, inputs, group)] if group else None
    order = np.argsort(-np.diag(h), kind="stable") if act_order else np.arange(inputs)
    w, h = w[order], h[order][:, order]
    h[np.arange(inputs), np.arange(inputs)] += damp * np.mean(np.diag(h))
    upper = np.linalg.cholesky(np.linalg.inv(h)).T
    codes = np.zeros(w.shape, int)
    for i in range(inputs):
        if not group:
            scale, zero = whole
        elif act_order:
            scale, zero = static[order[i] // group]
        elif i % group == 0:
            scale, zero = column_parameters(w[i : i + group], bits, symmetry)
        q = nearest(w[i], scale, zero, bits, symmetry)
        codes[order[i]] = q
        error = (w[i] - scale * (q - zero)) / upper[i, i]
        w[i + 1 :] -= np.outer(upper[i, i + 1 :], error)
    return codes


# --- AdaRound: Nagel et al. 2020, §3.3 -----------------------------------------------------------------------------


def adaround(w, x, bits, symmetry, iterations, rate, weight):
    scale, zero = column_parameters(w, bits, symmetry)
    lowest, highest = grid_of(bits, symmetry)
    position = w / scale + zero
    floor = np.floor(position)
    # A weight on a level starts just above it: otherwise rounding errors of the sigmoid decide whether it may move.
    alpha = -np.log(1.2 / (np.maximum(position - floor, 1e-6) + 0.1) - 1)
    h = hessian_of(x)
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in range(iterations):
        sigmoid = 1 / (1 + np.exp(-alpha))
        stretched = 1.2 * sigmoid - 0.1
        soft = np.clip(stretched, 0, 1)
        change = scale * (np.clip(floor + soft, lowest, highest) - zero) - w
        gradient = h @ change * scale
        gradient[(floor + soft < lowest) | (floor + soft > highest)] = 0
        if t >= 0.2 * iterations:
            progress = (t - 0.2 * iterations) / (0.8 * iterations)
            beta = 2 + 0.5 * 18 * (1 + np.cos(np.pi * progress))
            side = 2 * soft - 1
            gradient = gradient - weight * 2 * beta * np.abs(side) ** (beta - 1) * np.sign(side)
        gradient = gradient * 1.2 * sigmoid * (1 - sigmoid) * ((stretched >= 0) & (stretched <= 1))
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        alpha = alpha - rate * (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
    return np.clip(floor + (alpha >= 0), lowest, highest), scale, zero


# --- HQQ: Badri & Shaji 2023, as published: one norm over the matrix, stops when the mean |r| does not fall ----------


def hqq(w, bits, p=0.7, beta=10.0, kappa=1.01, iterations=20):
    scale, zero = column_parameters(w, bits, "float")
    best, best_error = zero, np.inf
    for _ in range(iterations):
        q = nearest(w, scale, zero, bits, "float")
        r = w - scale * (q - zero)
        if np.abs(r).mean() >= best_error:
            break
        best, best_error = zero, np.abs(r).mean()
        with np.errstate(divide="ignore"):
            e = np.sign(r) * np.maximum(np.abs(r) - np.abs(r) ** (p - 1) / beta, 0)
        zero = np.mean(q - (w - e) / scale, axis=0)
        beta *= kappa
    q = nearest(w, scale, best, bits, "float")
    return float((np.abs(w - scale * (q - best)) ** p).sum())
