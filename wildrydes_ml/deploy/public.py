"""Plan, deploy and status as functions, for a program that has a Deployment or an App.

What they need of AWS is imported when they are called: it takes longer than all else, and an application's file imports
them to declare what it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict

from ..aws.target import Target
from ..deployment import Deployment
from ..reporting import Reporter, TextReporter
from .plans import Plan
from .settings import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..aws.session import Aws
    from .deployer import Deployed
    from .health import Health

Confirm: TypeAlias = Callable[[list[str]], None]


class Declared(Protocol):
    """What has a Deployment, as an App does."""

    def deployment(self) -> Deployment:
        """What the deployer needs to know of it."""


Application: TypeAlias = Deployment | Declared | Settings


class Options(TypedDict, total=False):
    """What is asked of a deployment; each is an option of the commands, too. `overrides` are the pairs of `--set`."""

    name: str
    route: str
    preset: str
    overrides: Mapping[str, str]
    reset: tuple[str, ...]
    bucket: str
    model: str
    allow_replace: tuple[str, ...]
    account: str
    continue_rollback: bool
    last_proven: bool
    keep_data: bool
    retain: tuple[str, ...]
    role_arn: str
    tags: Mapping[str, str]


def plan(
    application: Application,
    target: Target | None = None,
    *,
    reporter: Reporter | None = None,
    aws: "Aws | None" = None,
    **options: "Unpack[Options]",
) -> Plan:
    """What a deploy would do now; nothing is changed.

    `application` is a Deployment, an App, or Settings. `target` says where: AWS as the AWS CLI finds it, unless it
    names a region, a profile or an emulator. The plan is reported as text; `Quiet()` says nothing. `aws` are the
    gateways, which a test takes from `FakeAws`. `plan.changes` tells whether there is anything to do, `plan.describe()`
    tells it in words, `plan.records()` as JSON.

    Raises SettingsError for wrong options, credentials or region; Refused for stacks and buckets that are not ours, and
    for a loss that `allow_replace` does not name; Unready when the account lacks what the deploy needs; WildrydesError
    for a stack in a state that a person has to look at; OutOfReach and InterruptedWork when AWS does not answer.
    """
    from . import deployer

    settings, said = settings_of(application, options), reporter or TextReporter()
    place = target or Target()
    return deployer.preview(aws or connected(settings, place, said), settings, place, said)


def deploy(
    application: Application | Plan,
    target: Target | None = None,
    *,
    reporter: Reporter | None = None,
    confirm: Confirm = lambda lines: None,
    aws: "Aws | None" = None,
    **options: "Unpack[Options]",
) -> "Deployed":
    """Makes what the application asks for, and proves that it answers; a second time it changes nothing.

    It takes what `plan` takes, or a finished plan, which has its target and its options. What others change between
    the two is found before a stack is touched: CloudFormation's change set is looked at again. `confirm` is shown what
    a deploy on AWS makes or makes dearer, and raises when it may not; nobody is asked without one.

    Raises what `plan` raises; WildrydesError when a stack fails, with CloudFormation's first cause, and when what was
    made does not answer; InterruptedWork when AWS takes too long: the same call goes on where it stopped.
    """
    from . import deployer

    said = reporter or TextReporter()
    if isinstance(application, Plan):
        if target or options:
            raise TypeError("a finished plan has its target and its options: pass neither beside it")
        gateways = aws or connected(application.settings, application.target, said)
        return deployer.apply(gateways, application, said, confirm)
    settings, place = settings_of(application, options), target or Target()
    return deployer.deploy(aws or connected(settings, place, said), settings, place, said, confirm)


def status(
    application: Application,
    target: Target | None = None,
    *,
    reporter: Reporter | None = None,
    aws: "Aws | None" = None,
    with_drift: bool = False,
    **options: "Unpack[Options]",
) -> "Health":
    """What there is of a deployment that is whole and answers: stacks, outputs, URL and answer.

    It takes what `plan` takes. `with_drift` also reports what was changed outside CloudFormation.

    Raises WildrydesError when it is not deployed, not whole, or does not answer; else what `plan` raises.
    """
    from . import health

    settings, said = settings_of(application, options), reporter or TextReporter()
    place = target or Target()
    gateways = aws or connected(settings, place, said, tells_account=False)
    return health.status(gateways, settings, place, said, with_drift)


def settings_of(application: Application, options: Mapping[str, Any]) -> Settings:
    """What is asked of the application. Raises SettingsError with every fault, TypeError for what is none."""
    if isinstance(application, Settings):
        return replace(application, **options) if options else application
    if isinstance(application, Deployment):
        return Settings((application,), **options)
    if not callable(getattr(application, "deployment", None)):
        raise TypeError(f"{application!r} is no application: pass a Deployment or an App")
    return Settings((application.deployment(),), **options)


def connected(settings: Settings, target: Target, reporter: Reporter, tells_account: bool = True) -> "Aws":
    """The gateways; the reporter tells whose account it is, and when AWS does not answer.

    Raises what `connect` raises, and SettingsError for another account than the one that is asked for.
    """
    from ..aws.session import connect
    from .preflight import refuse_other_account

    aws = connect(target, say=reporter.warning, role=settings.role_arn)
    refuse_other_account(settings, aws.identity)
    if tells_account and not target.is_local:
        reporter.event(f"account {aws.identity.account}, region {aws.identity.region}, as {aws.identity.arn}")
    return aws
