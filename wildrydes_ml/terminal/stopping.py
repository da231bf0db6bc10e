"""What is true at the moment of a Ctrl-C: what had begun, what goes on by itself, and what the same command does."""

from .course import Course


def words(course: Course, verb: str, line: str, is_local: bool) -> str:
    """A sentence or two; `line` is the command that goes on from there."""
    if verb == "demo" and course.is_ended and course.was_good:
        return "stopped: the demo and all that it had made is removed"
    if course.is_ended or verb not in ("deploy", "destroy"):
        return "stopped"
    again = f"The same command goes on from there: {line}"
    work = course.following
    if work is None and not course.has_begun:
        return f"stopped: nothing had begun, and nothing was {'removed' if verb == 'destroy' else 'changed'}"
    if work or course.on:
        name = work.name if work else course.on
        where = "the emulator" if is_local else "AWS"
        began = " that was under way before" if work and work.began_before and not course.has_begun else ""
        return f"stopped watching: {where} goes on with what it has begun with stack {name}{began}. {again}"
    before = f"Done before: {', '.join(course.done)}. " if course.done else ""
    ended = " The filling was ended." if course.filling or "fill" in course.doing else ""
    return f"stopped in step {course.step} of {course.steps}, {course.doing}.{ended} {before}{again}"
