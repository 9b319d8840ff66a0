"""The certificate: a plan recomputed from the data, without solver or model."""
