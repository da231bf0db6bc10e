"""Trains on the digits that ship with scikit-learn: `train.py MODEL_DIRECTORY HELD_OUT.json`."""

import json
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

pixels, digits = load_digits(return_X_y=True)  # 1,797 pictures of 8 x 8 pixels, 0 (white) to 16
train_x, test_x, train_y, test_y = train_test_split(pixels, digits, test_size=0.25, random_state=0, stratify=digits)
Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
joblib.dump(SVC(gamma=0.001).fit(train_x, train_y), Path(sys.argv[1]) / "digits.joblib")
Path(sys.argv[2]).write_text(json.dumps({"pictures": test_x.tolist(), "digits": test_y.tolist()}))
