"""What a certified plan means: metrics, sensitivity, phasing and monitoring."""
