"""TensorFlow's C API by ctypes: a SavedModel in a session, without TensorFlow's Python.

The API is stable and comes with every wheel of tensorflow, in libtensorflow_cc.so.2. Only what serving needs is here.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

INVALID_ARGUMENT = 3
"""Of TF_Code."""

_STRING = 7
_DTYPES = {1: np.float32, 3: np.int32, 9: np.int64, 10: np.bool_}
"""Of TF_DataType."""
_TSTRING_BYTES = 24
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of malloc.h."""

_CONFIG = b"\x52\x05\x52\x03\x98\x01\x01"
"""A ConfigProto: graph_options (field 10) { rewrite_options (10) { disable_meta_optimizer (19): true } }.

Optimizing the graph makes the first run up to five times longer, and the others not measurably shorter.
"""


class Output(ctypes.Structure):
    """TF_Output, also in the place of TF_Input: an operation and the index of one of its outputs or inputs."""

    operation: int
    index: int
    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


class StatusError(Exception):
    """TensorFlow's status when it is not OK: the code, of TF_Code, and the message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


_P, _S, _I, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "TF_NewStatus": (_P, ()),
    "TF_DeleteStatus": (None, (_P,)),
    "TF_GetCode": (_I, (_P,)),
    "TF_Message": (_S, (_P,)),
    "TF_NewGraph": (_P, ()),
    "TF_NewSessionOptions": (_P, ()),
    "TF_SetConfig": (None, (_P, _S, _SIZE, _P)),
    "TF_LoadSessionFromSavedModel": (_P, (_P, _P, _S, _P, _I, _P, _P, _P)),
    "TF_SessionRun": (None, (_P, _P, _P, _P, _I, _P, _P, _I, _P, _I, _P, _P)),
    "TF_GraphOperationByName": (_P, (_P, _S)),
    "TF_GraphNextOperation": (_P, (_P, _P)),
    "TF_OperationOpType": (_S, (_P,)),
    "TF_OperationNumOutputs": (_I, (_P,)),
    "TF_OperationInput": (Output, (Output,)),
    "TF_OperationOutputType": (_I, (Output,)),
    "TF_NewOperation": (_P, (_P, _S, _S)),
    "TF_AddInput": (None, (_P, Output)),
    "TF_SetAttrType": (None, (_P, _S, _I)),
    "TF_FinishOperation": (_P, (_P, _P)),
    "TF_AllocateTensor": (_P, (_I, _P, _I, _SIZE)),
    "TF_DeleteTensor": (None, (_P,)),
    "TF_TensorData": (_P, (_P,)),
    "TF_TensorType": (_I, (_P,)),
    "TF_TensorByteSize": (_SIZE, (_P,)),
    "TF_NumDims": (_I, (_P,)),
    "TF_Dim": (ctypes.c_int64, (_P, _I)),
    "TF_StringGetDataPointer": (_P, (_P,)),
    "TF_StringGetSize": (_SIZE, (_P,)),
}
"""What each function gives and takes."""


class Session:
    """The graph of a SavedModel, its variables restored. It lives as long as the process.

    `packages` is the site-packages directory with tensorflow in it; `tags` choose one of the SavedModel's graphs.
    Raises OSError when the library cannot be loaded, StatusError when the model cannot.
    """

    def __init__(self, packages: Path, model: Path, tags: Sequence[str]) -> None:
        self._library = _library(packages)
        self._graph = self._library.TF_NewGraph()
        options = self._library.TF_NewSessionOptions()
        with self._checked() as status:
            self._library.TF_SetConfig(options, _CONFIG, len(_CONFIG), status)
        texts = (ctypes.c_char_p * len(tags))(*[tag.encode() for tag in tags])
        with self._checked() as status:
            self._session = self._library.TF_LoadSessionFromSavedModel(
                options, None, os.fsencode(model), texts, len(tags), self._graph, None, status
            )

    def output(self, name: str) -> Output:
        """The tensor that a signature calls `operation:index`. Raises LookupError when there is none."""
        operation, _, index = name.partition(":")
        found = self._library.TF_GraphOperationByName(self._graph, operation.encode())
        if not found or not 0 <= int(index) < self._library.TF_OperationNumOutputs(found):
            raise LookupError(f"the model has no tensor {name}")
        return Output(found, int(index))

    def run(
        self,
        feeds: Sequence[tuple[Output, NDArray[np.float32]]],
        fetches: Sequence[Output],
        targets: Sequence[int] = (),
    ) -> list[NDArray[Any]]:
        """Copies of the fetched tensors, strings as objects: bytes. `targets` are operations to run besides.

        Raises StatusError.
        """
        inputs = (Output * len(feeds))(*[output for output, _ in feeds])
        outputs, results = (Output * len(fetches))(*fetches), (_P * len(fetches))()
        operations = (_P * len(targets))(*targets)
        with ExitStack() as stack:
            tensors = (_P * len(feeds))(*[stack.enter_context(self._tensor(array)) for _, array in feeds])
            with self._checked() as status:
                self._library.TF_SessionRun(
                    *(self._session, None, inputs, tensors, len(feeds), outputs, results, len(fetches)),
                    *(operations, len(targets), None, status),
                )
            for result in results:
                stack.callback(self._library.TF_DeleteTensor, result)
            return [self._array(result) for result in results if result]

    def operations(self, kind: str) -> Iterator[int]:
        """The operations of a kind, such as `VarHandleOp`."""
        position = ctypes.c_size_t()
        while operation := self._library.TF_GraphNextOperation(self._graph, ctypes.byref(position)):
            if self._library.TF_OperationOpType(operation) == kind.encode():
                yield operation

    def kind(self, operation: int) -> str:
        """What an operation does, such as `ReadVariableOp`."""
        return str(self._library.TF_OperationOpType(operation).decode())

    def source(self, operation: int, index: int) -> Output:
        """The output that is an operation's input."""
        source: Output = self._library.TF_OperationInput(Output(operation, index))
        return source

    def type(self, output: Output) -> int:
        """The TF_DataType of an output."""
        return int(self._library.TF_OperationOutputType(output))

    def add(self, kind: str, name: str, inputs: Sequence[Output], **types: int) -> Output:
        """The first output of a new operation; `types` are its attributes of TF_DataType."""
        description = self._library.TF_NewOperation(self._graph, kind.encode(), name.encode())
        for source in inputs:
            self._library.TF_AddInput(description, source)
        for attribute, type in types.items():
            self._library.TF_SetAttrType(description, attribute.encode(), type)
        with self._checked() as status:
            operation = self._library.TF_FinishOperation(description, status)
        return Output(operation, 0)

    @contextmanager
    def _checked(self) -> Iterator[int]:
        """A TF_Status for a call in the block. Raises StatusError when it is not OK in the end."""
        library = self._library
        status: int = library.TF_NewStatus()
        try:
            yield status
            if code := library.TF_GetCode(status):
                raise StatusError(code, library.TF_Message(status).decode(errors="replace"))
        finally:
            library.TF_DeleteStatus(status)

    @contextmanager
    def _tensor(self, array: NDArray[np.float32]) -> Iterator[int]:
        """A TF_Tensor with a copy of the array, aligned as TensorFlow needs it."""
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        tensor: int = self._library.TF_AllocateTensor(1, shape, array.ndim, array.nbytes)
        try:
            ctypes.memmove(self._library.TF_TensorData(tensor), np.ascontiguousarray(array).ctypes.data, array.nbytes)
            yield tensor
        finally:
            self._library.TF_DeleteTensor(tensor)

    def _array(self, tensor: int) -> NDArray[Any]:
        library = self._library
        shape = [library.TF_Dim(tensor, axis) for axis in range(library.TF_NumDims(tensor))]
        kind, start = library.TF_TensorType(tensor), library.TF_TensorData(tensor)
        if kind == _STRING:
            texts = [self._text(start + i * _TSTRING_BYTES) for i in range(math.prod(shape))]
            return np.array(texts, dtype=object).reshape(shape)
        data = ctypes.string_at(start, library.TF_TensorByteSize(tensor)) if start else b""
        return np.frombuffer(data, _DTYPES[kind]).reshape(shape)

    def _text(self, address: int) -> bytes:
        return ctypes.string_at(self._library.TF_StringGetDataPointer(address), self._library.TF_StringGetSize(address))


def keep_freed_memory() -> None:
    """Lets glibc use large blocks of memory again instead of giving them back to the kernel.

    A picture takes several, and what comes from the kernel comes page by page: a tenth of a picture's time.
    """
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_M_MMAP_THRESHOLD, 32 * 2**20)  # glibc's own maximum
    mallopt(_M_TRIM_THRESHOLD, 64 * 2**20)


def _library(packages: Path) -> ctypes.CDLL:
    """Its symbols stay local: as global ones they would take the place of other libraries', which crashes numpy."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    path = os.fsencode(packages / "tensorflow" / "libtensorflow_cc.so.2")
    dlopen = ctypes.CDLL(None).dlopen  # lets other threads run meanwhile, which CDLL(path) does not: it takes a second
    dlopen.restype, dlopen.argtypes = _P, (_S, _I)
    dlopen(path, os.RTLD_NOW | os.RTLD_LOCAL)
    library = ctypes.CDLL(os.fsdecode(path), ctypes.RTLD_LOCAL)  # says what was wrong if that failed
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
