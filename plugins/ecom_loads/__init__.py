"""The Loads page inside Airflow: how each resource's loads have gone, from Airflow's own data."""
