"""Plan, deploy and status as functions, for programs that have a Deployment or an App.

The modules for AWS are imported only when a function is called: they take the longest to import, and the file of an
application imports this module just to declare the application.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict

from ..aws.target import Target
from ..deployment import Deployment
from ..hints import meant
from ..reporting import Confirm, Reporter, TextReporter
from .plans import Plan
from .settings import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..aws.session import Aws
    from .deployer import Deployed
    from .health import Health


class Declared(Protocol):
    """Anything with a Deployment, such as an App."""

    def deployment(self) -> Deployment:
        """The application as data for the deployer."""


Application: TypeAlias = Deployment | Declared | Settings


class Options(TypedDict, total=False):
    """The options of a deployment, which are also options of the commands. `overrides` are the pairs of `--set`.

    `expires` is a time in UTC, such as `2026-01-31T18:00:00Z`, or `never`.
    """

    name: str
    route: str
    preset: str
    overrides: Mapping[str, str]
    reset: tuple[str, ...]
    bucket: str
    model: str
    samples: str
    allow_replace: tuple[str, ...]
    account: str
    continue_rollback: bool
    last_proven: bool
    keep_data: bool
    retain: tuple[str, ...]
    role_arn: str
    tags: Mapping[str, str]
    expires: str


def plan(
    application: Application,
    target: Target | None = None,
    *,
    reporter: Reporter | None = None,
    aws: "Aws | None" = None,
    **options: "Unpack[Options]",
) -> Plan:
    """What a deploy would do now. It changes nothing.

    `plan.changes` says whether there is anything to do; `plan.describe()` lists the steps as text, `plan.records()` as
    data for JSON.

    Args:
        application: A Deployment, an App, or Settings.
        target: Where to deploy; by default AWS, with the credentials and the region that the AWS CLI would use.
        reporter: Gets the messages; by default they are printed as text, and `Quiet()` prints nothing.
        aws: The gateways to AWS; a test passes those of `FakeAws`.
        **options: The options of the deployment, see `Options`.

    Raises:
        SettingsError: Options, credentials or region are wrong.
        Refused: A stack or bucket is not ours, or the deploy would lose something that `allow_replace` does not name.
        Unready: The account is not ready for the deploy.
        WildrydesError: A person must repair a stack first.
        OutOfReach: AWS does not answer.
        InterruptedWork: Credentials have expired, or another deployer is at work.
    """
    from . import deployer

    settings, said = settings_of(application, options), reporter or TextReporter()
    place = place_of(target)
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
    """Deploys the application, and checks that it answers. A second call changes nothing.

    It takes the same arguments as `plan`, or a finished plan, which already has its target and options. Changes by
    others between plan and deploy are found before a stack is touched: the change set is checked again. `confirm` gets
    the lines that say what a deploy on AWS creates, or what becomes more expensive; it raises if the user does not
    agree. Without `confirm` nobody is asked.

    Raises the same errors as `plan`, and also:

    Raises:
        WildrydesError: A stack failed (with CloudFormation's first cause), or the application does not answer.
        InterruptedWork: AWS takes too long; the same call continues where it stopped.
    """
    from . import deployer

    said = reporter or TextReporter()
    if isinstance(application, Plan):
        if target or options:
            raise TypeError("a finished plan already has its target and options: do not pass others")
        gateways = aws or connected(application.settings, application.target, said)
        return deployer.apply(gateways, application, said, confirm)
    settings, place = settings_of(application, options), place_of(target)
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
    """The stacks, outputs, URL and answer of a deployment that is complete and answers.

    It takes the same arguments as `plan`. `with_drift` also reports changes made outside CloudFormation. Raises
    WildrydesError when the deployment does not exist, is incomplete, or does not answer; otherwise the same errors as
    `plan`.
    """
    from . import health

    settings, said = settings_of(application, options), reporter or TextReporter()
    place = place_of(target)
    gateways = aws or connected(settings, place, said, tells_account=False)
    return health.status(gateways, settings, place, said, with_drift)


def settings_of(application: Application, options: Mapping[str, Any]) -> Settings:
    """The settings of the application.

    Raises SettingsError with all faults, TypeError for what is no application, no option, or of another kind.
    """
    _refuse_wrong_kinds(options)
    if isinstance(application, Settings):
        return replace(application, **options) if options else application
    if isinstance(application, Deployment):
        return Settings((application,), **options)
    if not callable(getattr(application, "deployment", None)):
        raise TypeError(f"{application!r} is not an application: pass a Deployment or an App")
    return Settings((application.deployment(),), **options)


def place_of(target: Target | None) -> Target:
    """Where to deploy, AWS by default. Raises TypeError for anything but a Target."""
    if target is not None and not isinstance(target, Target):
        raise TypeError(f"target is {target!r}: pass a Target, such as Target(region='eu-west-1')")
    return target or Target()


def _refuse_wrong_kinds(options: Mapping[str, Any]) -> None:
    known = Options.__annotations__
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"there is no option {name!r}{meant(name, known)}; there are {', '.join(known)}")
        kind = str(known[name])
        if "tuple" in kind and not isinstance(value, (tuple, list)):
            raise TypeError(f"{name} is {value!r}: pass a tuple of names")
        # The value of `overrides` is checked with its parameter.
        if "Mapping" in kind and not (isinstance(value, Mapping) and (name == "overrides" or _are_texts(value))):
            raise TypeError(f"{name} is {value!r}: pass a dictionary of texts")


def _are_texts(values: Mapping[str, Any]) -> bool:
    return all(isinstance(one, str) for pair in values.items() for one in pair)


def connected(settings: Settings, target: Target, reporter: Reporter, tells_account: bool = True) -> "Aws":
    """The gateways to AWS. The reporter gets the account, and a warning when AWS does not answer.

    Raises the same errors as `connect`, and Refused when `account` names another account.
    """
    from ..aws.session import connect
    from .preflight import refuse_other_account

    aws = connect(target, say=reporter.warning, role=settings.role_arn)
    refuse_other_account(settings, aws.identity)
    if tells_account and not target.is_local:
        reporter.event(f"account {aws.identity.account}, region {aws.identity.region}, as {aws.identity.arn}")
    return aws
