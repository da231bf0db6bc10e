"""What is true at the moment of a Ctrl-C: what had begun, what goes on by itself, and what the same command does."""

from .course import Course


def words(course: Course, verb: str, line: str, is_local: bool) -> str:
    """A sentence or two; `line` is the command that goes on from there."""
    if verb == "demo" and course.is_ended and course.was_good:
        return "stopped: the demo and everything that it created were deleted"
    if course.is_ended or verb not in ("deploy", "destroy"):
        return "stopped"
    again = f"To continue from there, run: {line}"
    work = course.following
    if work is None and not course.has_begun:
        return f"stopped: nothing had started, and nothing was {'deleted' if verb == 'destroy' else 'changed'}"
    if course.is_seating:
        where = "the emulator" if is_local else "AWS"
        return f"stopped: {course.counted()}; {where} carries on with what had begun there. {again}"
    if work or course.on:
        name = work.name if work else course.on
        where = "the emulator" if is_local else "AWS"
        began = (
            (", which was already changing before you ran this command")
            if work and work.began_before and not course.has_begun
            else ""
        )
        return f"stopped watching: {where} carries on with stack {name}{began}. {again}"
    before = f"Done so far: {', '.join(course.done)}. " if course.done else ""
    ended = " The filling was stopped." if course.filling or "fill" in course.doing else ""
    if not course.step:
        return f"stopped. {before}{again}"
    return f"stopped in step {course.step} of {course.steps}, {course.doing}.{ended} {before}{again}"
