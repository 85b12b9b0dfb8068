"""A model of tables: 40 named columns of three dtypes in, the probability of default per row out.

Each column is an input of its own, of shape (n,), as feature columns are exported; over REST a row is an object of 40
scalars. Strings are hashed, so that any text is a value. ``probability`` is float32 (n,).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serlab.servable.representations import concrete
from serlab.servable.saving import Built, Weights, save_model

TABULAR_MODEL = "tabular"
FLOATS = (
    "loan_amount", "interest_rate", "monthly_payment", "annual_income", "debt_to_income", "credit_utilisation",
    "revolving_balance", "savings_balance", "checking_balance", "property_value", "down_payment", "rent",
    "card_limit", "largest_purchase", "average_purchase", "late_fees", "tax_paid", "net_worth", "latitude", "longitude",
)  # fmt: skip
INTEGERS = (
    "age", "dependents", "term_months", "open_accounts", "total_accounts", "late_payments", "inquiries",
    "years_employed", "years_at_address", "cards", "mortgages", "customer_since",
)  # fmt: skip
STRINGS = ("job", "employer", "education", "marital_status", "housing", "purpose", "region", "channel")
#: Every column by dtype; 40 in all.
COLUMNS = {"float32": FLOATS, "int64": INTEGERS, "string": STRINGS}
OUTPUT = "probability"

_SEED = 13
_HIDDEN, _EMBEDDING, _BUCKETS = 64, 8, 100


def export_tabular(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(TABULAR_MODEL, path, _build)


def _build(tf: Any) -> Built:
    weights = Weights(tf, _SEED)
    tables = {name: weights.draw(_BUCKETS, _EMBEDDING) for name in STRINGS}
    first = weights.draw(len(FLOATS) + len(INTEGERS) + len(STRINGS) * _EMBEDDING, _HIDDEN)
    second = weights.draw(_HIDDEN, 1)

    def score(**columns: Any) -> dict[str, Any]:
        numbers = tf.stack([tf.cast(columns[name], tf.float32) for name in (*FLOATS, *INTEGERS)], -1)
        # Amounts span many powers of ten: their logarithm, with the sign kept.
        scaled = tf.sign(numbers) * tf.math.log1p(tf.abs(numbers))
        words = [
            tf.gather(table, tf.strings.to_hash_bucket_fast(columns[name], _BUCKETS)) for name, table in tables.items()
        ]
        hidden = tf.nn.relu(tf.concat([scaled, *words], -1) @ first)
        return {OUTPUT: tf.sigmoid(hidden @ second)[:, 0]}

    specs = {name: tf.TensorSpec([None], dtype, name=name) for dtype, names in COLUMNS.items() for name in names}
    return weights.module, concrete(tf, score, specs)
