"""What the book reports: one subject a module, with its measures, values, tables, figures."""
