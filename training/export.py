"""Turns the trained network into the model that ships: ONNX, weights in int8, one window a run. Owns both steps."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from training.encoder import Network

OPSET = 17


class _OneWindow(nn.Module):
    """The network for one row without filling up, so that the graph holds no mask."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        mask = torch.ones_like(ids, dtype=torch.float32)
        return self.network(ids, mask)


def int8(network: Network) -> bytes:
    """Export and quantise: matrices by channel in int8, activations in uint8 with a scale for each run."""
    network = network.eval().float()
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, small = (Path(folder) / name for name in ("plain.onnx", "prepared.onnx", "small.onnx"))
        torch.onnx.export(
            _OneWindow(network),
            (torch.ones((1, 16), dtype=torch.long),),
            str(plain),
            input_names=["ids"],
            output_names=["logits"],
            dynamic_axes={"ids": {1: "length"}},
            opset_version=OPSET,
            dynamo=False,
        )
        quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            str(prepared),
            str(small),
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
            extra_options={"MatMulConstBOnly": True},
        )
        return small.read_bytes()
