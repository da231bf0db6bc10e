"""Two functions with two models on one file system, behind one API with two paths."""

import sys
from pathlib import Path

from troposphere import GetAtt, Output, Ref, Sub, Template

from wildrydes_ml import blocks, render
from wildrydes_ml.workshop import parameters

MODELS = ("iris", "wine")
NAMES = ("DataBucket", "CodeKey", "EFSpath", "PythonRuntime", "BootstrapInstance", "Packages", "ModelUrl", "MemorySize")
OWN: dict[str, dict[str, object]] = {
    "CodeKey": {"Default": "code/kinds.zip"},
    "BootstrapInstance": {"Default": "stop"},
    "Packages": {"Default": Path(__file__).with_name("packages.txt").read_text().strip()},
    "ModelUrl": {"Default": None, "Description": "URL of a tar archive that holds the models."},
    "MemorySize": {"Default": 1024},
}


def shared_efs() -> Template:
    """The functions share code, packages, log settings and network, and differ in the model that they load."""
    template = Template(Description="Two functions with two models on one EFS")
    given = parameters.add_parameters(template, NAMES, OWN)
    filling = blocks.PopulateSettings(
        instance=given["BootstrapInstance"],
        runtime=given["PythonRuntime"],
        packages=given["Packages"],
        model=given["ModelUrl"],
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
    routes = []
    for name in MODELS:
        settings = blocks.FunctionSettings(
            name=Sub(f"${{AWS::StackName}}-{name}"), bucket=given["DataBucket"], key=given["CodeKey"],
            runtime=given["PythonRuntime"], memory=given["MemorySize"], timeout=29, handler="kinds.answer",
            environment={"MODEL": name}, contents=filled, description=f"Names kinds of {name}.",
        )  # fmt: skip
        added = blocks.add_inference_function(template, mount, settings, title=name.capitalize())
        template.add_output(Output(f"{name.capitalize()}Function", Value=GetAtt(added.function, "Arn")))
        routes.append(blocks.Route(added, f"/{name}", "POST"))
    access = blocks.Access("NONE", open_because="It is tried out without credentials; the stage's throttle limits it.")
    api = blocks.add_rest_api(template, routes, access, title="KindsApi")
    blocks.add_proxy_stage(template, api)
    template.add_output([Output("ApiId", Value=Ref(api.rest_api)), Output("Url", Value=blocks.invoke_url(api))])
    return template


if __name__ == "__main__":
    sys.stdout.write(render(shared_efs()))
