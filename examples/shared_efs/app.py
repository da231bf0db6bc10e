"""Two functions with two models on one file system, behind one API with two paths."""

from wildrydes_ml import Access, App, Filling, NewNetwork, Storage

SETOSA = [5.1, 3.5, 1.4, 0.2]  # centimetres: length and width of sepal and petal

app = App(
    "kinds",
    network=NewNetwork(egress="none"),
    storage=Storage(throughput_mode="elastic"),
    filling=Filling(packages="packages.txt", model="model/"),
    access=Access("NONE", open_because="An example that anyone may try; the stage's throttle limits the requests."),
    about="Two functions with two models on one EFS",
)
memory = app.parameter("MemorySize", 1024, at_least=128, at_most=10240, about="MiB of memory of each function.")
routes = {}
for name in ("iris", "wine"):
    function = app.function(name.capitalize(), code="handler/", handler="kinds.answer", memory=memory,
                            environment={"MODEL": name}, about=f"Names kinds of {name}.")  # fmt: skip
    routes[name] = app.route(f"POST /{name}", function)
app.proof(routes["iris"], {"rows": [SETOSA]}, lambda reply: reply["kinds"] == ["setosa"])
