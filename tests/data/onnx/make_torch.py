"""Writes the fixtures of models that torch exports to ONNX, with the answers of ONNX Runtime.

Run by tools/make_onnx_fixtures: `make_torch.py OUTPUT_FOLDER [NAME_PREFIX]`. Both exporters (TorchScript's and dynamo's)
write each network for several operator sets. The folder is named after ONNX Runtime's version, the cases after torch's.
What an exporter cannot write is listed in <version>/SKIPPED_TORCH.txt.
"""

import contextlib
import io
import logging
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

import make

ROWS = 7


class Function(nn.Module):
    """A network of layers and a function that uses them."""

    def __init__(self, compute, **layers):
        super().__init__()
        self.layers = nn.ModuleDict(layers)
        self.compute = compute

    def forward(self, *inputs):
        return self.compute(self.layers, *inputs)


def numbers(*shape, seed=0):
    return torch.from_numpy(np.random.RandomState(seed).normal(size=(ROWS, *shape)).astype(np.float32))


def whole(limit, *shape, seed=0):
    return torch.from_numpy(np.random.RandomState(seed).randint(0, limit, (ROWS, *shape)).astype(np.int64))


def mlp(*activations):
    layers, width = [], 4
    for activation in activations:
        layers += [nn.Linear(width, 8), activation]
        width = 8
    return nn.Sequential(*layers, nn.Linear(width, 3))


def trained(norm, width):
    """A batch normalization that has seen data."""
    with torch.no_grad():
        norm.running_mean.copy_(torch.linspace(-1, 1, width))
        norm.running_var.copy_(torch.linspace(0.5, 2, width))
    return norm


