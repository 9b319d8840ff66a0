"""What leaves the house: a rendered book as a bundle, and the proof that it can be made again."""
