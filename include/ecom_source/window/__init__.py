"""Run and watermark in, `[start, end)` out: pure functions over instants."""