def networks():
    """(name, network, inputs)"""
    x = numbers(4)
    yield "mlp_relu", mlp(nn.ReLU(), nn.ReLU()), [x]
    yield "mlp_leaky", mlp(nn.LeakyReLU(0.2), nn.PReLU()), [x]
    yield "mlp_gelu", mlp(nn.GELU(), nn.GELU(approximate="tanh")), [x]
    yield "mlp_smooth", mlp(nn.SiLU(), nn.Mish(), nn.Softplus()), [x]
    yield "mlp_elu", mlp(nn.ELU(), nn.SELU(), nn.CELU(0.7)), [x]
    yield "mlp_hard", mlp(nn.Hardswish(), nn.Hardsigmoid(), nn.ReLU6(), nn.Hardtanh(-0.5, 0.5)), [x]
    yield "mlp_softmax", nn.Sequential(mlp(nn.Tanh()), nn.Softmax(dim=1)), [x]
    yield "mlp_log_softmax", nn.Sequential(mlp(nn.Sigmoid()), nn.LogSoftmax(dim=-1)), [x]
    yield "mlp_sigmoid", nn.Sequential(nn.Linear(4, 1), nn.Sigmoid()), [x]
    yield "mlp_no_bias", nn.Sequential(nn.Linear(4, 5, bias=False), nn.Softsign(), nn.Linear(5, 2, bias=False)), [x]
    yield "batch_norm", nn.Sequential(nn.Linear(4, 6), trained(nn.BatchNorm1d(6), 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 2)), [x]
    yield "layer_norm", nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 2)), [x]
    yield "group_norm", nn.Sequential(nn.Linear(4, 6), nn.GroupNorm(2, 6), nn.Linear(6, 2)), [x]
    yield "residual", Function(lambda m, x: m["b"](functional.relu(m["a"](x)) + x) * 0.5 - x.abs(), a=nn.Linear(4, 4), b=nn.Linear(4, 4)), [x]
    yield "embedding", Function(lambda m, ids, x: m["out"](torch.cat([m["table"](ids).flatten(1), x], dim=1)),
                                table=nn.Embedding(6, 3), out=nn.Linear(10, 2)), [whole(6, 2), x]
    yield "embedding_one", Function(lambda m, ids, x: m["out"](torch.cat([m["table"](ids), x], dim=-1)),
                                    table=nn.Embedding(6, 3), out=nn.Linear(7, 2)), [whole(6), x]
    yield "embedding_mean", Function(lambda m, ids: m["out"](m["table"](ids).mean(dim=1)), table=nn.Embedding(9, 4), out=nn.Linear(4, 2)), [whole(9, 5)]
    yield "two_towers", Function(lambda m, a, b: (functional.normalize(m["a"](a), dim=-1) * functional.normalize(m["b"](b), dim=-1)).sum(-1),
                                 a=nn.Linear(4, 3), b=nn.Linear(2, 3)), [x, numbers(2, seed=1)]
    yield "shapes", Function(lambda m, x: m["out"](x.view(-1, 2, 2).transpose(1, 2).reshape(x.shape[0], 4).unsqueeze(1).squeeze(1)), out=nn.Linear(4, 2)), [x]
    yield "slices", Function(lambda m, x: torch.cat([x[:, 1:3], x[:, ::2], x[:, -1:]], 1) * m["out"](x), out=nn.Linear(4, 5)), [x]
    yield "split", Function(lambda m, x: torch.stack([one.sum(1) for one in m["a"](x).chunk(3, dim=1)], dim=1), a=nn.Linear(4, 6)), [x]
    yield "reductions", Function(lambda m, x: torch.cat([x.mean(1, keepdim=True), x.sum(1, keepdim=True), x.max(dim=1, keepdim=True)[0], x.amin(1, keepdim=True),
                                                         x.norm(dim=1, keepdim=True), x.prod(1, keepdim=True)], 1)), [x]
    yield "variance", Function(lambda m, x: torch.stack([x.var(1), x.std(1, unbiased=False)], 1)), [x]
    yield "clip_where", Function(lambda m, x: torch.where(x > 0, x.clamp(max=0.5), torch.clamp(x, -0.25, 3) ** 2)), [x]
    yield "functions", Function(lambda m, x: torch.exp(-x.abs()) + torch.log1p(x * x) + torch.sqrt(x.abs()) + torch.sin(x) * torch.cos(x) + x.floor() + torch.erf(x) + x.sign() + torch.pow(x.abs(), 1.5)), [x]
    yield "compare", Function(lambda m, x: ((x > 0) & (x < 1) | (x == 0)).float() + (x >= 0.5).to(torch.float32) * 2), [x]
    yield "argmax", Function(lambda m, x: m["a"](x).argmax(dim=1), a=nn.Linear(4, 3)), [x]
    yield "topk", Function(lambda m, x: torch.topk(m["a"](x), 2, dim=1)[0], a=nn.Linear(4, 5)), [x]
    yield "classifier_two", Function(lambda m, x: (m["a"](x).softmax(1), m["a"](x).argmax(1)), a=nn.Linear(4, 3)), [x]
    yield "missing", Function(lambda m, x: torch.nan_to_num(torch.where(x > 1, torch.full_like(x, float("nan")), x), nan=-1.0)), [x]
    yield "double", Function(lambda m, x: m["a"](x.double()), a=nn.Linear(4, 3).double()), [x]
    yield "whole_numbers", Function(lambda m, ids: (ids * 3 + 1) % 5 + ids // 2), [whole(20, 3)]
    yield "bilinear", Function(lambda m, x: torch.einsum("bi,ij,bj->b", x, m["a"].weight, x).unsqueeze(1), a=nn.Linear(4, 4)), [x]
    yield "factorization", Function(lambda m, x: m["a"](x) + 0.5 * ((x @ m["v"].weight).pow(2) - x.pow(2) @ m["v"].weight.pow(2)).sum(1, keepdim=True),
                                    a=nn.Linear(4, 1), v=nn.Linear(3, 4, bias=False)), [x]
    yield "cross", Function(lambda m, x: x * m["a"](x) + x, a=nn.Linear(4, 1)), [x]
    yield "attention_pool", Function(lambda m, x: (torch.softmax(m["a"](x), dim=1) * x).sum(1), a=nn.Linear(3, 1)), [numbers(5, 3)]
    yield "self_attention", Function(lambda m, x: functional.scaled_dot_product_attention(m["q"](x), m["k"](x), m["v"](x)).mean(1),
                                     q=nn.Linear(3, 4), k=nn.Linear(3, 4), v=nn.Linear(3, 4)), [numbers(5, 3)]
    yield "encoder", nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), [numbers(3, 4)]
    yield "conv1d", nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(9, 2)), [numbers(2, 6)]
    yield "conv2d", nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 2)), [numbers(1, 8, 8)]
    yield "conv_pool", nn.Sequential(nn.Conv2d(2, 2, 3, groups=2), trained(nn.BatchNorm2d(2), 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()), [numbers(2, 5, 5)]


def exported(network, inputs, exporter, opset):
    names = [f"x{i}" if len(inputs) > 1 else "x" for i in range(len(inputs))]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if exporter == "script":
            file = io.BytesIO()
            torch.onnx.export(network, tuple(inputs), file, opset_version=opset, input_names=names,
                              dynamic_axes={name: {0: "rows"} for name in names}, dynamo=False)
            return onnx.load_from_string(file.getvalue())
        rows = torch.export.Dim("rows")
        if "Function" in type(network).__name__:
            shapes = {"inputs": tuple({0: rows} for _ in inputs)}
        else:
            shapes = tuple({0: rows} for _ in inputs)
        program = torch.onnx.export(network, tuple(inputs), dynamo=True, input_names=names, opset_version=opset,
                                    dynamic_shapes=shapes)
        model = program.model_proto
        for node in [*model.graph.node, *(node for one in model.functions for node in one.node)]:
            node.ClearField("metadata_props")  # source lines of this machine
            node.ClearField("doc_string")
        model.graph.ClearField("metadata_props")
        for info in model.graph.value_info:
            info.ClearField("metadata_props")
        return model


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    out = pathlib.Path(sys.argv[1])
    prefix = sys.argv[2] if len(sys.argv) > 2 else "torch_"
    version = torch.__version__.split("+")[0]
    folder = out / onnxruntime.__version__
    folder.mkdir(parents=True, exist_ok=True)
    newest = version > "2.6" or version.startswith("2.1")
    forms = [("script", 11), ("script", 17), ("dynamo", 18)] + ([("dynamo", 23)] if newest else [])
    made, skipped = 0, []
    for base, network, inputs in networks():
        for exporter, opset in forms:
            name = f"torch_{base}_{exporter}{opset}"
            if not name.startswith(prefix):
                continue
            torch.manual_seed(0)
            network.eval()
            try:
                model = exported(network, inputs, exporter, opset)
                sizes = [one.type.tensor_type.shape.dim[0] for one in model.graph.input]
                if any(size.HasField("dim_value") for size in sizes):
                    raise ValueError("the exporter fixed the number of rows")
                model.producer_version = version
                given = {one.name: array.numpy() for one, array in zip(model.graph.input, inputs, strict=True)}
                make.make(folder, name, model, given, 1e-5)
                made += 1
            except Exception as error:  # noqa: BLE001 - the summary is the point
                reason = str(error).splitlines()[0] if str(error) else ""
                skipped.append(f"{name}: {type(error).__name__}: {reason[:160]}")
    if prefix == "torch_":
        (folder / "SKIPPED_TORCH.txt").write_text("".join(line + "\n" for line in skipped))
    print(f"torch {version}: {made} cases made, {len(skipped)} skipped")


if __name__ == "__main__":
    main()
