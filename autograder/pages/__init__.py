"""What all pages share: the look, the templates, and the policy that blocks scripts."""
