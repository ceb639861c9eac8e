"""Request in, answer out: the session, its limits, its certificates, its pace."""
