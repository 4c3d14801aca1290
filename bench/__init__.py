"""What the hot paths cost, as ratios against a reference measured side by side in the same run."""
