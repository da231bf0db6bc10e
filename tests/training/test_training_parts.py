"""The parts of training that would fail silently: matching, encoding, folding, calibrating."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import calibration
import evaluate
import export
import losses
import network
import scenes
import tensorflow as tf


def test_decoding_undoes_encoding() -> None:
    rng = np.random.default_rng(1)
    corners = np.sort(rng.uniform(0.02, 0.98, (1, len(network.anchors()), 2, 2)), axis=2).astype(np.float32)
    boxes = corners.reshape(1, -1, 4) + np.array([0, 0, 0.02, 0.02], np.float32)
    np.testing.assert_allclose(network.decode(losses.encode(boxes)), boxes, atol=1e-4)


def test_every_thing_gets_an_anchor_and_nothing_else_does() -> None:
    boxes = np.array([[[0.1, 0.1, 0.5, 0.6], [0.90, 0.90, 0.93, 0.99], [0, 0, 0, 0]]], np.float32)
    thing, positive, counted = losses.match(tf.constant(boxes), tf.constant([[3, 5, -1]]))
    assert set(thing.numpy()[positive.numpy()]) == {0, 1}
    assert (counted.numpy() | ~positive.numpy()).all()


def test_a_perfect_answer_costs_less_than_a_wrong_one() -> None:
    boxes, labels = tf.constant([[[0.2, 0.2, 0.7, 0.7]]]), tf.constant([[4]])
    thing, positive, _ = losses.match(boxes, labels)
    offsets = losses.encode(tf.gather(boxes, thing, batch_dims=1))
    wanted = np.full((1, len(network.anchors()), len(scenes.LABELS)), -8.0, np.float32)
    wanted[0, positive.numpy()[0], 4] = 8.0
    right = float(losses.loss(wanted, offsets, boxes, labels))
    assert right < 0.01 < float(losses.loss(-wanted, offsets, boxes, labels))
    assert right < float(losses.loss(wanted, offsets + 1.0, boxes, labels))


def test_folding_gives_what_batch_normalization_gives() -> None:
    rng = np.random.default_rng(2)
    state = {"a_kernel": rng.normal(size=(3, 3, 2, 4)).astype(np.float32)}
    for part in ("gamma", "beta", "moving_mean", "moving_variance"):
        state[f"a_{part}"] = rng.uniform(0.5, 2, 4).astype(np.float32)
    x = rng.normal(size=(1, 8, 8, 2)).astype(np.float32)
    convolved = tf.nn.conv2d(x, state["a_kernel"], 1, "SAME")
    moments = (state["a_moving_mean"], state["a_moving_variance"])
    wanted = tf.nn.batch_normalization(convolved, *moments, state["a_beta"], state["a_gamma"], export.EPSILON)
    folded = network.Detector(export.fold(state)).convolution("a", x, 4, relu=False)
    np.testing.assert_allclose(folded, wanted, atol=1e-4)


def test_calibration_puts_an_even_chance_at_the_default_threshold() -> None:
    rng = np.random.default_rng(3)
    truths = rng.random(4000) < 0.5
    logits = rng.normal(np.where(truths, 1.5, -0.5), 0.5)  # an even chance at 0.5
    slope, shift = calibration.logistic_fit(logits, truths)
    assert slope * 0.5 + shift == pytest.approx(0, abs=0.3)
    heads = {"classes5_bias": np.array([0.5], np.float32), "boxes5_bias": np.array([0.5], np.float32)}
    moved = calibration.apply(heads, slope, shift)
    assert moved["classes5_bias"] == pytest.approx(slope * 0.5 + shift, rel=1e-4)
    assert moved["boxes5_bias"] == 0.5


def test_the_report_counts_what_went_wrong() -> None:
    results = [
        evaluate.Judged(1, "flat", ("horse",), True, 0.9),
        evaluate.Judged(2, "chalk", ("unicorn",), True, 0.2),
        evaluate.Judged(3, "flat", ("cow", "tree"), False, 0.4),
        evaluate.Judged(4, "flat", ("cow",), False, 0.0),
    ]
    text = evaluate.report(results, 0.3)
    assert evaluate.accuracy(results, 0.3) == 0.5
    assert "right: 50.00%" in text
    assert "wrong, by seed: 2, 3" in text
    assert "cow 1, tree 1" in text
