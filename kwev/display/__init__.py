"""How figures, tables and maps are drawn, for the screen and for print."""
