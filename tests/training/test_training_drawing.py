"""A seed is a picture: the same bytes every time, with a truth and boxes that fit what is drawn."""

import numpy as np
import pytest
import scenes
import shapes
from animals import LEG_POSES, animal
from builds import ANIMALS
from things import THINGS

SEEDS = range(scenes.TEST_SEEDS.start + 500_000, scenes.TEST_SEEDS.start + 500_040)


def test_a_seed_draws_the_same_picture_every_time() -> None:
    first, second = scenes.draw(SEEDS[0]), scenes.draw(SEEDS[0])
    assert first.picture.tobytes() == second.picture.tobytes()
    assert first.things == second.things


def test_seeds_draw_different_pictures() -> None:
    assert len({scenes.draw(seed).picture.tobytes() for seed in SEEDS}) == len(SEEDS)


def test_boxes_lie_inside_the_picture_and_enclose_something() -> None:
    for thing in (thing for seed in SEEDS for thing in scenes.draw(seed).things):
        ymin, xmin, ymax, xmax = thing.box
        assert 0 <= ymin < ymax <= 1, thing
        assert 0 <= xmin < xmax <= 1, thing


def test_truth_is_whether_a_horse_or_unicorn_was_drawn() -> None:
    drawn = [scenes.draw(seed) for seed in SEEDS]
    for scene in drawn:
        assert scene.has_horse == any(thing.kind in ("horse", "unicorn") for thing in scene.things)
    assert 0.25 < np.mean([scene.has_horse for scene in drawn]) < 0.75


def test_only_horse_and_unicorn_carry_the_target_label() -> None:
    kinds = [*ANIMALS, *THINGS]
    assert [kind for kind in kinds if scenes.label_of(kind) == scenes.TARGET] == ["horse", "unicorn"]


def test_what_is_drawn_changes_the_pixels_inside_its_box() -> None:
    rng = np.random.default_rng(1)
    subject = scenes.Subject("unicorn", center=(0.5, 0.5), size=0.5)
    plain = scenes.compose(rng, (300, 200), [], style="bold outline", background="plain", paper=(255, 255, 255))
    scene = scenes.compose(rng, (300, 200), [subject], style="bold outline", background="plain", paper=(255, 255, 255))
    rows, columns = np.nonzero((np.asarray(scene.picture) != np.asarray(plain.picture)).any(axis=2))
    drawn = np.array([rows.min() / 200, columns.min() / 300, (rows.max() + 1) / 200, (columns.max() + 1) / 300])
    np.testing.assert_allclose(scene.things[0].box, drawn, atol=0.04)


def test_no_test_or_example_picture_is_a_training_picture() -> None:
    ranges = (scenes.TRAINING_SEEDS, scenes.TEST_SEEDS, scenes.EXAMPLE_SEEDS)
    assert all(not {a.start, a.stop - 1} & set(b) for a in ranges for b in ranges if a is not b)


@pytest.mark.parametrize("kind", [*ANIMALS, *THINGS])
def test_every_kind_draws_finite_parts(kind: str) -> None:
    low, high = shapes.extent(scenes.drawing_of(np.random.default_rng(3), kind))
    assert np.isfinite([low, high]).all()
    assert (high > low).all()


@pytest.mark.parametrize("pose", LEG_POSES)
def test_a_unicorn_is_a_horse_with_a_horn(pose: str) -> None:
    horn = [part for part in animal(np.random.default_rng(4), "unicorn", pose) if part.tint == "horn"]
    none = [part for part in animal(np.random.default_rng(4), "horse", pose) if part.tint == "horn"]
    assert (len(horn), none) == (1, [])
