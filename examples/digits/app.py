"""Digits: scikit-learn and a model of its own on EFS, a function that answers pictures, and its page."""

from wildrydes_ml import Access, App, Filling, NewNetwork, Storage

ZERO = [
    0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11,
    8, 0, 0, 4, 12, 0, 0, 8, 8, 0, 0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0,
    1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0,
]  # fmt: skip

app = App(
    "digits",
    network=NewNetwork(egress="none"),  # pictures are posted: the function asks nobody
    storage=Storage(throughput_mode="elastic"),
    filling=Filling(packages="packages.txt", model="model/"),
    access=Access("NONE", open_because="An example that anyone may try; the stage's throttle limits the requests."),
    about="Digits: scikit-learn and its model on EFS behind an API",
)
read = app.function("Digits", code="handler/", handler="app.answer", about="Reads digits with scikit-learn from EFS.")
ask = app.route("ANY /", read, page=True)
app.proof(ask, {"pictures": [ZERO]}, lambda reply: reply["digits"] == [0])
