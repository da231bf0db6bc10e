"""A dashboard of what an App makes: the block's, with the App's own function, API and file system."""

from collections.abc import Mapping

from troposphere import Ref, Template, apigateway, cloudwatch

from ..blocks.dashboard import Alarms, Watched, add_dashboard
from ..blocks.storage import Storage
from .functions import Function, refuse_unknown


def chosen(function: Function | None, functions: Mapping[str, Function]) -> Function:
    """The function that is watched: the one that is named, or the only one.

    Raises TypeError for what is no function, ValueError for another App's, and where several could be meant.
    """
    if function is not None:
        refuse_unknown("dashboard", functions, function)
        return function
    if len(functions) != 1:
        raise ValueError(f"dashboard: the App has {len(functions)} functions; pass the one that is watched")
    return next(iter(functions.values()))


def add(
    template: Template,
    function: Function,
    api: str,
    storage: Storage | None,
    alarms: Alarms | None,
    *,
    own_metrics: bool,
    title: str,
) -> cloudwatch.Dashboard:
    """Adds it. `api` is the logical id of an API that is called as the stack, empty for none."""
    named = apigateway.RestApi(api, Name=Ref("AWS::StackName")) if api else None
    watched = Watched(function=function.inference, api=named, storage=storage, own_metrics=own_metrics)
    return add_dashboard(template, watched, alarms or Alarms(), title=title)
