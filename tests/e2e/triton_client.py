"""Triton's client in its four forms: REST and gRPC, each also asynchronous."""

import asyncio
import inspect

import numpy as np
import pytest
import tritonclient.http as http
import tritonclient.http.aio as http_aio
from tritonclient.utils import InferenceServerException

from conftest import import_apart

triton, triton_aio = import_apart("tritonclient.grpc", "tritonclient.grpc.aio")

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
LABELS = [[b"setosa"], [b"virginica"]]
TOKEN = {"Authorization": "Bearer s3cret"}
FORMS = {"http": (http, http), "grpc": (triton, triton), "http.aio": (http_aio, http), "grpc.aio": (triton_aio, triton)}
# REST answers and gRPC's codes for the same failure.
STATUS = {"400": "INVALID_ARGUMENT", "404": "NOT_FOUND", "403": "PERMISSION_DENIED", "500": "INTERNAL", "501": "UNIMPLEMENTED",
          "409": "ALREADY_EXISTS", "503": "UNAVAILABLE"}


class Client:
    """One of the four clients, called as if all were synchronous; knows which of its methods were called."""

    def __init__(self, form, port):
        self.form, (module, self.tensors) = form, FORMS[form]
        self.loop = asyncio.new_event_loop()
        self.called = set()

        async def make():
            return module.InferenceServerClient(f"127.0.0.1:{port}")

        self.inner = self.run(make()) if form.endswith("aio") else module.InferenceServerClient(f"127.0.0.1:{port}")

    def run(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def __getattr__(self, name):
        self.called.add(name)
        method = getattr(self.inner, name)

        def call(*arguments, **options):
            result = method(*arguments, **options)
            return self.run(result) if inspect.isawaitable(result) else result

        return call

    def json(self, name, *arguments, **options):
        """An answer as JSON; gRPC's has 64-bit numbers as texts."""
        if self.form.startswith("grpc"):
            options["as_json"] = True
        headers = options.pop("headers", None)
        if headers and self.form.startswith("grpc"):
            headers = {key.lower(): value for key, value in headers.items()}
        return getattr(self, name)(*arguments, headers=headers, **options)

    def admin(self, name, *arguments, **options):
        token = {key.lower(): value for key, value in TOKEN.items()} if self.form.startswith("grpc") else TOKEN
        return getattr(self, name)(*arguments, headers=token, **options)

    def input(self, data=ROWS):
        made = self.tensors.InferInput("x", list(data.shape), "FP64")
        made.set_data_from_numpy(data)
        return made

    def output(self, name, **options):
        return self.tensors.InferRequestedOutput(name, **options)

    def fails(self, status, text, name, *arguments, admin=False, **options):
        with pytest.raises(InferenceServerException) as error:
            if admin:
                self.admin(name, *arguments, **options)
            else:
                getattr(self, name)(*arguments, **options)
        expected = status if self.form.startswith("http") else f"StatusCode.{STATUS[status]}"
        assert error.value.status() == expected, error.value
        assert text in error.value.message(), error.value
