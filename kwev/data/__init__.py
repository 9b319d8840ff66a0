"""The processed tables, and what each of them must look like."""
