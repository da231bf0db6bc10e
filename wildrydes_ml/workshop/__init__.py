"""The Wild Rydes workshop: its parameters, its templates, its model."""
