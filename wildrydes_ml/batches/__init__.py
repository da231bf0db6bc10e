"""Many pictures: a manifest of batches, an estimate before they are asked, and one line for each picture at the end."""
