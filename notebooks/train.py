"""An elastic net on the diabetes data, tracked with plain mlflow: python train.py ALPHA"""

import sys

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import train_test_split

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X = X.astype(float)
X_train, X_val, y_train, y_val = train_test_split(X, y, random_state=7)
alpha = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1

with mlflow.start_run(run_name="train.py"):
    model = ElasticNet(alpha=alpha, l1_ratio=0.5, max_iter=10_000).fit(X_train, y_train)
    error = model.predict(X_val) - y_val
    mlflow.log_params({"model": "elastic net", "alpha": alpha, "l1_ratio": 0.5})
    mlflow.log_metrics({"val_rmse": (error**2).mean() ** 0.5, "val_mae": error.abs().mean()})
    print(f"val_rmse {(error**2).mean() ** 0.5:.2f}")
