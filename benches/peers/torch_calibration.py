"""GPTQ and AdaRound in PyTorch, in f64, for weights (in, out) with one symmetric scale for each output and inputs (n, in)."""

import torch

# Inputs whose errors reach the later ones together.
BLOCK = 128


def scales_of(weights, bits):
    return weights.abs().amax(0) / (2 ** (bits - 1) - 1)


def gptq(weights, inputs, bits, damp):
    """Frantar et al. 2023, algorithm 1, with its lazy updates of later blocks."""
    weights = weights.clone()
    highest = 2 ** (bits - 1) - 1
    scales = scales_of(weights, bits)
    hessian = 2 / len(inputs) * inputs.T @ inputs
    hessian.diagonal().add_(damp * hessian.diagonal().mean())
    upper = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(hessian)), upper=True)
    codes = torch.empty_like(weights)
    for first in range(0, len(weights), BLOCK):
        block, rows = weights[first : first + BLOCK], upper[first : first + BLOCK]
        errors = torch.empty_like(block)
        for i in range(len(block)):
            codes[first + i] = (block[i] / scales).round().clamp(-highest, highest)
            errors[i] = (block[i] - scales * codes[first + i]) / rows[i, first + i]
            block[i + 1 :] -= torch.outer(rows[i, first + i + 1 : first + BLOCK], errors[i])
        weights[first + BLOCK :] -= rows[:, first + BLOCK :].T @ errors
    return codes


def adaround(weights, inputs, bits, iterations, rate, weight):
    """Nagel et al. 2020, §3.3, by autograd and Adam."""
    highest = 2 ** (bits - 1) - 1
    scales = scales_of(weights, bits)
    hessian = 2 / len(inputs) * inputs.T @ inputs
    floor = (weights / scales).floor()
    rest = (weights / scales - floor).clamp_min(1e-6)
    alpha = (-(1.2 / (rest + 0.1) - 1).log()).requires_grad_()
    adam = torch.optim.Adam([alpha], lr=rate)
    for step in range(iterations):
        soft = (1.2 * alpha.sigmoid() - 0.1).clamp(0, 1)
        change = scales * (floor + soft).clamp(-highest, highest) - weights
        loss = 0.5 * (change * (hessian @ change)).sum()
        if step >= 0.2 * iterations:
            progress = torch.tensor((step - 0.2 * iterations) / (0.8 * iterations))
            beta = 2 + 9 * (1 + torch.cos(torch.pi * progress))
            loss = loss + weight * (1 - (2 * soft - 1).abs() ** beta).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return (floor + (alpha >= 0)).clamp(-highest, highest).detach()
