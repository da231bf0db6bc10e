"""Digits: scikit-learn and a model of its own on EFS, a function and an API, made of the library's blocks."""

import sys
from pathlib import Path

from troposphere import Output, Ref, Template

from wildrydes_ml import blocks, render
from wildrydes_ml.workshop import parameters

NAMES = ("DataBucket", "CodeKey", "EFSpath", "PythonRuntime", "BootstrapInstance", "Packages", "ModelUrl")
OWN: dict[str, dict[str, object]] = {
    "CodeKey": {"Default": "code/digits.zip"},
    "BootstrapInstance": {"Default": "stop"},
    "Packages": {"Default": Path(__file__).with_name("packages.txt").read_text().strip()},
    "ModelUrl": {"Default": None, "Description": "URL of a tar archive that holds digits.joblib."},
}


def digits() -> Template:
    """The function answers pictures that are posted, so it needs no way to the Internet."""
    template = Template(Description="Digits: scikit-learn and its model on EFS behind an API")
    given = parameters.add_parameters(template, NAMES, OWN)
    runtime = given["PythonRuntime"]
    filling = blocks.PopulateSettings(
        instance=given["BootstrapInstance"], runtime=runtime, packages=given["Packages"], model=given["ModelUrl"]
    )
    network = blocks.add_network(template, egress="none")
    group = blocks.add_function_security_group(template, network, web=False)
    filler = blocks.add_instance_security_group(template, network, filling)
    storage = blocks.add_storage(template, network, [group, filler], throughput_mode="elastic")
    filled = blocks.add_populate(template, network, storage, filler, filling)
    mount = blocks.FileSystemMount(
        subnets=network.private_subnets,
        security_groups=[group],
        access_point_arn=storage.access_point_arn,
        path=given["EFSpath"],
        mount_targets=storage.mount_targets,
    )
    settings = blocks.FunctionSettings(
        name="digits", bucket=given["DataBucket"], key=given["CodeKey"], handler="app.answer", runtime=runtime,
        memory=1024, timeout=29, contents=filled, description="Reads digits with scikit-learn from EFS.",
    )  # fmt: skip
    routes = [blocks.Route(blocks.add_inference_function(template, mount, settings, title="Digits"), page=True)]
    access = blocks.Access("NONE", open_because="It is tried out without credentials; the stage's throttle limits it.")
    api = blocks.add_rest_api(template, routes, access, title="DigitsApi")
    blocks.add_proxy_stage(template, api)
    template.add_output([Output("ApiId", Value=Ref(api.rest_api)), Output("Url", Value=blocks.invoke_url(api))])
    return template


if __name__ == "__main__":
    sys.stdout.write(render(digits()))
