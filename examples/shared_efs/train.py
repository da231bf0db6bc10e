"""Trains two models on data that ships with scikit-learn: `train.py MODEL_DIRECTORY HELD_OUT_DIRECTORY`."""

import json
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
for name, load in (("iris", load_iris), ("wine", load_wine)):
    data = load()
    kinds = data.target_names[data.target]
    train_x, test_x, train_y, test_y = train_test_split(data.data, kinds, random_state=0, stratify=kinds)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train_x, train_y)
    joblib.dump(model, Path(sys.argv[1]) / f"{name}.joblib")
    held_out = {"rows": test_x.tolist(), "kinds": test_y.tolist()}
    (Path(sys.argv[2]) / f"{name}.json").write_text(json.dumps(held_out))
