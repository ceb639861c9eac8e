"""Exceptions in, sentences out: what failed, whose fault it was, and what a person does about it.

- `clean_errors`: the way out of a load; each exception becomes one `EcomError`, without a secret
- `failure`: an exception with all that is known of where it happened
- `worker_failure`: memory, disk, signals
- `shop_failure`: the shop refuses a request (`refusal`), does not answer (`no_answer`), or answers with no JSON
- `rows_failure`: the rows do not fit the description, its steps, or the schema contract
- `warehouse_failure`: everything else
"""
