"""The book: chapters executed, checked and rendered."""
